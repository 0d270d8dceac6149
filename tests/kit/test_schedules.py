"""Scheduled tasks: once whatever the number of workers, measured, made up for when missed, begun again when interrupted."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from udi.kit.db import Database
from udi.kit.schedules import (
    Schedule,
    Scheduler,
    ScheduleState,
    list_schedule_states,
    run_in_each_territory,
)
from udi.kit.tenancy import Territory
from udi.kit.territories import READ_ONLY, TerritoryRegistry, set_state
from udi.portal.tenants.models import Tenant

YEARLY = "0 0 1 1 *"
"""A time that does not come while a test runs: what runs, runs because it is new, missed or interrupted."""
SOON = 60.0
QUIET = 2.5
"""Seconds in which each worker looks twice, at least, for what is due."""


@pytest.fixture
async def database(portal_database: Database) -> AsyncIterator[Database]:
    """A database without a scheduled task, before and after."""
    await forget(portal_database)
    yield portal_database
    await forget(portal_database)


async def forget(database: Database) -> None:
    async with database.platform_session(role="worker") as session:
        await session.execute(text("DELETE FROM queue.pgqueuer_schedules"))
        await session.execute(text("DELETE FROM ops.scheduled_run"))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():  # noqa: ASYNC110 - the worker does not say that it is done
            await asyncio.sleep(0.02)


async def set_next_run(database: Database, when: timedelta) -> None:
    """Put the next time of every task where a test needs it."""
    statement = text(
        "UPDATE queue.pgqueuer_schedules SET next_run = now() + cast(:when AS interval)"
    )
    async with database.platform_session(role="worker") as session:
        await session.execute(statement, {"when": when})


async def read_state(database: Database, name: str) -> ScheduleState:
    async with database.platform_session() as session:
        states = await list_schedule_states(session)
    return next(state for state in states if state.name == name)


class Working:
    """A worker that runs these tasks while a test looks."""

    def __init__(self, database: Database, *schedules: Schedule) -> None:
        self._scheduler = Scheduler(database, schedules)

    async def __aenter__(self) -> None:
        self._running = asyncio.create_task(self._scheduler.run())

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._running


async def test_a_failed_run_is_measured_and_tried_at_the_next_time(
    database: Database,
) -> None:
    outcomes = [ValueError, ValueError, None]
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if error := outcomes[runs - 1]:
            raise error

    states = []
    for number in range(1, 4):
        async with Working(database, Schedule("work", YEARLY, work)):
            await until(lambda expected=number: runs == expected)  # type: ignore[misc]  # a default is no annotation
        states.append(await read_state(database, "work"))
        await set_next_run(database, -timedelta(seconds=1))

    assert [state.runs for state in states] == [1, 2, 3]
    assert [state.failures for state in states] == [1, 2, 2]
    assert [state.failed_in_a_row for state in states] == [1, 2, 0]
    assert [state.error for state in states] == ["ValueError", "ValueError", ""]
    assert [state.age is None for state in states] == [True, True, False]
    assert all(0 <= state.seconds < SOON for state in states)


async def test_what_was_missed_is_made_up_for_once_and_nothing_else_is_begun(
    database: Database,
) -> None:
    runs = Counter[str]()

    async def work() -> None:
        runs["work"] += 1

    schedule = Schedule("work", YEARLY, work)
    async with Working(database, schedule):
        await until(lambda: runs["work"] == 1)
    async with Working(database, schedule):
        await asyncio.sleep(QUIET)
    restarted = runs["work"]
    await set_next_run(database, -timedelta(days=3))
    overdue = (await read_state(database, "work")).overdue
    async with Working(database, schedule), Working(database, schedule):
        await until(lambda: runs["work"] == restarted + 1)
        await asyncio.sleep(QUIET)

    assert restarted == 1
    assert 3 * 86_400 <= overdue < 3 * 86_400 + SOON
    assert runs["work"] == 2


async def test_a_task_that_hangs_is_overdue_once_its_next_time_has_passed(
    database: Database,
) -> None:
    began = asyncio.Event()

    async def hang() -> None:
        began.set()
        await asyncio.Event().wait()

    async with Working(database, Schedule("hang", YEARLY, hang)):
        async with asyncio.timeout(SOON):
            await began.wait()
        in_time = (await read_state(database, "hang")).overdue
        await set_next_run(database, -timedelta(minutes=6))
        late = (await read_state(database, "hang")).overdue

    assert in_time < SOON
    assert late >= 360


async def test_a_task_runs_at_each_of_its_seconds_never_beside_itself(
    database: Database,
) -> None:
    begun: list[float] = []
    at_once = 0
    most = 0

    async def work() -> None:
        nonlocal at_once, most
        begun.append(asyncio.get_running_loop().time())
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(1.5)
        at_once -= 1

    schedule = Schedule("work", "* * * * * */1", work)
    async with Working(database, schedule), Working(database, schedule):
        await until(lambda: len(begun) == 3)

    assert most == 1
    assert begun[2] - begun[0] >= 3


async def test_a_worker_that_stops_interrupts_its_run_and_the_next_begins_it_again(
    database: Database,
) -> None:
    begun = 0
    ended = 0

    async def work() -> None:
        nonlocal begun, ended
        begun += 1
        if begun == 1:
            await asyncio.Event().wait()
        ended += 1

    schedule = Schedule("work", YEARLY, work)
    async with Working(database, schedule):
        await until(lambda: begun == 1)
    interrupted = ended
    async with Working(database, schedule):
        await until(lambda: ended == 1)

    assert interrupted == 0
    assert (await read_state(database, "work")).runs == 1


async def test_each_machine_runs_what_is_about_its_own_disk(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Counter[str]()

    async def work() -> None:
        runs[socket.gethostname()] += 1

    for machine in ("first", "second"):
        monkeypatch.setattr(socket, "gethostname", lambda name=machine: name)
        schedule = Schedule("work", YEARLY, work, per_machine=True)
        async with Working(database, schedule):
            await until(lambda name=machine: runs[name] == 1)  # type: ignore[misc]  # a default is no annotation

    async with database.platform_session() as session:
        states = await list_schedule_states(session)
    assert runs == {"first": 1, "second": 1}
    assert [(state.machine, state.runs) for state in states] == [
        ("first", 1),
        ("second", 1),
    ]


async def test_what_has_another_time_or_is_gone_in_this_release_is_forgotten(
    database: Database,
) -> None:
    runs = Counter[str]()

    async def work() -> None:
        runs["work"] += 1

    before = (Schedule("moved", YEARLY, work), Schedule("gone", YEARLY, work))
    async with Working(database, *before):
        await until(lambda: runs["work"] == 2)
    async with Working(database, Schedule("moved", "0 0 2 1 *", work)):
        await until(lambda: runs["work"] == 3)

    async with database.platform_session() as session:
        states = await list_schedule_states(session)
    assert [(state.name, state.runs) for state in states] == [("moved", 2)]


async def test_a_territory_that_fails_keeps_no_other_back_and_fails_the_run(
    database: Database, demo: Territory, other: Territory
) -> None:
    registry = TerritoryRegistry(database, Tenant, lambda host: host, max_age=0)
    reached: list[str] = []

    async def work(territory: Territory) -> None:
        reached.append(territory.slug)
        if territory.slug == min(demo.slug, other.slug):
            raise ValueError

    async def run() -> None:
        await run_in_each_territory(registry, work)

    async with Working(database, Schedule("work", YEARLY, run)):
        await until(lambda: len(reached) >= 2)
        await asyncio.sleep(0.2)

    assert {demo.slug, other.slug} <= set(reached)
    assert (await read_state(database, "work")).error == "TerritoriesFailedError"


async def test_a_territory_that_became_read_only_during_a_run_is_passed_by(
    database: Database, demo: Territory, other: Territory
) -> None:
    registry = TerritoryRegistry(database, Tenant, lambda host: host, max_age=0)
    first, last = sorted([demo, other], key=lambda territory: territory.slug)
    reached: list[str] = []

    async def work(territory: Territory) -> None:
        reached.append(territory.slug)
        async with database.platform_session(role="owner") as session:
            await set_state(session, Tenant, last.slug, READ_ONLY)

    await run_in_each_territory(registry, work, among={first.id, last.id})

    assert reached == [first.slug]
