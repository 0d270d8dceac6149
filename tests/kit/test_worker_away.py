"""A worker whose database is lost ends, so that it is started again, wherever the database is then."""

import asyncio

from tests.kit.relay import Relay
from udi.kit.db import Database
from udi.kit.jobs import Worker
from udi.settings import Settings

SOON = 40.0


async def test_a_worker_ends_when_its_database_is_lost(settings: Settings) -> None:
    assert settings.database_port
    async with Relay(settings.database_port).listening() as primary:
        database = Database(
            settings.model_copy(update={"database_port": primary.port}), "portal"
        )
        running = asyncio.create_task(Worker(database, {}).run())
        await asyncio.sleep(3)
        assert not running.done()
        primary.disconnect()
        done, _ = await asyncio.wait([running], timeout=SOON)
        running.cancel()
        await database.close()

    assert done == {running}
    assert running.exception() is not None
