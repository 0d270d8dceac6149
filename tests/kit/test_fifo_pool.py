"""Who waits longest for a connection has the next one, whoever comes meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from udi.kit.fifo_pool import FifoConnectionPool
from udi.settings import Settings

PATIENCE = 60.0


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """One connection, for which everybody waits a minute."""
    dsn = settings.dsn("portal", "public")
    new_engine = create_async_engine(
        dsn,
        poolclass=FifoConnectionPool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=PATIENCE,
    )
    yield new_engine
    await new_engine.dispose()


async def test_who_comes_as_a_connection_is_given_back_waits_behind_those_who_did(
    engine: AsyncEngine,
) -> None:
    came: list[str] = []

    async def take(name: str) -> None:
        async with engine.connect():
            came.append(name)

    busy_connection = await engine.connect()
    waiting = [asyncio.create_task(take(name)) for name in ("first", "second")]
    await asyncio.sleep(0.1)
    await busy_connection.close()
    await take("last")
    await asyncio.gather(*waiting)

    assert came == ["first", "second", "last"]


async def test_who_waited_too_long_or_went_away_holds_nobody_up(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = cast("FifoConnectionPool", engine.pool)
    monkeypatch.setattr(pool, "_timeout", 0.3)
    busy_connection = await engine.connect()
    gone = asyncio.create_task(engine.connect().start())
    await asyncio.sleep(0.1)
    patient = asyncio.create_task(engine.connect().start())
    await asyncio.sleep(0.1)
    gone.cancel()
    with pytest.raises(PoolTimeoutError):
        await patient
    monkeypatch.setattr(pool, "_timeout", PATIENCE)
    last = asyncio.create_task(engine.connect().start())
    await asyncio.sleep(0.1)
    await busy_connection.close()

    connection = await last
    assert not connection.closed
    await connection.close()


async def test_a_pool_that_may_grow_grows_before_anybody_waits(
    settings: Settings,
) -> None:
    dsn = settings.dsn("portal", "public")
    engine = create_async_engine(
        dsn, poolclass=FifoConnectionPool, pool_size=1, max_overflow=2, pool_timeout=1
    )
    busy_connections = [await engine.connect() for _ in range(3)]

    with pytest.raises(PoolTimeoutError):
        await engine.connect()
    for connection in busy_connections:
        await connection.close()
    await engine.dispose()
