"""Each file of tests begins with empty registers of territories and empty queues, whatever ran before it."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from tests.cluster import PROGRAMS
from udi.settings import ProgramName, Settings

EMPTY = "DELETE FROM platform.territory; DELETE FROM queue.pgqueuer"
GONE = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)
"""What is raised on a connection that a test, or its server, ended."""


class RegisterCleaner:
    """A plugin of one process of the run: it empties the registers of its databases after each file.

    Its connections stay, in an event loop of their own: to open one takes both sides ten times what is done with it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._connections: dict[ProgramName, Any] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[Any]:
        """Empty the registers once the last test of a file has ended, and its fixtures."""
        result = yield
        if nextitem is not None and nextitem.path != item.path:
            self._loop.run_until_complete(self._empty_registers())
        return result

    def pytest_sessionfinish(self) -> None:
        """Close the connections."""
        self._loop.run_until_complete(self._close())
        self._loop.close()

    async def _empty_registers(self) -> None:
        """Take every territory off the registers, with its queued tasks; its rows stay, unseen by every other test.

        A worker that a test starts would first do what all tests before it had queued: half a minute, in the middle of a run.
        """
        for program in PROGRAMS:
            if program in self._connections:
                try:
                    await self._connections[program].execute(EMPTY)
                except GONE:
                    self._connections.pop(program).terminate()
                else:
                    continue
            address = self._settings.dsn(program, "owner").replace("+asyncpg", "", 1)
            self._connections[program] = await asyncpg.connect(address)
            await self._connections[program].execute(EMPTY)

    async def _close(self) -> None:
        for connection in self._connections.values():
            with suppress(*GONE):
                await connection.close()
