"""What the web workers of one program know together: memory that a process shares with those it is forked into.

It is made before the fork, has no name and no file, and ends with the last process. Whoever dies while it holds a lock
frees it, for the kernel holds it: a program that lost a worker goes on counting.
"""

import fcntl
import mmap
import os
import secrets
import struct
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

ROWS = 2**16
NEIGHBOURS = 8
"""Rows in which one name may be."""
SALT = 32
ROW = struct.Struct("=8sdd")
MOST_SLOTS = 2**16
"""Of one name."""


@dataclass(frozen=True)
class SharedNumber:
    """A number, and the moment until which it counts, by the clock of who wrote it."""

    value: float
    until: float


@dataclass(frozen=True)
class FileLock:
    """Held within a block by one process alone."""

    file: int

    def __enter__(self) -> None:
        fcntl.lockf(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.lockf(self.file, fcntl.LOCK_UN)


class SharedTable:
    """Numbers by name. Where there is no room, the one that ends first gives way: it is bounded, and exact below that.

    Of a name only a keyed digest is there. Reading and writing are for whoever holds `lock`.
    """

    def __init__(self, rows: int = ROWS) -> None:
        self._rows = rows
        self._file = _make_file(self)
        self._lock = FileLock(self._file)
        os.ftruncate(self._file, SALT + rows * ROW.size)
        self._memory = mmap.mmap(self._file, SALT + rows * ROW.size)
        self._memory[:SALT] = secrets.token_bytes(SALT)

    def lock(self) -> FileLock:
        """Keep other processes out, for microseconds: nothing may be waited for inside."""
        return self._lock

    @property
    def salt(self) -> bytes:
        """The key of the digests."""
        return self._memory[:SALT]

    def read(self, name: str) -> SharedNumber | None:
        """The number of a name, also one that does not count any more; None: there is none."""
        digest = self._digest(name)
        for start in self._places(digest):
            known, until, value = ROW.unpack_from(self._memory, start)
            if known == digest:
                return SharedNumber(value, until)
        return None

    def write(self, name: str, number: SharedNumber) -> None:
        """Set the number of a name."""
        digest = self._digest(name)
        chosen = -1
        earliest = float("inf")
        for start in self._places(digest):
            known, until, _ = ROW.unpack_from(self._memory, start)
            if known == digest:
                chosen = start
                break
            if until < earliest:
                chosen = start
                earliest = until
        ROW.pack_into(self._memory, chosen, digest, number.until, number.value)

    def clear(self) -> None:
        """Forget every number, and draw another key: what was known of a name is known no more."""
        self._memory.madvise(mmap.MADV_REMOVE)
        self._memory[:SALT] = secrets.token_bytes(SALT)

    def _digest(self, name: str) -> bytes:
        content = name.encode("utf-8", "replace")
        return blake2b(content, key=self.salt, digest_size=8).digest()

    def _places(self, digest: bytes) -> Iterator[int]:
        first = int.from_bytes(digest, "big")
        for step in range(NEIGHBOURS):
            yield SALT + (first + step) % self._rows * ROW.size


class SharedSlots:
    """Places of which each name has some; a process that ends leaves those that it held."""

    def __init__(self) -> None:
        self._file = _make_file(self)
        self._held: set[int] = set()

    def take(self, name: str, most: int) -> int | None:
        """Take a place of a name that has so many; None: all are taken."""
        digest = blake2b(name.encode(), digest_size=4).digest()
        first = int.from_bytes(digest, "big") * MOST_SLOTS
        for slot in range(first, first + min(most, MOST_SLOTS)):
            if slot not in self._held and self._lock(slot):
                self._held.add(slot)
                return slot
        return None

    def release(self, slot: int) -> None:
        """Give a place back."""
        self._held.discard(slot)
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)

    @property
    def held(self) -> int:
        """How many this process holds."""
        return len(self._held)

    def _lock(self, slot: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except (BlockingIOError, PermissionError):
            return False
        return True


def _make_file(owner: object) -> int:
    """Memory without a name, as a descriptor that is closed when its owner is no more."""
    file = os.memfd_create("udi-shared")
    weakref.finalize(owner, os.close, file)
    return file
