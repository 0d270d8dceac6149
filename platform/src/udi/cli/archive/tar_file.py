"""The file itself: a plain tar of regular files with short names, written once and read strictly, in constant memory.

The last two entries are the manifest (path, size and sha256 of each other entry) and its signature.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from udi.cli.local.errors import LocalError

BLOCK = 512
PIECE = 1024 * 1024
NAME = re.compile(
    r"[a-z][a-z0-9-]*(\.[a-z]+)?|[a-z][a-z0-9-]*(/(?!\.)[\w.@-]{1,200}){1,4}", re.ASCII
)
MANIFEST = "manifest.json"
SIGNATURE = "signature.json"
END = b"\0" * BLOCK
LONGEST_LINE = 64 * 1024 * 1024
LARGEST_MANIFEST = 512 * 1024 * 1024
LARGEST_SMALL = 1024 * 1024
LOOK_AT_ROOM_EVERY = 64 * 1024 * 1024
"""Bytes written between two looks at what is free on the disk."""
SMALL = re.compile(r"archive\.json|signature\.json|tenant/.*")


class InvalidArchiveError(LocalError):
    """A file is not a whole, untouched archive; nothing was written."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"The archive is refused: {cause}",
            "ask for it again, and compare its fingerprint",
        )


@dataclass(frozen=True)
class ArchiveEntry:
    """One entry as it was written or found."""

    path: str
    size: int
    sha256: str
    offset: int = 0

    def manifest_entry(self) -> dict[str, Any]:
        """Its line of the manifest."""
        return {"path": self.path, "size": self.size, "sha256": self.sha256}


class ArchiveWriter:
    """Writes beside the target, readable by its owner only; `finish` puts the whole file in its place.

    It stops before the disk has less than `reserve` bytes free; with 0, only at its end.
    """

    def __init__(self, target: Path, reserve: int = 0) -> None:
        self._target = target
        self._reserve = reserve
        self._unwatched = LOOK_AT_ROOM_EVERY
        """Bytes written since the last look at the disk; it is looked at before the first."""
        self._partial = target.with_name(f".{target.name}.partial")
        self.entries: list[ArchiveEntry] = []
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            descriptor = os.open(
                self._partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600
            )
        except OSError as error:
            raise LocalError(
                f"{self._partial} cannot be written ({error.strerror})",
                "choose another --to",
            ) from error
        self._file = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise LocalError(
                f"{self._target} is being written already", "wait for it to end"
            ) from error
        self._file.truncate(0)
        os.fchmod(descriptor, 0o600)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._partial.unlink(missing_ok=True)

    async def add(self, path: str, pieces: AsyncIterator[bytes]) -> ArchiveEntry:
        """Write one entry; its size is known at the end, and its header filled in then."""
        file = self._open()
        start = file.tell()
        size = 0
        digest = hashlib.sha256()
        file.write(END)
        async for piece in pieces:
            self._watch_room(len(piece))
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.write(b"\0" * (-size % BLOCK))
        end = file.tell()
        file.seek(start)
        file.write(_header(path, size))
        file.seek(end)
        self.entries.append(ArchiveEntry(path, size, digest.hexdigest(), start + BLOCK))
        return self.entries[-1]

    async def add_json(self, path: str, value: Any) -> ArchiveEntry:
        """Write one entry of JSON."""
        return await self.add(
            path,
            _single_piece(json.dumps(value, ensure_ascii=False, indent=1).encode()),
        )

    def manifest(self) -> dict[str, Any]:
        """What the manifest says of all that was written so far."""
        return {
            "format": 1,
            "entries": [entry.manifest_entry() for entry in self.entries],
        }

    def finish(self) -> int:
        """End the file, make it last, and give it its name; its size in bytes."""
        file = self._open()
        file.write(END * 2)
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
        self._partial.replace(self._target)
        file.close()
        self._file = None
        _sync_folder(self._target.parent)
        return size

    def _watch_room(self, size: int) -> None:
        """Refuse to write so many bytes where the reserve of the disk is reached.

        Raises:
            LocalError: it is.
        """
        self._unwatched += size
        if not self._reserve or self._unwatched < LOOK_AT_ROOM_EVERY:
            return
        self._unwatched = 0
        free = shutil.disk_usage(self._target.parent).free
        if free < self._reserve:
            megabytes = [str(count // 1000**2) for count in (free, self._reserve)]
            raise LocalError(
                f"{self._target.parent} has {megabytes[0]} MB left, and {megabytes[1]} MB stay free for the databases",
                "make room, then request the archive again",
            )

    def _open(self) -> IO[bytes]:
        assert self._file is not None  # noqa: S101 - only inside `with`
        return self._file


class ArchiveReader:
    """An archive opened for reading; every entry is read once to know it, and checked again when it is used."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise LocalError(
                f"{path} cannot be read ({error.strerror})", "name an archive"
            ) from error
        self.entries: dict[str, ArchiveEntry] = {}

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def scan(self) -> None:
        """Find every entry with its size and sha256.

        Raises:
            InvalidArchiveError: the file is cut, or holds what an archive does not.
        """
        total = self._file.seek(0, os.SEEK_END)
        self._file.seek(0)
        while (block := self._file.read(BLOCK)) != END:
            path, size = _read_header(block, self._file.tell())
            offset = self._file.tell()
            if path in self.entries:
                raise InvalidArchiveError(f"{path} is there twice")
            if offset + size > total:
                raise InvalidArchiveError(
                    f"it is cut, or lies about the size of {path}"
                )
            if size > _size_limit(path):
                raise InvalidArchiveError(f"{path} is larger than it may be")
            self.entries[path] = ArchiveEntry(path, size, self._digest(size), offset)
            if self._file.read(-size % BLOCK).strip(b"\0"):
                raise InvalidArchiveError(f"something is hidden after {path}")
        while rest := self._file.read(PIECE):
            if rest.strip(b"\0"):
                raise InvalidArchiveError("something follows its end")
        if self._file.tell() < total or self._file.tell() % BLOCK:
            raise InvalidArchiveError("it is cut")

    def read_pieces(self, path: str) -> Iterator[bytes]:
        """The bytes of an entry.

        Raises:
            InvalidArchiveError: they are not those that were found before.
        """
        entry = self.entries[path]
        digest = hashlib.sha256()
        for start in range(0, entry.size, PIECE):
            self._file.seek(entry.offset + start)
            piece = self._file.read(min(PIECE, entry.size - start))
            digest.update(piece)
            yield piece
        if digest.hexdigest() != entry.sha256:
            raise InvalidArchiveError(f"{path} changed while it was read")

    def read_lines(self, path: str) -> Iterator[bytes]:
        """The lines of an entry, none when it is absent."""
        rest = b""
        for piece in self.read_pieces(path) if path in self.entries else ():
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > LONGEST_LINE:
                raise InvalidArchiveError(f"a line of {path} is too long")
        if rest:
            raise InvalidArchiveError(f"{path} ends in the middle of a line")

    def read_json(self, path: str) -> Any:
        """An entry of JSON, None when it is absent or no JSON."""
        try:
            if path in self.entries:
                return json.loads(b"".join(self.read_pieces(path)))
            return None
        except ValueError:
            return None

    def _digest(self, size: int) -> str:
        digest = hashlib.sha256()
        while size > 0:
            piece = self._file.read(min(PIECE, size))
            if not piece:
                raise InvalidArchiveError("it is cut")
            digest.update(piece)
            size -= len(piece)
        return digest.hexdigest()


def _header(path: str, size: int) -> bytes:
    assert NAME.fullmatch(path), path  # noqa: S101 - our own names
    entry = tarfile.TarInfo(path)
    entry.size = size
    entry.mode = 0o600
    return entry.tobuf(tarfile.GNU_FORMAT)


def _read_header(block: bytes, position: int) -> tuple[str, int]:
    try:
        header = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError) as error:
        if len(block) < BLOCK:
            cause = "it is cut"
        else:
            cause = f"there is no entry at byte {position - len(block)}"
        raise InvalidArchiveError(cause) from error
    if header.type != tarfile.REGTYPE or header.linkname:
        raise InvalidArchiveError(f"{header.name!r} is not a plain file")
    if not NAME.fullmatch(header.name):
        raise InvalidArchiveError(f"{header.name!r} is not the name of an entry")
    if header.size < 0:
        raise InvalidArchiveError(f"{header.name} has no size")
    return header.name, header.size


def _size_limit(path: str) -> int:
    if SMALL.fullmatch(path):
        return LARGEST_SMALL
    if path == MANIFEST:
        return LARGEST_MANIFEST
    return 1 << 62


async def _single_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
