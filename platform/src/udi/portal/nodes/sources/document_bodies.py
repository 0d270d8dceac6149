"""The body of a document as it comes: in memory, or in a file where it is large and can be read in pieces."""

import hashlib
import tempfile
from pathlib import Path
from typing import IO

from udi.portal.nodes.harvest.large_documents import is_divisible

LARGEST = 32 * 1024**2
LARGEST_DIVIDED = 256 * 1024**2
"""Bytes of a document, and of one that is read in pieces."""
HEAVY = 4 * 1024**2
"""From there on one document at a time is in memory, whatever the sources: it takes sixteen times its size."""
BEGINNING = 256 * 1024


class TooLargeBodyError(Exception):
    """It is beyond its bound, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


class DocumentBody:
    """What came so far; `discard` it at the end. `folder`: where its file is put, None for that of temporary files."""

    def __init__(self, largest: int = LARGEST, folder: Path | None = None) -> None:
        self._largest = largest
        self._sum = hashlib.sha256()
        self._folder = folder
        self._start = bytearray()
        self._file = None
        self.size = 0

    _file: IO[bytes] | None

    @property
    def sha256(self) -> str:
        """SHA-256, in hexadecimal."""
        return self._sum.hexdigest()

    @property
    def beginning(self) -> bytes:
        """All of it where it is in memory."""
        return bytes(self._start)

    @property
    def file(self) -> Path | None:
        """Where all of it is, where it is to be read in pieces."""
        if self._file:
            return Path(self._file.name)
        return None

    def append(self, piece: bytes) -> None:
        """Add what came.

        Raises:
            TooLargeBodyError: it is beyond its bound.
        """
        before = self.size
        self.size = self.size + len(piece)
        self._sum.update(piece)
        if self._file:
            self._file.write(piece)
        else:
            self._start += piece
            if before <= HEAVY < self.size and self._largest == LARGEST:
                self._divide()
        limit = LARGEST_DIVIDED if self._file else self._largest
        if self.size > limit:
            raise TooLargeBodyError(limit)

    def _divide(self) -> None:
        if is_divisible(bytes(self._start[:BEGINNING])):
            self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - until it is discarded
                prefix="udi-source-", dir=self._folder
            )
            self._file.write(self._start)
            del self._start[BEGINNING:]

    @property
    def content(self) -> bytes | Path:
        """All of it: the bytes in memory, or the file where it is to be read in pieces."""
        return self.file or self.beginning

    def flush(self) -> None:
        """All of it came."""
        if self._file:
            self._file.flush()

    def discard(self) -> None:
        """Keep nothing of it on disk."""
        if self._file:
            self._file.close()
