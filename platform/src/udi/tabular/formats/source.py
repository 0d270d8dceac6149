"""A file to be understood: its name, its size, and its bytes, from the start as often as wanted."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PIECE = 1024 * 1024


@dataclass(frozen=True)
class SourceFile:
    """Bytes that can be read again from the start; `path` when they are a local file already.

    `size` is that of the stored file, also when `read` gives it unpacked.
    """

    name: str
    size: int
    read: Callable[[], Iterable[bytes]]
    path: Path | None = None

    @classmethod
    def at(cls, path: Path, name: str = "") -> "SourceFile":
        """A local file."""
        return cls(name or path.name, path.stat().st_size, lambda: _pieces(path), path)

    def head(self, size: int) -> bytes:
        """The first bytes."""
        content = bytearray()
        for piece in self.read():
            content += piece
            if len(content) >= size:
                break
        return bytes(content[:size])

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A local file with these bytes, for readers that jump about in it."""
        if self.path:
            yield self.path
            return
        with tempfile.NamedTemporaryFile(prefix="udi-") as file:
            for piece in self.read():
                file.write(piece)
            file.flush()
            yield Path(file.name)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
