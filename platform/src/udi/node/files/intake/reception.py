"""Files on their way in: bytes for as long as they move, from a form or as a body cut into parts, within the memory that
all uploads of a process share; and what a file is, as a child process understands it once it came.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import multipart
import structlog
from litestar.exceptions import InternalServerException

from udi.kit.child import ChildError, ChildMemoryError, ChildTimeoutError
from udi.kit.errors import InvalidError, Refusal, TooLargeError, UdiError, field_error
from udi.kit.file_names import clean_name
from udi.kit.service_registry import ServiceKey
from udi.node.files.intake.tus import UploadChecksum
from udi.node.files.intake.upload_lock import UploadLease
from udi.node.files.intake.uploads import too_large_error
from udi.node.files.storage.local_copies import open_temporary_folder, write_copy
from udi.node.files.storage.store import ObjectStore
from udi.tabular.formats.file_kind import HEAD, FileKind, recognise_kind
from udi.tabular.formats.source import PIECE
from udi.tabular.messages.notes import Note
from udi.tabular.profiles.opened_files import SCANNED
from udi.tabular.profiles.profile import Profile, profile_copy
from udi.tabular.queries.readers import FileReader, QueueTimeoutError
from udi.ui.dependencies import AnyRequest

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
FIELD = "file"
"""Name of the field of a form that brings the file."""
FRAMING = 64 * 1024
DRAINED = 64 * 1024 * 1024
"""Bytes that a form may have besides its file, and that are read of one that is refused."""
MOST_SEGMENTS = 8
LARGEST = 5 * 1024**3
"""Bytes of the largest file that is read."""
PROFILE_SECONDS = 30.0
BEGINNING = SCANNED + 2 * PIECE
"""Bytes of a text that are looked at for its profile; all of it is read once it is a version."""
READ_FROM_ITS_BEGINNING = frozenset({"", "text", "gzip"})
log = structlog.get_logger()


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


@dataclass
class IncomingFile:
    """What is known of a file while it comes in, and after."""

    upload_limit: int
    quota_left: int
    name: str = ""
    size: int = 0
    sha256: str = ""
    """Of the whole file, once it came."""
    _digest: Any = field(default_factory=hashlib.sha256)

    @property
    def limit(self) -> int:
        """Bytes that it may have."""
        return min(self.upload_limit, self.quota_left)

    @property
    def too_large(self) -> TooLargeError:
        """Why it does not fit."""
        return too_large_error(self.upload_limit, self.quota_left)

    def finish(self) -> None:
        """Note the digest of all that came."""
        self.sha256 = str(self._digest.hexdigest())

    def add_piece(self, piece: bytes) -> None:
        """Count and digest one piece."""
        self.size += len(piece)
        if self.size > self.limit:
            raise self.too_large
        self._digest.update(piece)


async def receive_file(
    request: AnyRequest, store: ObjectStore, key: str, *, limit: int, quota_left: int
) -> IncomingFile:
    """Stream the file of a multipart form into the store under `key`.

    Raises:
        InvalidError: no file, an empty one, several, or a form that cannot be read. Nothing is left in the store.
        TooLargeError: more than the node accepts for one file, or than the space has left. Nothing is left either.
    """
    incoming = IncomingFile(limit, quota_left)
    announced = request.content_length
    if announced is not None and announced > incoming.limit + FRAMING:
        raise incoming.too_large
    stream = enforce_timeouts(request.stream())
    try:
        await store.put(key, _pieces(stream, _boundary(request), incoming))
    except (multipart.MultipartError, ConnectionLostError) as error:
        msg = "The file was not received in full."
        raise InvalidError(
            msg, refusals=[Refusal(FIELD, msg, "Send it again.")]
        ) from error
    except UdiError:
        await _drain(stream)
        raise
    incoming.finish()
    return incoming


def _boundary(request: AnyRequest) -> str:
    kind, options = multipart.parse_options_header(
        request.headers.get("content-type", "")
    )
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise _no_file()
    return str(options["boundary"])


async def _pieces(
    stream: AsyncIterator[bytes], boundary: str, incoming: IncomingFile
) -> AsyncIterator[bytes]:
    """The bytes of the form's one file; other fields are passed over."""
    inside = False
    files = 0
    parser = multipart.PushMultipartParser(
        boundary, max_segment_count=MOST_SEGMENTS, header_charset="utf8"
    )
    with parser:
        async for chunk in stream:
            if parser.closed or not chunk:
                continue
            for event in parser.parse(chunk):
                if isinstance(event, multipart.MultipartSegment):
                    inside = event.name == FIELD and bool(event.filename)
                    if inside:
                        files += 1
                        incoming.name = clean_name(event.filename or "")
                elif event and inside:
                    if files > 1:
                        raise field_error(FIELD, "Drop one file at a time.")
                    piece = bytes(event)
                    incoming.add_piece(piece)
                    yield piece
    if not files:
        raise _no_file()
    if not incoming.size:
        raise field_error(
            FIELD,
            "This file is empty: nothing was saved.",
            "Check it, then drop it again.",
        )


def _no_file() -> InvalidError:
    return field_error(FIELD, "Choose the file to publish.")


async def _drain(stream: AsyncIterator[bytes]) -> None:
    """Read some of what still comes, so that a browser gets to read the refusal."""
    left = DRAINED
    try:
        async for chunk in stream:
            left -= len(chunk)
            if left < 0:
                return
    except (RuntimeError, OSError, UdiError, ConnectionLostError):
        return


@dataclass(frozen=True)
class ReceivedFile:
    """A file in the object store, not looked at yet."""

    key: str
    name: str
    size: int


async def profile_stored_file(
    store: ObjectStore, reading: FileReader, file: ReceivedFile
) -> Profile:
    """What a file is, as a child sees it; a file that defeats the child is a plain one, with the reason.

    Raises:
        DiskFullError: the disk on which it would be read is full.
    """
    kind = recognise_kind(await _head(store, file), file.name)
    plain = Profile(kind.media_type, kind.label, reads=kind.reads)
    if kind.reads in READ_FROM_ITS_BEGINNING:
        byte_count = min(file.size, BEGINNING)
    else:
        byte_count = file.size
    if byte_count > LARGEST:
        return plain
    with open_temporary_folder(
        "udi-take-", await store.reading_folder(file.key)
    ) as folder:
        copy = folder / "source"
        await write_copy(copy, store.stream(file.key, 0, byte_count))
        try:
            return await reading.call(
                profile_copy, copy, file.name, file.size, seconds=PROFILE_SECONDS
            )
        except QueueTimeoutError:
            return plain
        except ChildError as error:
            log.info("file not understood", error=type(error).__name__)
            return _unreadable_profile(kind, error)


async def _head(store: ObjectStore, file: ReceivedFile) -> bytes:
    return b"".join(
        [piece async for piece in store.stream(file.key, 0, min(file.size, HEAD))]
    )


def _unreadable_profile(kind: FileKind, error: ChildError) -> Profile:
    codes = {ChildTimeoutError: "too_long", ChildMemoryError: "too_heavy"}
    failure = Note(codes.get(type(error), "unread"))
    return Profile(kind.media_type, kind.label, reads=kind.reads, failure=failure)
