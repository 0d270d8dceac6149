"""Objects of the store as local files, which a child may read."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from udi.kit.disk_space import detect_full_disk

PIECE = 1024**2


@contextmanager
def open_temporary_folder(prefix: str, folder: Path | None) -> Iterator[Path]:
    """A folder of its own in a folder (None: among the temporary ones), removed with all that is in it.

    Raises:
        DiskFullError: the disk is full.
    """
    with (
        detect_full_disk(),
        tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as temporary_folder,
    ):
        yield Path(temporary_folder)


async def write_copy(target: Path, pieces: AsyncIterator[bytes]) -> None:
    """Write bytes of the object store where a child may read them.

    Raises:
        DiskFullError: the disk is full.
    """
    with detect_full_disk(), target.open("wb") as out:
        async for piece in pieces:
            await asyncio.to_thread(out.write, piece)


async def read_file(path: Path) -> AsyncIterator[bytes]:
    """A local file piece by piece."""
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
