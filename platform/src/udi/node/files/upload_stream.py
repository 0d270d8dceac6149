"""Bytes as they come: cut into parts, within the memory that all uploads of a process share, for as long as they move."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from litestar.exceptions import InternalServerException

from udi.kit.errors import TooLargeError, UdiError
from udi.kit.service_registry import ServiceKey
from udi.node.files.tus import UploadChecksum
from udi.node.files.upload_lock import UploadLease

MEGABYTE = 1024**2
LEAST_PART = MEGABYTE
MOST_PART = 16 * MEGABYTE
GROWTH = 64
SHARED = 64 * MEGABYTE
LEAST_SHARE = 256 * 1024
PATIENCE = 25.0
SLOWEST = 512
"""Seconds without a byte, and bytes a second over as long, after which a connection is closed: within 30 s in all."""
OLDEST = 10.0
BEAT = 4.0
"""Seconds that bytes stay in memory, and between two signs that the sender is still there."""


class UploadTooSlowError(UdiError):
    """The connection is there and nothing comes, or hardly."""

    status = 408
    slug = "too-slow"
    title = "The file came too slowly"
    meaning = "The connection was open, and nothing came, or hardly anything."
    advice = "Try again with a better connection; an upload in parts continues where it stopped."


class ConnectionLostError(Exception):
    """The connection is gone."""


class UploadBuffers:
    """The memory for bytes on their way to the store, shared evenly by those who send."""

    def __init__(self, total: int = SHARED) -> None:
        self._total = total
        self._open = 0

    @contextmanager
    def share(self) -> Iterator[Callable[[], int]]:
        """How many bytes one of them may hold now."""
        self._open += 1
        try:
            yield lambda: max(LEAST_SHARE, self._total // self._open)
        finally:
            self._open -= 1


UPLOAD_BUFFERS = ServiceKey[UploadBuffers]("upload buffers", "files")


def part_size(offset: int) -> int:
    """How large the part that begins here may grow: 1 MiB at first, 16 MiB past 1 GiB, so that parts stay few."""
    return min(MOST_PART, max(LEAST_PART, offset // GROWTH))


async def enforce_timeouts(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces of a body, for as long as they come.

    Raises:
        ConnectionLostError: the other side went away.
        UploadTooSlowError: nothing came for 25 seconds, or hardly anything.
    """
    pieces = aiter(stream)
    began = time.monotonic()
    byte_count = 0
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise _too_slow() from error
        except (InternalServerException, RuntimeError, OSError) as error:
            raise ConnectionLostError from error
        byte_count += len(piece)
        if time.monotonic() - began >= PATIENCE:
            if byte_count < SLOWEST * PATIENCE:
                raise _too_slow()
            began = time.monotonic()
            byte_count = 0
        yield piece


def _too_slow() -> UploadTooSlowError:
    return UploadTooSlowError(
        "The file came too slowly.",
        remedy="What arrived is kept: ask for the position of the upload, and continue from there.",
        headers={"Connection": "close"},
    )


class UploadWriter:
    """One body going into one upload."""

    def __init__(
        self,
        hold: UploadLease,
        share: Callable[[], int],
        checksum: UploadChecksum | None,
    ) -> None:
        self._hold = hold
        self._share = share
        self._checksum = checksum
        self._digest: Any = hashlib.new(checksum.algorithm) if checksum else None
        self._buffer = bytearray()
        self._since = time.monotonic()
        self._beat = time.monotonic()

    async def add_piece(self, piece: bytes) -> None:
        """Keep one piece; in the store when there are enough of them, or they are old."""
        if self._hold.offset + len(self._buffer) + len(piece) > self._hold.ceiling:
            raise TooLargeError(
                "More came than this upload may hold.",
                remedy="State its size, then send it again.",
            )
        if self._digest is not None:
            self._digest.update(piece)
        moment = time.monotonic()
        self._since = self._since if self._buffer else moment
        self._buffer += piece
        if (
            len(self._buffer) >= min(part_size(self._hold.offset), self._share())
            or moment - self._since > OLDEST
        ):
            await self._store()
            if self._digest is None:
                await self._hold.commit_parts()
            self._beat = time.monotonic()
        elif moment - self._beat > BEAT:
            await self._hold.keep_alive()
            self._beat = time.monotonic()

    async def finish(self, *, is_truncated: bool = False) -> None:
        """Keep the rest. Of a body with a checksum all counts or, when it was cut or differs, nothing.

        Raises:
            ChecksumMismatchError: it differs.
        """
        if self._checksum is not None:
            if is_truncated:
                await self._hold.discard()
                return
            self._checksum.check(self._digest)
        await self._store()
        await self._hold.commit_parts()

    async def _store(self) -> None:
        if self._buffer:
            full = self._buffer
            self._buffer = bytearray()
            await self._hold.store(full)


async def receive_body(
    hold: UploadLease,
    stream: AsyncIterator[bytes],
    buffers: UploadBuffers,
    *,
    checksum: UploadChecksum | None = None,
) -> None:
    """Put a body into an upload; what arrived before the connection was cut is kept.

    Raises:
        ConnectionLostError: the connection is gone; what came is safe.
        UploadTooSlowError: the same, closed by us.
        UdiError: the body is refused, or the store is away; what was noted before stays.
    """
    with buffers.share() as share:
        intake = UploadWriter(hold, share, checksum)
        try:
            async for piece in enforce_timeouts(stream):
                await intake.add_piece(piece)
        except (ConnectionLostError, UploadTooSlowError, asyncio.CancelledError):
            await asyncio.shield(_keep_rest(hold, intake))
            raise
        except UdiError:
            await _abandon(hold)
            raise
        try:
            await intake.finish()
        except UdiError:
            await _abandon(hold)
            raise
        await hold.release()


async def _keep_rest(hold: UploadLease, intake: UploadWriter) -> None:
    try:
        await intake.finish(is_truncated=True)
    finally:
        await hold.release()


async def _abandon(hold: UploadLease) -> None:
    with suppress(
        UdiError
    ):  # a store that is away keeps it: the sweep deletes it later
        await hold.discard()
    await hold.release()
