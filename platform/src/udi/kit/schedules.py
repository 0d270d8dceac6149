"""Scheduled tasks: work that recurs, done at its time by one of the workers of a program, and measured.

The scheduler is pgqueuer's. A row keeps when a task runs next: of several workers one takes it; what was missed while no
worker ran is made up for once, by the first that starts; a task whose worker died is taken again half a minute later.
A task that still runs at its next time is not begun a second time.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, cast
from uuid import UUID

import asyncpg
import structlog
from asyncpg.exceptions import DiskFullError
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.domain.models import Schedule as ScheduleRow
from sqlalchemy import Select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import FULL_PAUSE, build_queries
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.kit.territory_reads import find_territories
from udi.kit.tracebacks import describe_traceback

log = structlog.get_logger()
FEW = 40
"""As many territories as have their turn at each pass, whatever happens there."""
QUIET_TURNS = 4
"""Of more territories, a pass takes this part of them, those first whose turn was longest ago: the load is spread."""
QUIET_FOR = timedelta(minutes=3, seconds=30)
"""A turn that was longer ago than this comes at any pass: where one lasts minutes, or failed, nobody waits for the minute."""
NEVER = datetime.min.replace(tzinfo=UTC)
MACHINE_MARK = "@"
"""Between the name of a task and its machine, in the row of one that each machine runs for itself."""

REGISTER = """
WITH planned AS (SELECT unnest($1::text[]) AS entrypoint, unnest($2::text[]) AS expression),
renamed AS (
  DELETE FROM queue.pgqueuer_schedules s WHERE NOT EXISTS (
    SELECT FROM planned p WHERE p.entrypoint = s.entrypoint AND p.expression = s.expression)
  AND (split_part(s.entrypoint, '@', 1) <> ALL ($3::text[]) OR s.entrypoint = ANY ($1::text[])
    OR s.updated < now() - interval '7 days')),
forgotten AS (
  DELETE FROM ops.scheduled_run r WHERE r.name <> ALL ($3::text[]) OR r.ended_at < now() - interval '7 days')
INSERT INTO queue.pgqueuer_schedules (entrypoint, expression, next_run)
SELECT entrypoint, expression, now() FROM planned
ON CONFLICT (entrypoint, expression) DO NOTHING"""
"""A new task runs at once. What has another time, or another name, since this release is forgotten, as are machines that
have been gone for a week."""
POSTPONE = "UPDATE queue.pgqueuer_schedules SET next_run = now() WHERE id = $1"
RECORD = text("""
INSERT INTO ops.scheduled_run AS run
  (name, machine, ended_at, succeeded_at, seconds, runs, failures, failed_in_a_row, error)
VALUES (:name, :machine, now(), CASE WHEN :error = '' THEN now() END, :seconds, 1,
  CASE WHEN :error = '' THEN 0 ELSE 1 END, CASE WHEN :error = '' THEN 0 ELSE 1 END, :error)
ON CONFLICT (name, machine) DO UPDATE SET ended_at = excluded.ended_at,
  succeeded_at = coalesce(excluded.succeeded_at, run.succeeded_at), seconds = excluded.seconds, runs = run.runs + 1,
  failures = run.failures + excluded.failures, error = excluded.error,
  failed_in_a_row = CASE WHEN :error = '' THEN 0 ELSE run.failed_in_a_row + 1 END""")
STATES = text("""
SELECT split_part(s.entrypoint, '@', 1) AS name, split_part(s.entrypoint, '@', 2) AS machine,
  CASE WHEN s.entrypoint LIKE '%@%' THEN 0 ELSE greatest(extract(epoch FROM now() - least(s.next_run,
    CASE WHEN s.status = 'picked' THEN s.heartbeat END)), 0) END::float AS overdue,
  extract(epoch FROM now() - r.succeeded_at)::float AS age, coalesce(r.seconds, 0) AS seconds,
  coalesce(r.runs, 0) AS runs, coalesce(r.failures, 0) AS failures, coalesce(r.failed_in_a_row, 0) AS failed_in_a_row,
  coalesce(r.error, '') AS error
FROM queue.pgqueuer_schedules s LEFT JOIN ops.scheduled_run r
  ON r.name = split_part(s.entrypoint, '@', 1) AND r.machine = split_part(s.entrypoint, '@', 2)
ORDER BY 1, 2""")


@dataclass(frozen=True)
class Schedule:
    """Work that recurs: `cron` is when, in UTC, with five fields, or six where the last one is seconds."""

    name: str
    cron: str
    run: Callable[[], Awaitable[object]]
    per_machine: bool = False
    """Each machine runs it for itself: it is about what lies on its disk."""

    @property
    def machine(self) -> str:
        """The name of this machine, or none where one machine runs it for all."""
        return socket.gethostname() if self.per_machine else ""

    @property
    def entrypoint(self) -> str:
        """What its row is named."""
        if self.per_machine:
            return f"{self.name}{MACHINE_MARK}{self.machine}"
        return self.name


Schedules = Sequence[Schedule]


@dataclass(frozen=True)
class ScheduleState:
    """How a scheduled task stands; times are in seconds."""

    name: str
    machine: str
    overdue: float
    """Since it should have begun, also while an earlier run goes on; or since its worker was last heard of."""
    age: float | None
    """Since it last succeeded."""
    seconds: float
    """What the last run took."""
    runs: int
    failures: int
    failed_in_a_row: int
    error: str
    """The type of what went wrong the last time."""


class TerritoriesFailedError(Exception):
    """A scheduled task failed in some territories; each has its line in the log."""


def choose_turn(
    territories: Sequence[Territory],
    done_at: Mapping[UUID, datetime],
    moment: datetime,
) -> set[UUID]:
    """The territories whose turn it is at a pass though nothing happened there, by when theirs last succeeded.

    All while they are few; else those that wait for longest, and each that never had one or whose was too long ago.
    """
    if len(territories) <= FEW:
        return {territory.id for territory in territories}
    moments = {
        territory.id: done_at.get(territory.id, NEVER) for territory in territories
    }
    longest_ago = sorted(moments, key=moments.__getitem__)
    overdue = {known for known in moments if moments[known] <= moment - QUIET_FOR}
    return overdue | set(longest_ago[: len(moments) // QUIET_TURNS])


async def run_in_each_territory(
    registry: TerritoryRegistry,
    work: Callable[[Territory], Awaitable[object]],
    *,
    among: Collection[UUID] | None = None,
    at_once: bool = False,
) -> None:
    """Do something in every territory, or in those that are named; what goes wrong in one holds up no other.

    One that became read only since the run began is passed by: what it is to write would be in no archive of it.

    Raises:
        TerritoriesFailedError: it went wrong in one of them.
    """

    async def try_in(territory: Territory) -> bool:
        try:
            if await registry.is_active(territory.id):
                await work(territory)
        except Exception as error:  # noqa: BLE001 - the run fails once all territories had theirs
            log.warning(
                "scheduled task failed in a territory",
                territory=territory.slug,
                error=type(error).__name__,
                traceback=describe_traceback(error),
            )
            return False
        return True

    territories = [
        territory
        for territory in await registry.list()
        if among is None or territory.id in among
    ]
    if at_once:
        outcomes = await asyncio.gather(*map(try_in, territories))
    else:
        outcomes = [await try_in(territory) for territory in territories]
    failed = outcomes.count(False)
    if failed:
        raise TerritoriesFailedError(failed)


def run_sessions(
    database: Database,
    registry: TerritoryRegistry,
    work: Callable[[AsyncSession, Territory], Awaitable[object]],
    *,
    due: Callable[[], Select[Any]] | None = None,
) -> Callable[[], Awaitable[None]]:
    """A task that does something in a transaction of each territory; with `due`, of each where that finds something.

    What recurs each minute or more often is asked that way: a thousand territories where nothing is due cost one statement.
    """

    async def run_in_territory(territory: Territory) -> None:
        async with database.session(territory.id, role="worker") as session:
            await work(session, territory)

    async def run() -> None:
        among = await find_territories(database, due()) if due else None
        await run_in_each_territory(registry, run_in_territory, among=among)

    return run


def run_by_clock(
    database: Database,
    registry: TerritoryRegistry,
    work: Callable[[AsyncSession, datetime, tzinfo], Awaitable[object]],
) -> Callable[[], Awaitable[None]]:
    """A task that does what is due now by the clock of each territory."""

    async def run_in_zone(session: AsyncSession, territory: Territory) -> None:
        await work(session, now(), territory.zone)

    return run_sessions(database, registry, run_in_zone)


async def list_schedule_states(session: AsyncSession) -> list[ScheduleState]:
    """How each scheduled task of a program stands, by name."""
    rows = (await session.execute(STATES)).mappings()
    return [ScheduleState(**row) for row in rows]


class Scheduler:
    """Runs the scheduled tasks of a program in one of its workers."""

    def __init__(self, database: Database, schedules: Sequence[Schedule]) -> None:
        self._database = database
        self._schedules = schedules
        self._runs: set[asyncio.Task[str]] = set()

    async def run(self) -> None:
        """Run each task at its time, until cancelled; while the database's disk is full, ask again."""
        while self._schedules:
            try:
                await self._follow_schedules()
            except DiskFullError:
                log.warning(
                    "scheduled tasks not taken, the disk of the database is full"
                )
            await asyncio.sleep(FULL_PAUSE)

    async def _follow_schedules(self) -> None:
        """Follow them on a connection that is none of those for work: a busy worker still knows the time."""
        apart = self._database.clone()
        try:
            await self._follow_on(apart)
        finally:
            await apart.close()

    async def _follow_on(self, apart: Database) -> None:
        async with apart.engine("worker").connect() as connection:
            raw = await connection.get_raw_connection()
            driver = cast("asyncpg.Connection", raw.driver_connection)
            manager = SchedulerManager(build_queries(driver))
            for schedule in self._schedules:
                run = self._build_run(schedule, manager)
                manager.schedule(
                    schedule.entrypoint, schedule.cron, accepts_context=False
                )(run)
            await driver.execute(
                REGISTER,
                [key.entrypoint for key in manager.registry],
                [key.expression for key in manager.registry],
                [schedule.name for schedule in self._schedules],
            )
            following = asyncio.create_task(manager.run())
            try:
                await asyncio.wait({following})
            finally:
                await self._end_runs(following, manager)
            following.result()

    async def _end_runs(
        self, following: asyncio.Task[None], manager: SchedulerManager
    ) -> None:
        """Interrupt what runs, and wait until its rows say so: the next worker begins it again at once."""
        manager.shutdown.set()
        while not following.done():
            for run in self._runs:
                run.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait({following}, timeout=1)

    def _build_run(
        self, schedule: Schedule, manager: SchedulerManager
    ) -> Callable[[ScheduleRow], Awaitable[None]]:
        async def run(row: ScheduleRow) -> None:
            began = time.monotonic()
            with structlog.contextvars.bound_contextvars(schedule=schedule.name):
                task = asyncio.create_task(_await_run(schedule))
                self._runs.add(task)
                await asyncio.wait({task})
                self._runs.discard(task)
                if task.cancelled():
                    await manager.queries.driver.execute(POSTPONE, row.id)
                else:
                    seconds = time.monotonic() - began
                    await self._record(schedule, seconds, task.result())

        return run

    async def _record(self, schedule: Schedule, seconds: float, failure: str) -> None:
        values = {
            "name": schedule.name,
            "machine": schedule.machine,
            "seconds": seconds,
            "error": failure,
        }
        try:
            async with self._database.platform_session(role="worker") as session:
                await session.execute(RECORD, values)
        except Exception as error:  # noqa: BLE001 - its next run is noted again
            log.warning("run of a scheduled task not noted", error=type(error).__name__)


async def _await_run(schedule: Schedule) -> str:
    """Run a task; the type of what went wrong, if anything did: it is tried again at its next time."""
    try:
        await schedule.run()
    except Exception as error:  # noqa: BLE001 - measured, and tried again
        log.warning(
            "scheduled task failed",
            error=type(error).__name__,
            traceback=describe_traceback(error),
        )
        return type(error).__name__
    return ""
