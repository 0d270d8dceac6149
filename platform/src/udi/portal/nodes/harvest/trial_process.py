"""A trial of a catalogue in a process of its own: what a site answers can fill nobody's memory but its own.

That process asks the site, with the network; a child of it, behind walls, reads what was answered.

`python -m udi.portal.nodes.harvest.trial_process` reads one `TrialRequest` from its standard input and writes the `Trial`
to its standard output, both as MessagePack.
"""

import asyncio
import os
import resource
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from udi.kit.http import open_outgoing_client
from udi.kit.memory import limit_data
from udi.portal.nodes.harvest import source_kinds
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.harvest.trial import LARGEST, LONGEST, TrialResult, try_address
from udi.portal.nodes.harvest.vocabulary import territory_vocabulary

MODULE = "udi.portal.nodes.harvest.trial_process"
MEMORY = 1024**3
"""Bytes of data that a trial may hold, the interpreter included."""
READER_MB = 1024
"""Of address space, for the child that reads what the site answers."""
PATIENCE = LONGEST + 15
"""Seconds after which a trial is ended; its requests end by themselves after `LONGEST`."""
SEARCH_PATH = str(Path(__file__).resolve().parents[4])
log = structlog.get_logger()


class TrialRequest(msgspec.Struct, kw_only=True):
    """An address to try, with what a territory's words mean (code by wording, by table)."""

    address: str
    language: str
    found_at: datetime
    words: dict[str, dict[str, str]]
    private_hosts: tuple[str, ...]


async def try_in_subprocess(
    address: str,
    *,
    language: str,
    found_at: datetime,
    words: Mapping[str, Mapping[str, str]],
    private_hosts: Iterable[str],
    memory: int = MEMORY,
) -> TrialResult:
    """Try an address in another process; one that ends without an answer is said to have found too much."""
    order = TrialRequest(
        address=address,
        language=language,
        found_at=found_at,
        words={table: dict(codes) for table, codes in words.items()},
        private_hosts=tuple(private_hosts),
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-s",
        "-m",
        MODULE,
        str(memory),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": SEARCH_PATH},
    )
    try:
        async with asyncio.timeout(PATIENCE):
            output, _ = await process.communicate(msgspec.msgpack.encode(order))
        return msgspec.msgpack.decode(output, type=TrialResult)
    except TimeoutError:
        return TrialResult(
            address, faults=(source_kinds.SOURCE_SLOW.at("", seconds=int(LONGEST)),)
        )
    except (msgspec.MsgspecError, ConnectionError):
        log.warning("trial process ended without an answer", status=process.returncode)
        return TrialResult(
            address,
            faults=(source_kinds.TOO_LARGE_TO_TRY.at("", limit=LARGEST // 1024**2),),
        )
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def run_trial(order: TrialRequest) -> TrialResult:
    """Make the trial here."""
    async with (
        open_outgoing_client(order.private_hosts) as client,
        DocumentReader(order.words, memory_mb=READER_MB) as documents,
    ):
        with territory_vocabulary(order.words):
            return await try_address(
                client,
                documents,
                order.address,
                found_at=order.found_at,
                language=order.language,
            )


def main() -> None:
    """Bound the memory of this process before anything is read, then carry out the order."""
    limit_data(int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=TrialRequest)
    sys.stdout.buffer.write(msgspec.msgpack.encode(asyncio.run(run_trial(order))))


if __name__ == "__main__":
    main()
