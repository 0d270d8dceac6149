"""Objects of the store as local files, which a child may read."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from udi.kit.disk_space import room

PIECE = 1024**2


@contextmanager
def place(prefix: str, folder: Path | None) -> Iterator[Path]:
    """A folder of its own in a folder (None: among the temporary ones), removed with all that is in it.

    Raises:
        NoRoomError: the disk is full.
    """
    with room(), tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as made:
        yield Path(made)


async def copy_to(target: Path, pieces: AsyncIterator[bytes]) -> None:
    """Write bytes of the object store where a child may read them.

    Raises:
        NoRoomError: the disk is full.
    """
    with room(), target.open("wb") as out:
        async for piece in pieces:
            await asyncio.to_thread(out.write, piece)


async def read_file(path: Path) -> AsyncIterator[bytes]:
    """A local file piece by piece."""
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
