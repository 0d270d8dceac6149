"""Connections go to whoever waited longest.

SQLAlchemy's pool gives one that comes free to whoever asks next, though others wait, and puts these at the end of the line
again: under load one search in a hundred took six times as long as half of them (docs/reference/sizing.md).
"""

import asyncio
from typing import Any

from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only
from sqlalchemy.util.queue import AsyncAdaptedQueue, Empty


class _FifoConnectionQueue(AsyncAdaptedQueue[Any]):
    """Free connections, and those who wait for one in the order in which they came."""

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:  # noqa: FBT001, FBT002 - as in the class above
        super().__init__(maxsize, use_lifo)
        self._turn = asyncio.Lock()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002 - as in the class above
        """A connection, at once if nobody waits.

        Raises:
            Empty: none came free in these seconds, or at once where nothing is to be waited for.
        """
        if not block:
            return self.get_nowait()
        if not self._turn.locked():
            try:
                return self.get_nowait()
            except Empty:
                pass
        try:
            return await_only(self._wait(timeout))
        except TimeoutError as error:
            raise Empty from error

    async def _wait(self, timeout: float | None) -> Any:  # noqa: ASYNC109 - of the method above
        async with asyncio.timeout(timeout), self._turn:
            return await self._queue.get()


class FifoConnectionPool(AsyncAdaptedQueuePool):
    """The pool of an asynchronous engine, where nobody overtakes."""

    _queue_class = _FifoConnectionQueue
