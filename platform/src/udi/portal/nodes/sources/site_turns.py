"""Which sites are being read by this worker: one source of a site at a time, and slow sites never in every place."""

from collections.abc import Iterator
from contextlib import contextmanager

MOST_SLOW = 2
"""Slow sites that are read at once: fewer than a worker reads, so that the others go on."""


class SiteTurns:
    """The sites that are read now, and those whose answers took long when they were read last."""

    def __init__(self, most_slow: int = MOST_SLOW) -> None:
        self._most_slow = most_slow
        self._read: set[str] = set()
        self._slow: set[str] = set()

    def begin(self, host: str) -> bool:
        """Take a site, unless another source of it is read, or it is slow and as many slow ones are read already."""
        if host in self._read:
            return False
        if host in self._slow and len(self._read & self._slow) >= self._most_slow:
            return False
        self._read.add(host)
        return True

    def end(self, host: str) -> None:
        """Leave a site to others."""
        self._read.discard(host)

    @contextmanager
    def held(self, host: str) -> Iterator[None]:
        """A site that was taken, until the block ends."""
        try:
            yield
        finally:
            self.end(host)

    def note_speed(self, host: str, *, slow: bool) -> None:
        """Say how it answered in the turn that ends."""
        if slow:
            self._slow.add(host)
        else:
            self._slow.discard(host)
