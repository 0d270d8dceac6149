"""What an answer to a passer-by reads: rows without a session, and all by one connection once there is one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from udi.kit.db import Database
from udi.kit.public_reading import open_public_reading
from udi.kit.tenancy import Territory
from udi.settings import Settings

FACTS = "SELECT app.current_tenant(), pg_backend_pid()"
PROCESS = text("SELECT pg_backend_pid()")


@pytest.fixture
async def pages(settings: Settings) -> AsyncIterator[Database]:
    """What pages read with."""
    database = Database(settings, "portal", pages=True)
    yield database
    await database.close()


@pytest.fixture
async def copied_pages(settings: Settings) -> AsyncIterator[Database]:
    """The same, of a copy that may be behind."""
    of_a_copy = {"database_replica_port": settings.database_port}
    database = Database(settings.model_copy(update=of_a_copy), "portal", pages=True)
    yield database
    await database.close()


def count_connections(database: Database) -> int:
    """How many connections somebody holds."""
    pool: Any = database.engine("public").pool
    held: int = pool.checkedout()
    return held


async def test_fetch_reads_the_rows_of_its_territory_and_holds_no_connection(
    pages: Database, demo: Territory, other: Territory
) -> None:
    async with (
        open_public_reading(pages, demo.id) as reading,
        open_public_reading(pages, other.id) as elsewhere,
    ):
        [first] = await reading.fetch(FACTS)
        [second] = await elsewhere.fetch(FACTS)
        [third] = await reading.fetch(FACTS)
        held = count_connections(pages)

    assert (first[0], second[0], third[0]) == (demo.id, other.id, demo.id)
    assert first[1] == second[1] == third[1], "one connection after the other"
    assert held == 0


async def test_fetch_waits_for_no_other_connection_than_that_of_the_session(
    pages: Database, demo: Territory
) -> None:
    async with open_public_reading(pages, demo.id) as reading:
        session = await reading.open_session()
        process = await session.scalar(PROCESS)
        [row] = await reading.fetch(FACTS)
        held = count_connections(pages)

    assert (row[0], row[1], held) == (demo.id, process, 1)


async def test_fetch_reads_a_copy_by_the_connection_of_the_session(
    copied_pages: Database, demo: Territory
) -> None:
    """Of several copies behind one address, one may be behind the others."""
    async with open_public_reading(copied_pages, demo.id) as reading:
        [row] = await reading.fetch(FACTS)
        held = count_connections(copied_pages)
        process = await (await reading.open_session()).scalar(PROCESS)

    assert (row[0], row[1], held) == (demo.id, process, 1)


async def test_open_session_opens_one_which_ends_with_the_reading(
    pages: Database, demo: Territory
) -> None:
    async with open_public_reading(pages, demo.id) as reading:
        session = await reading.open_session()
        await session.scalar(PROCESS)
        again = await reading.open_session()

    assert again is session
    assert count_connections(pages) == 0
