"""A file that came in, whichever way, understood in a child process before anything is made of it."""

from dataclasses import dataclass

import structlog

from udi.kit.child import ChildError, ChildMemoryError, ChildTimeoutError
from udi.node.datasets.actions.prepare import LARGEST
from udi.node.files.local_copies import open_temporary_folder, write_copy
from udi.node.files.store import ObjectStore
from udi.tabular.formats.file_kind import HEAD, FileKind, recognise_kind
from udi.tabular.formats.source import PIECE
from udi.tabular.messages.notes import Note
from udi.tabular.profiles.opened_files import SCANNED
from udi.tabular.profiles.profile import Profile, profile_copy
from udi.tabular.queries.readers import FileReader, QueueTimeoutError

log = structlog.get_logger()
SECONDS = 30.0
BEGINNING = SCANNED + 2 * PIECE
"""Bytes of a text that are looked at here; all of it is read once it is a version."""
READ_FROM_ITS_BEGINNING = frozenset({"", "text", "gzip"})


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
                profile_copy, copy, file.name, file.size, seconds=SECONDS
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
