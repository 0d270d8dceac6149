"""Territories do not bleed into each other, whatever happens around a transaction (trial R8)."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.depth import examples
from udi.kit.db import Database, is_unavailable
from udi.settings import Settings

TASKS = 40
TRANSACTIONS = examples(25, 100)
SEED = 20261125


class PlannedError(Exception):
    """Thrown in the middle of a transaction, on purpose."""


@pytest.fixture
async def tenants(settings: Settings) -> list[uuid.UUID]:
    """Four territories, each with five rows of its own in a table made for this trial."""
    tenant_ids = [uuid.uuid4() for _ in range(4)]
    database = Database(settings, "portal")
    async with database.platform_session(role="owner") as session:
        await session.execute(text("DROP TABLE IF EXISTS app.trial"))
        await session.execute(
            text(
                "CREATE TABLE app.trial (tenant_id uuid, id int, PRIMARY KEY (tenant_id, id))"
            )
        )
        for statement in (
            "ALTER TABLE app.trial ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE app.trial FORCE ROW LEVEL SECURITY",
            "CREATE POLICY tenant_isolation ON app.trial"
            " USING (tenant_id = app.current_tenant()) WITH CHECK (tenant_id = app.current_tenant())",
            "GRANT SELECT, INSERT, UPDATE ON app.trial TO udi_portal_app",
        ):
            await session.execute(text(statement))
    for tenant in tenant_ids:
        async with database.session(tenant, role="owner") as session:
            await session.execute(
                text(
                    "INSERT INTO app.trial SELECT app.current_tenant(), i FROM generate_series(1, 5) i"
                )
            )
    yield tenant_ids
    async with database.platform_session(role="owner") as session:
        await session.execute(text("DROP TABLE app.trial"))
    await database.close()


@contextlib.contextmanager
def survived() -> Iterator[None]:
    """What was planned, or a database that a crowded machine lets wait too long, ends one transaction and no more."""
    try:
        yield
    except PlannedError:
        pass
    except Exception as error:
        if not is_unavailable(error):
            raise


async def _rows(session: AsyncSession) -> set[uuid.UUID]:
    return set((await session.scalars(text("SELECT tenant_id FROM app.trial"))).all())


async def test_no_transaction_sees_another_territory_under_load(
    settings: Settings, tenants: list[uuid.UUID]
) -> None:
    database = Database(settings, "portal", pool_size=5)
    chance = random.Random(SEED)  # noqa: S311 - a fixed seed is the point
    leaks = []
    done = 0

    async def run_transaction(tenant: uuid.UUID, accident: float) -> None:
        nonlocal done
        async with database.session(tenant) as session:
            if await _rows(session) != {tenant}:
                leaks.append(tenant)
            if accident < 0.2:
                raise PlannedError
            if await _rows(session) != {tenant}:
                leaks.append(tenant)
            done += 1

    async def many() -> None:
        for _ in range(TRANSACTIONS):
            with survived():
                await run_transaction(chance.choice(tenants), chance.random())

    tasks = [asyncio.create_task(many()) for _ in range(TASKS)]
    for task in chance.sample(tasks, 10):
        await asyncio.sleep(0.01)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    open_connections = database.engine("app").pool.checkedout()  # type: ignore[attr-defined]
    await database.close()

    assert leaks == []
    assert done > TASKS * TRANSACTIONS / 3
    assert open_connections == 0


async def test_a_row_cannot_be_written_for_another_territory(
    portal_database: Database, tenants: list[uuid.UUID]
) -> None:
    mine, theirs = tenants[:2]

    with pytest.raises(Exception, match="row-level security"):
        async with portal_database.session(mine) as session:
            await session.execute(
                text("INSERT INTO app.trial VALUES (:theirs, 99)"), {"theirs": theirs}
            )

    async with portal_database.session(mine) as session:
        changed = await session.execute(
            text("UPDATE app.trial SET id = id + 10 WHERE tenant_id = :theirs"),
            {"theirs": theirs},
        )
        assert changed.rowcount == 0


async def test_without_a_territory_nothing_is_seen(
    portal_database: Database, tenants: list[uuid.UUID]
) -> None:
    async with portal_database.platform_session() as session:
        assert await _rows(session) == set()
