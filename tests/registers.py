"""Each file of tests begins with empty registers of territories, whatever ran before it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from udi.kit.db import Database
from udi.settings import Settings


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
    """Take every territory off the registers; its rows stay, unseen by every other test."""
    for program in ("portal", "node"):
        database = Database(settings, program)
        async with database.platform_session(role="owner") as session:
            await session.execute(text("DELETE FROM platform.territory"))
        await database.close()
