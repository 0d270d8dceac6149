"""Work that follows a change: queued in the change's own transaction, done by the worker, retried with back-off.

Jobs live in PostgreSQL (schema `queue`, pgqueuer). A job that failed every attempt stays there, held and visible.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import structlog
from asyncpg.exceptions import DiskFullError
from pgqueuer import AsyncpgDriver, Queries
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.core.executors import (
    AbstractEntrypointExecutor,
    DatabaseRetryEntrypointExecutor,
    EntrypointExecutorParameters,
)
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job as QueuedJob
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import Channel, JobId
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import traces
from udi.kit.clock_steps import move_to_present
from udi.kit.db import Database
from udi.kit.fair_queue import (
    CHECK_INTERVAL,
    SHARE,
    QueuePosition,
    keep_until_open,
    postpone_jobs,
    promote_next_job,
    promote_waiting_jobs,
    release_postponed_jobs,
    reserve_position,
)
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import NoTenantError, TerritoryClosedError, tenant_context
from udi.kit.tracebacks import describe_traceback
from udi.kit.traces import SpanKind
from udi.kit.transaction_context import find_driver

log = structlog.get_logger()
SCHEMA = DBSettings(db_schema="queue")
ATTEMPTS = 30
FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(hours=1)
POLL_INTERVAL = timedelta(seconds=5)
"""How often the queue is looked at without being told: a job that failed comes back without a notice."""
FULL_PAUSE = 2.0
"""Seconds after which a database whose disk was full is asked for jobs again."""
DRAIN_INTERVAL = 0.2
"""Seconds between two looks at what is left in the queue of a territory."""
CANCELLED_AGAIN = 1.0
"""Seconds after which a task that was to end, and goes on, is cancelled again."""


@dataclass(frozen=True)
class Job:
    """What a handler receives: its territory, what to do it with, and which attempt this is (from 0)."""

    name: str
    tenant: UUID
    payload: dict[str, Any]
    attempt: int
    last: bool
    """True when a failure now is final."""


Handler = Callable[[Job], Awaitable[None]]
Handlers = Mapping[str, Handler]
"""By the name of the job."""
BeforeJob = Callable[[], Awaitable[object]]
"""Waited for before each job: what the same process does first."""
BEFORE_JOB = ServiceKey[BeforeJob]("pause before a job", "catalogue")
HeavyJobListener = Callable[[UUID, UUID, float], Awaitable[None]]
"""Told of each heavy job that ended: its territory, its share, and how many seconds it took."""
HEAVY_JOB_LISTENER = ServiceKey[HeavyJobListener]("listener of heavy jobs", "spaces")


@dataclass(frozen=True)
class HeldJob:
    """A job that failed every attempt, waiting for a person."""

    id: int
    name: str
    tenant: UUID
    payload: dict[str, Any]
    attempts: int
    since: datetime


@dataclass(frozen=True)
class QueueState:
    """How a queue stands for one territory; ages are in seconds, of the oldest job."""

    tenant: UUID
    waiting: int
    held: int
    age: float
    """Since the oldest waiting job was queued."""
    overdue: float
    """Since the oldest waiting job should have begun: grows when no worker runs."""


def install_sql() -> str:
    """Statements that create the queue's tables (run once, by a migration)."""
    return str(
        QueryBuilderEnvironment(settings=SCHEMA).build_install_query(create_schema=True)
    )


def build_queries(connection: object) -> Queries:
    """Build the statements of pgqueuer on a connection of the driver."""
    return Queries(
        AsyncpgDriver(cast("asyncpg.Connection", connection)),
        qbe=QueryBuilderEnvironment(settings=SCHEMA),
        qbq=QueryQueueBuilder(settings=SCHEMA),
        qbs=QuerySchedulerBuilder(settings=SCHEMA),
    )


async def _session_queries(session: AsyncSession) -> Queries:
    return build_queries(await find_driver(session))


async def enqueue(
    session: AsyncSession,
    name: str,
    payload: Mapping[str, Any],
    *,
    delay: timedelta | None = None,
    share: UUID | None = None,
    at_once: int = 1,
) -> None:
    """Queue a job for the session's territory; it exists only if the transaction commits.

    A heavy job says whose `share` of the worker it takes (a space), and how many of that share may be done `at_once`:
    see `fairness`; with a `delay`, it begins some seconds after it at the earliest. Jobs without a share are light, and
    come first.

    Raises:
        NoTenantError: the session has no territory.
    """
    tenant = _tenant_of(session, name)
    await session.flush()
    body = json.dumps({"tenant": str(tenant), **payload}).encode()
    if share:
        turn = await reserve_position(session, share, at_once, delay)
    else:
        turn = QueuePosition(0, delay, {})
    headers = {**turn.headers, **traces.get_trace_headers()}
    await (await _session_queries(session)).enqueue(
        name,
        body,
        turn.priority,
        execute_after=turn.delay,
        headers=headers or None,
    )


def _tenant_of(session: AsyncSession, name: str) -> UUID:
    tenant: UUID | None = session.info.get("tenant")
    if tenant is None:
        msg = f"The job {name} was queued without a territory."
        raise NoTenantError(msg)
    return tenant


async def enqueue_each(
    session: AsyncSession, name: str, payloads: Sequence[Mapping[str, Any]]
) -> None:
    """Queue a light job for each of the payloads, at once.

    Raises:
        NoTenantError: the session has no territory.
    """
    tenant = _tenant_of(session, name)
    if not payloads:
        return
    await session.flush()
    number = len(payloads)
    bodies: list[bytes | None] = [
        json.dumps({"tenant": str(tenant), **payload}).encode() for payload in payloads
    ]
    headers: list[dict[str, str] | None] = [traces.get_trace_headers() or None] * number
    await (await _session_queries(session)).enqueue(
        [name] * number, bodies, [0] * number, headers=headers
    )


async def list_held_jobs(session: AsyncSession, *, limit: int = 100) -> list[HeldJob]:
    """Jobs that failed every attempt, newest first, of every territory (for the operator)."""
    return [
        _describe_held_job(job)
        for job in await (await _session_queries(session)).list_failed_jobs(limit)
    ]


async def requeue_jobs(session: AsyncSession, ids: list[int]) -> None:
    """Give held jobs all their attempts again."""
    await (await _session_queries(session)).requeue_jobs([JobId(id_) for id_ in ids])


QUEUE_STATES = text("""
SELECT convert_from(payload, 'UTF8')::jsonb ->> 'tenant' AS tenant,
  count(*) FILTER (WHERE status <> 'failed') AS waiting, count(*) FILTER (WHERE status = 'failed') AS held,
  coalesce(extract(epoch FROM now() - min(created) FILTER (WHERE status <> 'failed')), 0)::float AS age,
  greatest(coalesce(extract(epoch FROM now() - min(coalesce((headers ->> 'due')::timestamptz, execute_after))
    FILTER (WHERE status = 'queued')), 0), 0)::float AS overdue
FROM queue.pgqueuer WHERE status IN ('queued', 'picked', 'failed') GROUP BY 1 ORDER BY 1""")


async def list_queues(session: AsyncSession) -> list[QueueState]:
    """How the queue stands for each territory that has jobs in it (for the operator)."""
    rows = (await session.execute(QUEUE_STATES)).mappings()
    return [QueueState(**{**row, "tenant": UUID(row["tenant"])}) for row in rows]


async def wait_until_drained(
    database: Database, tenant: UUID, limit: float
) -> list[str]:
    """Wait, at most `limit` seconds, until no job of a territory is being done or due; the names of those left, or none.

    Once none is, those for later (another attempt, a delay) are put off until the territory is active again: its queue
    does nothing meanwhile, unless something new is queued.
    """
    until = time.monotonic() + limit
    left = await _postpone_jobs(database, tenant)
    while left:
        if any(is_due for _, is_due in left):
            if time.monotonic() >= until:
                break
            await asyncio.sleep(DRAIN_INTERVAL)
        left = await _postpone_jobs(database, tenant)
    return sorted({name for name, is_due in left if is_due})


async def _postpone_jobs(database: Database, tenant: UUID) -> list[tuple[str, bool]]:
    async with database.platform_session(role="worker") as session:
        return await postpone_jobs(session, tenant)


def _describe_held_job(job: QueuedJob) -> HeldJob:
    payload = json.loads(job.payload or b"{}")
    return HeldJob(
        id=job.id,
        name=job.entrypoint,
        tenant=UUID(payload.pop("tenant")),
        payload=payload,
        attempts=job.attempts,
        since=job.created,
    )


class Worker:
    """The one process of a program that does its jobs."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        attempts: int = ATTEMPTS,
        first_delay: timedelta = FIRST_DELAY,
        poll_interval: timedelta = POLL_INTERVAL,
        spent: HeavyJobListener | None = None,
        give_way: BeforeJob | None = None,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._attempts = attempts
        self._first_delay = first_delay
        self._poll_interval = poll_interval
        self._spent = spent
        self._give_way = give_way
        self._manager: QueueManager | None = None
        self._stopped = False

    async def run(self) -> None:
        """Do jobs until `stop`; while the database's disk is full, ask again. One that is lost ends the worker."""
        while True:
            try:
                await self._run_jobs()
            except DiskFullError:
                log.warning("jobs not taken, the disk of the database is full")
            else:
                return
            if self._stopped:
                return
            await asyncio.sleep(FULL_PAUSE)

    async def _run_jobs(self) -> None:
        """Do jobs on one connection as the worker's role."""
        async with self._database.engine("worker").connect() as connection:
            raw = await connection.get_raw_connection()
            manager = QueueManager(
                build_queries(raw.driver_connection), Channel(SCHEMA.channel)
            )
            for name, handler in self._handlers.items():
                manager.register_executor(name, self._executor(name, handler))
            self._manager = manager
            if self._stopped:
                return
            looking = asyncio.create_task(self._watch_waiting_jobs())
            try:
                await manager.run(
                    batch_size=4,
                    dequeue_timeout=self._poll_interval,
                    max_concurrent_tasks=8,
                )
            finally:
                looking.cancel()

    async def _watch_waiting_jobs(self) -> None:
        while True:
            try:
                async with self._database.platform_session(role="worker") as session:
                    if moved := await move_to_present(session):
                        log.warning("clock of the database was set back", rows=moved)
                    await release_postponed_jobs(session)
                    await promote_waiting_jobs(session, SCHEMA.channel)
            except Exception as error:  # noqa: BLE001 - looked at again in some seconds
                log.warning("jobs put off not looked at", error=type(error).__name__)
            await asyncio.sleep(CHECK_INTERVAL)

    async def _end_heavy_job(self, tenant: UUID, share: UUID, seconds: float) -> None:
        """A heavy job ended, well or not: the next of its share comes forward, and its time is noted."""
        try:
            async with self._database.platform_session(role="worker") as session:
                await promote_next_job(session, share)
            if self._spent is not None:
                await self._spent(tenant, share, seconds)
        except Exception as error:  # noqa: BLE001 - what is not called now is found by the next look
            log.warning("end of a heavy job not noted", error=type(error).__name__)

    async def _keep_until_open(self, queued: QueuedJob) -> None:
        """A job whose territory is closed is done as far as the queue goes: another one waits in its stead.

        Where the worker dies between the two, it is looked at again, and two wait: what is done twice is as after a kill.
        """
        async with self._database.platform_session(role="worker") as session:
            is_kept = await keep_until_open(session, queued.id)
        log.info("job of a closed territory", queued_again=is_kept)

    def stop(self) -> None:
        """Finish the jobs in hand and return from `run`, even if it has not begun."""
        self._stopped = True
        if self._manager is not None:
            self._manager.shutdown.set()

    def _executor(self, name: str, handler: Handler) -> AbstractEntrypointExecutor:
        async def run(queued: QueuedJob) -> None:
            payload = json.loads(queued.payload or b"{}")
            tenant = UUID(payload.pop("tenant"))
            last = queued.attempts >= self._attempts
            if self._give_way is not None:
                await self._give_way()
            headers = queued.headers or {}
            share = headers.get(SHARE)
            parent = str(headers.get(traces.HEADER, ""))
            began = time.monotonic()
            with (
                tenant_context(tenant),
                structlog.contextvars.bound_contextvars(job=name, tenant=str(tenant)),
                traces.open_span(f"job {name}", SpanKind.CONSUMER, parent=parent),
            ):
                try:
                    await handler(Job(name, tenant, payload, queued.attempts, last))
                except TerritoryClosedError:
                    await self._keep_until_open(queued)
                except Exception as error:
                    log.warning(
                        "job failed",
                        attempt=queued.attempts,
                        last=last,
                        error=type(error).__name__,
                        traceback=describe_traceback(error),
                    )
                    raise
                finally:
                    if share:
                        await self._end_heavy_job(
                            tenant, UUID(str(share)), time.monotonic() - began
                        )

        return DatabaseRetryEntrypointExecutor(
            EntrypointExecutorParameters(
                concurrency_limit=0, func=run, on_failure="hold"
            ),
            max_attempts=self._attempts,
            initial_delay=self._first_delay,
            max_delay=LONGEST_DELAY,
        )


async def run_until_stopped(worker: Worker, *companions: Awaitable[None]) -> None:
    """Run a worker beside its companions (search feed, clean-up); the first failure ends all."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_end_when_cancelled(worker.run()))
        for companion in companions:
            group.create_task(_end_when_cancelled(companion))


async def _end_when_cancelled(awaitable: Awaitable[None]) -> None:
    """Await something that runs for ever, and cancel it until it ends.

    One cancellation may be lost: before Python 3.12, `asyncio.wait_for`, which drivers use, answers with what ended at
    the same moment instead (github.com/python/cpython/issues/86296).
    """
    task = asyncio.ensure_future(awaitable)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCELLED_AGAIN)
        raise
    task.result()
