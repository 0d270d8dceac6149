"""Each file of tests begins with empty registers of territories and empty queues, whatever ran before it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from tests.cluster import PROGRAMS
from udi.settings import Settings

EMPTY = "DELETE FROM platform.territory; DELETE FROM queue.pgqueuer"


class RegisterCleaner:
    """A plugin of one process of the run: it empties the registers of its databases after each file."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[Any]:
        """Empty the registers once the last test of a file has ended, and its fixtures."""
        result = yield
        if nextitem is not None and nextitem.path != item.path:
            asyncio.run(empty_registers(self._settings))
        return result


async def empty_registers(settings: Settings) -> None:
    """Take every territory off the registers, with its queued tasks; its rows stay, unseen by every other test.

    A worker that a test starts would first do what all tests before it had queued: half a minute, in the middle of a run.
    """
    for program in PROGRAMS:
        address = settings.dsn(program, "owner").replace("+asyncpg", "", 1)
        connection = await asyncpg.connect(address)
        try:
            await connection.execute(EMPTY)
        finally:
            await connection.close()
