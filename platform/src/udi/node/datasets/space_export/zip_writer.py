"""A ZIP written as it goes, in constant memory, with 64-bit sizes throughout; each entry's SHA-256 is taken on the way."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

SHRINKING = (
    "text/",
    "application/json",
    "application/geo+json",
    "application/xml",
    "image/svg+xml",
)
ZIP64 = 45
VERSION = 4
SIZES = 18
"""Places in a local header (APPNOTE.TXT 4.3.7)."""
LEVEL = 1
"""Text shrinks nearly as much as at the highest level, in a quarter of the time."""


class DamagedFileError(Exception):
    """What was to be written is gone, or is not what it should be; `file` is its id, never its name."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.file = file


@dataclass(frozen=True)
class ZipEntry:
    """One file of the archive; an empty `sha256` is whatever its bytes have."""

    path: str
    pieces: AsyncIterator[bytes]
    media_type: str = "text/plain"
    sha256: str = ""
    file: str = ""


class ZipStream:
    """Writes entries; `sums` holds the SHA-256 of those written so far."""

    def __init__(self) -> None:
        self.sums: dict[str, str] = {}
        self._waiting = bytearray()
        # What has neither `tell` nor `seek` is written forwards only, with sizes after each entry.
        self._archive = ZipFile(self, "w", ZIP_STORED, compresslevel=LEVEL)  # type: ignore[call-overload]  # as above: it only writes

    def write(self, content: bytes) -> int:
        """Take what the ZIP is made of, for who drains it."""
        self._waiting += content
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    async def add(self, entry: ZipEntry) -> AsyncIterator[bytes]:
        """The bytes of the archive that this entry makes.

        Raises:
            DamagedFileError: its SHA-256 is not the one it should have.
        """
        digest = hashlib.sha256()
        if entry.media_type.startswith(SHRINKING):
            self._archive.compression = ZIP_DEFLATED
        else:
            self._archive.compression = ZIP_STORED
        begun = len(self._waiting)
        with self._archive.open(entry.path, "w", force_zip64=True) as member:
            self._write_zip64_header(begun)
            async for piece in entry.pieces:
                digest.update(piece)
                member.write(piece)
                yield self._drain()
        if entry.sha256 not in {"", digest.hexdigest()}:
            raise DamagedFileError(entry.file)
        self.sums[entry.path] = digest.hexdigest()
        yield self._drain()

    def _write_zip64_header(self, begun: int) -> None:
        """Say in the header that begins there that version 4.5 reads it, and that its sizes are elsewhere.

        Python does so since 3.11.4. Debian's said the version of small archives and sizes of zero, which readers that
        go forwards may refuse (APPNOTE.TXT 4.4.3, 4.4.8, 4.5.3).
        """
        self._waiting[begun + VERSION : begun + VERSION + 2] = ZIP64.to_bytes(
            2, "little"
        )
        self._waiting[begun + SIZES : begun + SIZES + 8] = b"\xff" * 8

    def end(self) -> bytes:
        """The table at the end, without which there is no archive."""
        self._archive.close()
        return self._drain()

    def _drain(self) -> bytes:
        done = bytes(self._waiting)
        self._waiting.clear()
        return done
