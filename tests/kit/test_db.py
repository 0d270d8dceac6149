"""Sessions say their territory."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from udi.kit import read_connections
from udi.kit.db import MAX_READ_CONNECTIONS, PATIENCE, Database, is_unavailable
from udi.kit.jobs import enqueue, enqueue_each, list_queues
from udi.kit.read_connections import SessionRowReader
from udi.kit.tenancy import NoTenantError, Territory
from udi.settings import Role, Settings

BACKEND = text("SELECT pg_backend_pid()")


async def test_a_session_sets_its_territory_for_the_transaction_only(
    portal_database: Database, demo: Territory
) -> None:
    async with portal_database.session(demo.id) as session:
        assert await session.scalar(text("SELECT app.current_tenant()")) == demo.id

    async with portal_database.platform_session() as session:
        assert await session.scalar(text("SELECT app.current_tenant()")) is None


async def test_a_connection_that_goes_back_to_the_pool_forgets_the_territory(
    settings: Settings, demo: Territory
) -> None:
    """On the only connection there is, and without what sets the territory of each transaction."""
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.session(demo.id) as session:
            served = await session.scalar(BACKEND)
        async with database.engine("app").connect() as connection:
            assert await connection.scalar(BACKEND) == served
            assert await connection.scalar(text("SELECT app.current_tenant()")) is None
    finally:
        await database.close()


async def test_who_asked_nothing_leaves_no_territory_on_the_connection(
    settings: Settings, demo: Territory
) -> None:
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.session(demo.id) as session:
            await session.connection()
        async with database.engine("app").connect() as connection:
            assert await connection.scalar(text("SELECT app.current_tenant()")) is None
    finally:
        await database.close()


async def test_a_savepoint_keeps_its_territory_committed_or_rolled_back(
    portal_database: Database, demo: Territory
) -> None:
    async with portal_database.session(demo.id) as session:
        async with session.begin_nested():
            inside = await session.scalar(TENANT)
        with pytest.raises(ZeroDivisionError):
            async with session.begin_nested():
                raise ZeroDivisionError
        after = await session.scalar(TENANT)

    assert (inside, after) == (demo.id, demo.id)


async def test_jobs_are_queued_for_a_territory_only(
    portal_database: Database, demo: Territory
) -> None:
    async with portal_database.platform_session() as session:
        for queue in (enqueue(session, "job", {}), enqueue_each(session, "job", [{}])):
            with pytest.raises(NoTenantError):
                await queue

    async with portal_database.session(demo.id) as session:
        await enqueue_each(session, "job", [{"n": 1}, {"n": 2}])
        queued = [
            state for state in await list_queues(session) if state.tenant == demo.id
        ]
        await session.rollback()

    assert [state.waiting for state in queued] == [2]
    async with portal_database.platform_session(role="worker") as session:
        assert demo.id not in [state.tenant for state in await list_queues(session)]


async def test_a_session_without_a_territory_is_refused(
    portal_database: Database,
) -> None:
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
    async with (
        pages.session(demo.id, role="public") as outer,
        pages.session(other.id, role="public") as inner,
    ):
        first = await outer.scalar(TENANT), await inner.scalar(TENANT)
    async with pages.platform_session(role="public") as session:
        after = await session.scalar(TENANT)

    assert first == (demo.id, other.id)
    assert after is None, "nothing of the one before is left on its connection"


async def test_a_reading_writes_nothing(pages: Database, demo: Territory) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with pages.session(demo.id, role="public") as session:
            await session.execute(text("CREATE TABLE app.left_behind ()"))


@pytest.mark.parametrize("role", ["public", "app"])
async def test_a_connection_that_died_gives_way_to_a_new_one(
    pages: Database, postgres: str, demo: Territory, role: Role
) -> None:
    async with pages.session(demo.id, role=role) as session:
        process = await session.scalar(PROCESS)
    async with pages.session(demo.id, role=role) as session:
        assert await session.scalar(PROCESS) == process, "connections are kept"
    connection = await asyncpg.connect(postgres)
    assert await connection.fetchval("SELECT pg_terminate_backend($1, 5000)", process)
    await connection.close()

    async with pages.session(demo.id, role=role) as session:
        assert (
            await session.scalar(TENANT),
            await session.scalar(PROCESS) == process,
        ) == (demo.id, False)


@pytest.mark.parametrize(
    ("fresh", "questions"), [(60.0, 0), (0.0, 1)], ids=["just used", "rested"]
)
async def test_the_server_is_asked_about_a_connection_that_rested(
    pages: Database, postgres: str, demo: Territory, monkeypatch: pytest.MonkeyPatch,
    fresh: float, questions: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(read_connections, "FRESH", fresh)
    async with pages.session(demo.id) as session:
        process = await session.scalar(PROCESS)
    connection = await asyncpg.connect(postgres)
    last = "SELECT query_start FROM pg_stat_activity WHERE pid = $1"
    before = await connection.fetchval(last, process)

    async with pages.engine("app").connect():
        after = await connection.fetchval(last, process)

    await connection.close()
    assert int(after != before) == questions


async def test_rows_are_those_of_their_territory_on_whatever_connection(
    pages: Database, demo: Territory, other: Territory
) -> None:
    query = "SELECT app.current_tenant(), pg_backend_pid()"
    async with pages.session(other.id, role="public") as session:
        await session.scalar(TENANT)

    [first], [second] = (
        await pages.rows(demo.id).fetch(query),
        await pages.rows(other.id).fetch(query),
    )
    async with pages.platform_session(role="public") as session:
        after = await session.scalar(TENANT)
        [inside] = await SessionRowReader(session).fetch(query)

    assert (first[0], second[0], after, inside[0]) == (demo.id, other.id, None, None)
    assert first[1] == second[1] == inside[1], "one connection"


async def test_rows_are_read_and_never_written(
    pages: Database, portal_database: Database, demo: Territory
) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await pages.rows(demo.id).fetch("CREATE TABLE app.left_behind ()")
    with pytest.raises(RuntimeError, match="Only pages"):
        portal_database.rows(demo.id)


async def test_rows_come_from_a_new_connection_after_the_one_before_died(
    pages: Database, postgres: str, demo: Territory
) -> None:
    rows = pages.rows(demo.id)
    process = "SELECT pg_backend_pid()"
    [[before]] = await rows.fetch(process)
    connection = await asyncpg.connect(postgres)
    assert await connection.fetchval("SELECT pg_terminate_backend($1, 5000)", before)
    await connection.close()

    [[after]] = await rows.fetch(process)

    assert after != before


async def test_a_transaction_that_was_given_up_in_a_deadlock_may_be_tried_again(
    pages: Database, demo: Territory
) -> None:
    lock = text("SELECT pg_advisory_xact_lock(:key)")
    both = asyncio.Barrier(2)

    async def lock_in_order(*keys: int) -> None:
        async with pages.session(demo.id) as session:
            await session.execute(lock, {"key": keys[0]})
            await both.wait()
            await session.execute(lock, {"key": keys[1]})

    outcomes = await asyncio.gather(
        lock_in_order(1, 2), lock_in_order(2, 1), return_exceptions=True
    )
    [error] = [outcome for outcome in outcomes if outcome is not None]

    assert is_unavailable(error)


async def test_rows_that_take_too_long_leave_no_connection_in_the_middle_of_it(
    pages: Database, demo: Territory
) -> None:
    rows = pages.rows(demo.id)
    process = "SELECT pg_backend_pid()"
    [[before]] = await rows.fetch(process)

    with pytest.raises(Exception) as refusal:  # noqa: PT011 - which one depends on the driver
        await rows.fetch("SELECT pg_sleep($1)", PATIENCE + 10)
    [[after]] = await rows.fetch(process)

    assert is_unavailable(refusal.value)
    assert after != before


async def test_a_statement_of_a_session_that_is_cancelled_leaves_no_connection_in_the_middle_of_it(
    pages: Database, demo: Territory
) -> None:
    async with pages.session(demo.id, role="public") as session:
        before = await session.scalar(PROCESS)

    async def sleep() -> None:
        async with pages.session(demo.id, role="public") as session:
            assert await session.scalar(PROCESS) == before
            began.set()
            await SessionRowReader(session).fetch("SELECT pg_sleep($1)", PATIENCE + 10)

    began = asyncio.Event()
    sleeping = asyncio.create_task(sleep())
    await began.wait()
    await asyncio.sleep(0)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping

    async with pages.session(demo.id, role="public") as session:
        assert await session.scalar(PROCESS) != before


async def test_readings_are_planned_as_if_all_of_it_were_in_memory(
    pages: Database, portal_database: Database, demo: Territory
) -> None:
    """With the server's own cost, the producers of all territories are read to find the one of a dataset."""
    cost = "SELECT current_setting('random_page_cost')::float / current_setting('seq_page_cost')::float"

    [(reading,)] = await pages.rows(demo.id).fetch(cost)
    async with portal_database.session(demo.id) as session:
        writing = await session.scalar(text(cost))

    assert reading < 1.5
    assert writing > reading, "jobs go through whole tables, which may be on the disk"


async def test_readers_take_turns_on_few_connections(
    settings: Settings, demo: Territory
) -> None:
    database = Database(settings, "portal", pages=True)

    async def read() -> int:
        async with database.session(demo.id, role="public") as session:
            return int(await session.scalar(PROCESS) or 0)

    served = await asyncio.gather(*(read() for _ in range(4 * MAX_READ_CONNECTIONS)))
    await database.close()

    assert len(set(served)) <= MAX_READ_CONNECTIONS


async def wait_until_gone(superuser_dsn: str, process: int | None) -> None:
    """Until the server has ended one of its processes."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1"
    connection = await asyncpg.connect(superuser_dsn)
    try:
        async with asyncio.timeout(60):
            while await connection.fetchval(query, process):  # noqa: ASYNC110 - the server does not say so
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["public", "app"])
async def test_a_connection_that_nobody_used_for_long_is_let_go(
    settings: Settings,
    demo: Territory,
    role: Role,
    postgres: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("udi.kit.db.IDLE_TIMEOUT", "500ms")
    database = Database(settings, "portal", pages=True)

    async with database.session(demo.id, role=role) as session:
        first = await session.scalar(PROCESS)
    await wait_until_gone(postgres, first)
    async with database.session(demo.id, role=role) as session:
        second = await session.scalar(PROCESS)
        tenant = await session.scalar(TENANT)
    await database.close()

    assert (first != second, tenant) == (True, demo.id), (
        "who comes next has another, and no error"
    )
