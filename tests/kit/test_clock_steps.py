"""What was queued while the clock of the database was ahead waits no longer than anything else once it is right."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from udi.kit import jobs
from udi.kit.clock_steps import move_to_present
from udi.kit.db import Database
from udi.kit.jobs import Job, Worker
from udi.kit.tenancy import Territory

NAME = "clock_trial"
AHEAD = timedelta(minutes=10)
LEAVE_IN_THE_FUTURE = """
UPDATE queue.pgqueuer SET execute_after = execute_after + cast(:ahead AS interval), created = created + cast(:ahead AS interval),
  updated = updated + cast(:ahead AS interval), heartbeat = heartbeat + cast(:ahead AS interval)
WHERE entrypoint = :name"""
SECONDS_LEFT = "SELECT extract(epoch FROM execute_after - now())::float FROM queue.pgqueuer WHERE entrypoint = :name"
SCHEDULE = """
INSERT INTO queue.pgqueuer_schedules (entrypoint, expression, next_run, updated, heartbeat)
VALUES (:name, '* * * * *', now() + cast(:ahead AS interval) + interval '20 seconds',
  now() + cast(:ahead AS interval), now() + cast(:ahead AS interval))"""
NEXT_RUN = "SELECT extract(epoch FROM next_run - now())::float FROM queue.pgqueuer_schedules WHERE entrypoint = :name"


@pytest.fixture
async def database(portal_database: Database) -> AsyncIterator[Database]:
    """A database in which nothing of this trial stays."""
    yield portal_database
    for table in ("pgqueuer", "pgqueuer_schedules"):
        await execute(
            portal_database, f"DELETE FROM queue.{table} WHERE entrypoint = :name"
        )


async def execute(database: Database, statement: str) -> None:
    async with database.platform_session(role="worker") as session:
        await session.execute(text(statement).bindparams(name=NAME))


async def execute_ahead(database: Database, statement: str) -> None:
    async with database.platform_session(role="worker") as session:
        await session.execute(text(statement), {"name": NAME, "ahead": AHEAD})


async def read(database: Database, statement: str) -> float:
    async with database.platform_session(role="worker") as session:
        seconds: float = (await session.scalars(text(statement), {"name": NAME})).one()
        return seconds


async def enqueue(database: Database, territory: Territory, delay: timedelta) -> None:
    async with database.session(territory.id, role="worker") as session:
        await jobs.enqueue(session, NAME, {}, delay=delay)


@pytest.mark.parametrize("delay", [timedelta(), timedelta(minutes=3)])
async def test_a_job_of_the_future_keeps_its_delay_and_no_more(
    database: Database, demo: Territory, delay: timedelta
) -> None:
    await enqueue(database, demo, delay)
    await execute_ahead(database, LEAVE_IN_THE_FUTURE)
    before = await read(database, SECONDS_LEFT)

    async with database.platform_session(role="worker") as session:
        moved = await move_to_present(session)

    seconds = delay.total_seconds()
    assert moved == 1
    assert before > seconds + 500
    assert seconds - 60 < await read(database, SECONDS_LEFT) <= seconds


async def test_a_job_for_later_is_left_alone(
    database: Database, demo: Territory
) -> None:
    await enqueue(database, demo, AHEAD)

    async with database.platform_session(role="worker") as session:
        moved = await move_to_present(session)

    assert moved == 0
    assert await read(database, SECONDS_LEFT) > 500


async def test_a_scheduled_task_of_the_future_has_its_next_time(
    database: Database,
) -> None:
    await execute_ahead(database, SCHEDULE)

    async with database.platform_session(role="worker") as session:
        moved = await move_to_present(session)

    assert moved == 1
    assert await read(database, NEXT_RUN) <= 20


async def test_a_worker_does_what_was_queued_in_the_future(
    database: Database, demo: Territory
) -> None:
    await enqueue(database, demo, timedelta())
    await execute_ahead(database, LEAVE_IN_THE_FUTURE)
    done = list[str]()

    async def note(job: Job) -> None:
        done.append(job.name)
        worker.stop()

    worker = Worker(database, {NAME: note})
    async with asyncio.timeout(60):
        await worker.run()

    assert done == [NAME]
