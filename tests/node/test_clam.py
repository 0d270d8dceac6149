"""Files are streamed to clamd, and every answer of it is understood."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from udi.node.files.intake.clam import (
    ScanState,
    UnscannedReason,
    VirusScan,
    read_answer,
    scan,
)

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MOST = 1_000_000
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def clamd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that speaks as clamd does: INSTREAM with its pieces, its limit, its words; who leaves is let go."""
    with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
        await answered(reader, writer)


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    received = b""
    if await reader.readuntil(b"\0") == b"zINSTREAM\0":
        while length := struct.unpack("!I", await reader.readexactly(4))[0]:
            received += await reader.readexactly(length)
            if len(received) > MOST:
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                await writer.drain()
                while await reader.read(65536):  # a reset would take the answer along
                    pass
                return
        writer.write(
            b"stream: Eicar-Signature FOUND\0" if EICAR in received else b"stream: OK\0"
        )
    else:
        writer.write(b"UNKNOWN COMMAND\0")
    await writer.drain()


@asynccontextmanager
async def serving(answer: Answer, socket: Path | None = None) -> AsyncIterator[str]:
    if socket:
        server = await asyncio.start_unix_server(answer, socket)
        address = str(socket)
    else:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield address


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize("over", ["unix", "tcp"])
async def test_clean_and_infected(tmp_path: Path, over: str) -> None:
    socket = tmp_path / "clamd.sock" if over == "unix" else None
    async with serving(clamd, socket) as address:
        assert await scan(pieces(b"nom;age\n", b"x" * 300_000), address) == VirusScan(
            ScanState.CLEAN
        )
        assert await scan(pieces(), address) == VirusScan(ScanState.CLEAN)
        virus = await scan(pieces(b"a" * 70_000 + EICAR[:30], EICAR[30:]), address)

    assert virus == VirusScan(ScanState.INFECTED, "Eicar-Signature")
    assert virus.explanation.message % virus.values == (
        "A virus was found in this file: Eicar-Signature. It is kept apart and never served."
    )


async def test_a_file_larger_than_either_limit_is_unscanned() -> None:
    async with serving(clamd) as address:
        theirs = await scan(pieces(*[b"x" * 500_000] * 20), address)
        ours = await scan(pieces(b"x" * 2000), address, limit=1000)

    assert (
        theirs
        == ours
        == VirusScan(ScanState.UNSCANNED, reason=UnscannedReason.TOO_LARGE)
    )
    assert not ours.is_retriable


async def test_no_clamd_none_that_answers_and_one_that_sleeps(tmp_path: Path) -> None:
    async def sleep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(20)
        writer.close()

    async def hang_up(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.close()

    assert (await scan(pieces(b"x"), "")).reason is UnscannedReason.ABSENT
    assert (
        await scan(pieces(b"x"), str(tmp_path / "none.sock"))
    ).reason is UnscannedReason.AWAY
    assert (
        await scan(pieces(b"x"), "127.0.0.1:nonsense")
    ).reason is UnscannedReason.AWAY
    async with serving(sleep) as address:
        slow = await scan(pieces(b"x"), address, patience=3)
    async with serving(hang_up) as address:
        gone = await scan(pieces(*[b"x" * 500_000] * 20), address)

    assert (slow.reason, slow.is_retriable) == (UnscannedReason.TOO_SLOW, True)
    assert (gone.reason, gone.is_retriable) == (UnscannedReason.AWAY, True)


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (b"stream: OK\0", ScanState.CLEAN, None),
        (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", ScanState.INFECTED, None),
        (
            b"stream: Heuristics.Limits.Exceeded ERROR\0",
            ScanState.UNSCANNED,
            UnscannedReason.REFUSED,
        ),
        (
            b"INSTREAM size limit exceeded. ERROR\0",
            ScanState.UNSCANNED,
            UnscannedReason.TOO_LARGE,
        ),
        (b"", ScanState.UNSCANNED, UnscannedReason.AWAY),
        (b"\xff\xfe nonsense", ScanState.UNSCANNED, UnscannedReason.REFUSED),
    ],
)
def test_every_word_of_clamd(
    answer: bytes, state: ScanState, reason: UnscannedReason | None
) -> None:
    assert (read_answer(answer).state, read_answer(answer).reason) == (state, reason)
