"""Viruses looked for by clamd, when the operator has one: the file is streamed to it, never named nor kept."""

import asyncio
import struct
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

PIECE = 64 * 1024
LONGEST_ANSWER = 4096
LIMIT = 4 * 1024**3
"""Most bytes that clamd takes, whatever its own `StreamMaxLength`."""
TIMEOUT = 120.0


class ScanState(StrEnum):
    """`UNSCANNED`: nothing is known, and the reason says why."""

    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNED = "unscanned"


class UnscannedReason(StrEnum):
    """Why a file was not scanned."""

    ABSENT = "absent"
    TOO_LARGE = "too_large"
    AWAY = "away"
    TOO_SLOW = "too_slow"
    REFUSED = "refused"


@dataclass(frozen=True)
class ScanExplanation:
    """A message to translate, then to fill with the signature."""

    message: str


EXPLANATIONS = {
    ScanState.CLEAN: ScanExplanation("No virus was found in this file."),
    ScanState.INFECTED: ScanExplanation(
        "A virus was found in this file: %(signature)s. It is kept apart and never served."
    ),
    UnscannedReason.ABSENT: ScanExplanation(
        "This installation does not search for viruses."
    ),
    UnscannedReason.TOO_LARGE: ScanExplanation(
        "This file is larger than what is searched for viruses."
    ),
    UnscannedReason.AWAY: ScanExplanation(
        "The search for viruses does not answer: this file will be searched later."
    ),
    UnscannedReason.TOO_SLOW: ScanExplanation(
        "The search for viruses took too long: this file will be searched later."
    ),
    UnscannedReason.REFUSED: ScanExplanation(
        "The search for viruses could not read this file."
    ),
}


@dataclass(frozen=True)
class VirusScan:
    """What clamd said of a file: the name of the virus, or why there is no answer."""

    state: ScanState
    signature: str = ""
    reason: UnscannedReason | None = None

    @property
    def explanation(self) -> ScanExplanation:
        """A message for the producer; `values` fills it."""
        return EXPLANATIONS[self.reason or self.state]

    @property
    def values(self) -> dict[str, object]:
        """What the message quotes."""
        return {"signature": self.signature}

    @property
    def is_retriable(self) -> bool:
        """Whether asking later may give another answer."""
        return self.reason in {UnscannedReason.AWAY, UnscannedReason.TOO_SLOW}


async def scan(
    chunks: AsyncIterable[bytes],
    address: str,
    *,
    limit: int = LIMIT,
    patience: float = TIMEOUT,
) -> VirusScan:
    """Stream a file to clamd (command INSTREAM) and read its word.

    `address` is the path of its socket, or `host:port`; empty when there is none. `patience` is for each exchange, in seconds.
    """
    if not address:
        return _unscanned(UnscannedReason.ABSENT)
    try:
        async with asyncio.timeout(patience):
            reader, writer = await _connect(address)
    except (OSError, ValueError):
        return _unscanned(UnscannedReason.AWAY)
    answer = asyncio.create_task(reader.read(LONGEST_ANSWER))
    try:
        whole = await _send(writer, chunks, answer, limit, patience)
        async with asyncio.timeout(patience):
            if whole:
                return read_answer(await answer)
            return _unscanned(UnscannedReason.TOO_LARGE)
    except TimeoutError:
        return _unscanned(UnscannedReason.TOO_SLOW)
    except OSError:
        return _unscanned(UnscannedReason.AWAY)
    finally:
        await _disconnect(writer, answer)


async def _disconnect(
    writer: asyncio.StreamWriter, answer: asyncio.Task[bytes]
) -> None:
    answer.cancel()
    writer.close()
    with suppress(OSError, TimeoutError, asyncio.CancelledError):
        await answer
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = address.rpartition(":")
    if address.startswith("/") or not host:
        return await asyncio.open_unix_connection(address)
    return await asyncio.open_connection(host.strip("[]"), int(port))


async def _send(
    writer: asyncio.StreamWriter,
    chunks: AsyncIterable[bytes],
    answer: asyncio.Task[bytes],
    limit: int,
    pause: float,
) -> bool:
    """Whether the file is not over the limit; each piece says its length, an empty one ends the stream.

    Sending stops as soon as clamd has spoken: it closes on a stream that is too large for it, having said so.
    """
    writer.write(b"zINSTREAM\0")
    left = limit
    async for piece in _split_chunks(chunks):
        left -= len(piece)
        if left < 0 or answer.done():
            return left >= 0
        await _write(writer, struct.pack("!I", len(piece)) + piece, answer, pause)
    await _write(writer, struct.pack("!I", 0), answer, pause)
    return True


async def _split_chunks(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        for start in range(0, len(chunk), PIECE):
            yield chunk[start : start + PIECE]


async def _write(
    writer: asyncio.StreamWriter,
    content: bytes,
    answer: asyncio.Task[bytes],
    pause: float,
) -> None:
    """Send a piece, unless the answer is already there.

    Raises:
        OSError: the connection is cut, and clamd said nothing.
    """
    writer.write(content)
    try:
        async with asyncio.timeout(pause):
            await writer.drain()
    except ConnectionError:
        await asyncio.wait([answer], timeout=1)
        if not answer.done() or answer.exception():
            raise


def read_answer(answer: bytes) -> VirusScan:
    """`stream: OK`, `stream: <virus> FOUND`, or an error."""
    text = answer.split(b"\0")[0].decode("utf-8", "replace").strip()
    if text.endswith(" OK"):
        return VirusScan(ScanState.CLEAN)
    if text.endswith(" FOUND"):
        name = text.removesuffix(" FOUND").partition(": ")[2]
        return VirusScan(
            ScanState.INFECTED,
            signature="".join(sign for sign in name if sign.isprintable())[:120],
        )
    if not text:
        return _unscanned(UnscannedReason.AWAY)
    return _unscanned(
        UnscannedReason.TOO_LARGE
        if "size limit exceeded" in text
        else UnscannedReason.REFUSED
    )


def _unscanned(reason: UnscannedReason) -> VirusScan:
    return VirusScan(ScanState.UNSCANNED, reason=reason)
