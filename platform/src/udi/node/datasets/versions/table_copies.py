"""The copies of tables on this machine: how they come, and how long they stay."""

import asyncio
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from udi.kit.errors import NotFoundError, UdiError
from udi.node.files.storage.local_copies import write_copy
from udi.node.files.storage.store import ObjectStore

KEPT_BYTES = 20 * 1024**3
KEPT_SECONDS = 24 * 3600.0
"""Of the copies: how many bytes in all, and how long one stays that nobody asks for."""
KEPT_SECONDS_IN_MEMORY = 600.0
REFUSED_SECONDS = 600.0


@dataclass(frozen=True)
class TableObject:
    """Where the Parquet of a table is stored: a whole object, or `size` bytes of one."""

    key: str
    start: int = 0
    size: int = 0


@dataclass
class RefusedUnions:
    """The tables of several files that could not be written, by path: nobody tries one again for some minutes."""

    _refusals: dict[Path, tuple[float, UdiError]] = field(default_factory=dict)

    def add(self, path: Path, error: UdiError) -> None:
        """Remember why one was not written."""
        moment = time.monotonic()
        self._refusals = {
            name: refusal
            for name, refusal in self._refusals.items()
            if moment - refusal[0] < REFUSED_SECONDS
        }
        self._refusals[path] = (moment, error)

    def check(self, path: Path) -> None:
        """Refuse what was refused a short while ago, in the same words.

        Raises:
            UdiError: it was.
        """
        moment, error = self._refusals.get(path, (0.0, None))
        if error is not None and time.monotonic() - moment < REFUSED_SECONDS:
            raise error


def remove_old_copies(folder: Path, lifetime: float) -> None:
    """Remove copies that nobody asked for in their time, then the oldest while they are too many."""
    copies = [
        (copy, file_status)
        for copy in folder.rglob("*.*")
        if (file_status := _stat(copy))
    ]
    left = sum(file_status.st_size for _, file_status in copies)
    for copy, file_status in sorted(copies, key=lambda entry: entry[1].st_mtime):
        if time.time() - file_status.st_mtime > lifetime or left > KEPT_BYTES:
            copy.unlink(missing_ok=True)
            left -= file_status.st_size


async def write_table(store: ObjectStore, source: TableObject, target: Path) -> None:
    """Copy a table from the store.

    Raises:
        NotFoundError: it is gone.
    """
    if not source.size:
        await asyncio.to_thread(_write_copy, store, source.key, target)
        return
    try:
        end = source.start + source.size
        await write_copy(target, store.stream(source.key, source.start, end))
    except FileNotFoundError:
        raise NotFoundError("This dataset has no such table.") from None


def _write_copy(store: ObjectStore, key: str, target: Path) -> None:
    try:
        with target.open("wb") as out:
            for piece in store.read(key):
                out.write(piece)
    except FileNotFoundError:
        raise NotFoundError("This dataset is not a table: download its file.") from None


def _stat(copy: Path) -> os.stat_result | None:
    """What is known of a copy, unless another process has removed it."""
    try:
        return copy.stat()
    except FileNotFoundError:
        return None
