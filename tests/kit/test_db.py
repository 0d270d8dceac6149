"""Sessions say their territory."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from udi.kit.db import Database
from udi.kit.tenancy import NoTenantError, Territory
from udi.settings import Settings


async def test_a_session_sets_its_territory_for_the_transaction_only(
    portal_database: Database, demo: Territory
) -> None:
    async with portal_database.session(demo.id) as session:
        assert await session.scalar(text("SELECT app.current_tenant()")) == demo.id

    async with portal_database.platform_session() as session:
        assert await session.scalar(text("SELECT app.current_tenant()")) is None


async def test_a_session_without_a_territory_is_refused(portal_database: Database) -> None:
    with pytest.raises(NoTenantError):
        async with portal_database.session(None):
            pass


@pytest.fixture
async def pages(settings: Settings) -> AsyncIterator[Database]:
    """What pages read with: one connection, so that it is the same each time."""
    database = Database(settings, "portal", pool_size=1, pages=True)
    yield database
    await database.close()


TENANT = text("SELECT app.current_tenant()")
PROCESS = text("SELECT pg_backend_pid()")


async def test_a_reading_sees_its_own_territory_even_inside_that_of_another(
    pages: Database, demo: Territory, other: Territory
) -> None:
    async with pages.session(demo.id, role="public") as outer, pages.session(other.id, role="public") as inner:
        first = await outer.scalar(TENANT), await inner.scalar(TENANT)
    async with pages.platform_session(role="public") as session:
        after = await session.scalar(TENANT)

    assert first == (demo.id, other.id)
    assert after is None, "nothing of the one before is left on its connection"


async def test_a_reading_writes_nothing(pages: Database, demo: Territory) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with pages.session(demo.id, role="public") as session:
            await session.execute(text("CREATE TABLE app.left_behind ()"))


async def test_a_connection_that_died_gives_way_to_a_new_one(pages: Database, postgres: str, demo: Territory) -> None:
    async with pages.session(demo.id, role="public") as session:
        process = await session.scalar(PROCESS)
    async with pages.session(demo.id, role="public") as session:
        assert await session.scalar(PROCESS) == process, "connections are kept"
    connection = await asyncpg.connect(postgres)
    assert await connection.fetchval("SELECT pg_terminate_backend($1, 5000)", process)
    await connection.close()

    async with pages.session(demo.id, role="public") as session:
        assert (await session.scalar(TENANT), await session.scalar(PROCESS) == process) == (demo.id, False)
