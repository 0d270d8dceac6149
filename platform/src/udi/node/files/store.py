"""The object store: a local folder or S3, the same calls for both; nothing is ever held whole in memory."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import obstore
from obstore.store import LocalStore, from_url

PART = 8 * 1024 * 1024
PIECE = 256 * 1024


class ObjectStore:
    """Objects by key. An upload that fails on the way leaves no object."""

    def __init__(self, url: str) -> None:
        self.folder = None if "://" in url else Path(url)
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._store: Any = LocalStore(self.folder, automatic_cleanup=True)
        else:
            self._store = from_url(url)

    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        """Store what the iterator gives, part by part; an exception of the iterator aborts it all and comes out."""
        await obstore.put_async(self._store, key, content, chunk_size=PART, max_concurrency=2)

    async def stream(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but not including `end`.

        Raises:
            FileNotFoundError: there is no such object.
        """
        if start >= end:
            return
        found = await obstore.get_async(self._store, key, options={"range": (start, end)})
        async for piece in found.stream(min_chunk_size=PIECE):
            yield bytes(piece)

    def read(self, key: str) -> Iterator[bytes]:
        """The whole object piece by piece, for a thread."""
        for piece in obstore.get(self._store, key).stream(min_chunk_size=PIECE):
            yield bytes(piece)

    async def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return

    async def list(self, prefix: str) -> AsyncIterator[dict[str, Any]]:
        """Every object below a prefix: `path`, `size`, `last_modified`."""
        async for batch in obstore.list(self._store, prefix):
            for entry in batch:
                yield dict(entry)
