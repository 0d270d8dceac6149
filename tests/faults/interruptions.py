"""Ends a worker at one step of one kind of task, as a power cut would: loaded by `tests.preloaded` into the worker itself.

Of scheduled tasks only those are there that the trial names, and each runs when the trial says so, not by its clock.

The product knows nothing of it. A step is the moment before or after something that lasts: a transaction that wrote is
committed, a request or a mail leaves, an object is stored or deleted, a child process answers. Each is noted in a file, so
that a run which nobody interrupts tells which steps there are.
"""

import inspect
import json
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from udi.kit import child, http, jobs, mail_relay, schedules
from udi.kit.territories import TerritoryRegistry
from udi.node.files.storage.store import ObjectStore
from udi.portal.identity.provision.admin import RealmConnection
from udi.ui import worker

VARIABLE = "UDI_TEST_INTERRUPTION"
"""As JSON: where to note steps (`journal`), which kind ends at which of its steps (`kind`, `step`; 0: none), which scheduled
tasks there are (`schedules`), and the territory in which they do something (`tenant`).
"""
RARELY = "0 0 1 1 *"
"""When a scheduled task runs by its clock in a trial: at New Year, so that it runs when its row is made due, and only then."""
EACH_SECOND = "* * * * * *"
"""How often the rows of scheduled tasks are looked at: the scheduler sleeps until the next time of one of them."""
LOOK = "look"
HAS_WRITTEN = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"
TAKEN = "taken"
FAILED = "failed"
CALL_STEP = "request"
"""The name of the two steps around a call of another program."""
_kind = ContextVar("kind", default="")


class Interruption:
    """What this worker is to do; made once, when it starts."""

    def __init__(self) -> None:
        order = json.loads(os.environ[VARIABLE])
        self.schedules = set(order["schedules"])
        self.tenant = UUID(order["tenant"])
        self._target = (order["kind"], order["step"])
        self._journal = os.open(
            order["journal"], os.O_WRONLY | os.O_APPEND | os.O_CREAT
        )
        self._passed = Counter[str]()

    def pass_step(self, name: str) -> None:
        """Note a step of the task that is done here, if one is; end this process if it is the one."""
        kind = _kind.get()
        if not kind:
            return
        self._passed[kind] += 1
        os.write(self._journal, f"{kind}\t{name}\n".encode())
        if self._target == (kind, self._passed[kind]):
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def surround(self, name: str) -> Any:
        """A step before and one after what is done in the block, unless that failed."""
        self.pass_step(f"before {name}")
        yield
        self.pass_step(f"after {name}")

    @contextmanager
    def follow(self, kind: str) -> Any:
        """All that is done in the block is done for a task of this kind."""
        token = _kind.set(kind)
        try:
            self.pass_step(TAKEN)
            yield
            self.pass_step("done")
        except Exception:
            self.pass_step(FAILED)
            raise
        finally:
            _kind.reset(token)


def install() -> None:
    """Watch what this worker does."""
    interruption = Interruption()
    for owner, name in (
        (http.OutgoingClient, CALL_STEP),
        (mail_relay.MailRelay, "send"),
        (ObjectStore, "put"),
        (ObjectStore, "put_bytes"),
        (ObjectStore, "delete"),
        (child.ChildProcess, "call"),
        (RealmConnection, "raw_post"),
        (RealmConnection, "raw_put"),
        (RealmConnection, "raw_delete"),
    ):
        _wrap(interruption, owner, name)
    _watch_commits(interruption)
    _watch_tasks(interruption)
    _watch_schedules(interruption)
    _leave_others_out(interruption)
    http.CheckedBackend.is_private = _is_of_this_machine  # type: ignore[method-assign, assignment]  # whoever is called listens here


def _wrap(interruption: Interruption, owner: Any, name: str) -> None:
    original = getattr(owner, name)
    if inspect.iscoroutinefunction(original):

        async def call(*arguments: Any, **options: Any) -> Any:
            with interruption.surround(name):
                return await original(*arguments, **options)

    else:

        def call(*arguments: Any, **options: Any) -> Any:  # type: ignore[misc]  # as what it stands for
            with interruption.surround(name):
                return original(*arguments, **options)

    setattr(owner, name, call)


def _watch_commits(interruption: Interruption) -> None:
    commit_transaction = Connection._commit_impl

    def commit(connection: Connection) -> None:
        if not (_kind.get() and connection.exec_driver_sql(HAS_WRITTEN).scalar()):
            commit_transaction(connection)
            return
        with interruption.surround("commit"):
            commit_transaction(connection)

    connections: Any = Connection
    connections._commit_impl = commit


def _watch_tasks(interruption: Interruption) -> None:
    build_executor = jobs.Worker._executor

    def build(self: jobs.Worker, name: str, handler: jobs.Handler) -> Any:
        async def handle(job: jobs.Job) -> None:
            with interruption.follow(name):
                await handler(job)

        return build_executor(self, name, handle)

    jobs.Worker._executor = build  # type: ignore[method-assign]  # a trial notes the steps of each task


def _watch_schedules(interruption: Interruption) -> None:
    await_run = schedules._await_run

    async def run(schedule: schedules.Schedule) -> str:
        if schedule.name == LOOK:
            return await await_run(schedule)
        with interruption.follow(schedule.name):
            failure = await await_run(schedule)
            if failure:
                interruption.pass_step(FAILED)
            return failure

    schedules._await_run = run


def _leave_others_out(interruption: Interruption) -> None:
    """No companion, no territory but one, and only the scheduled tasks that are named: what others do is another trial's."""
    program: Any = worker
    run_until_stopped = program.run_until_stopped
    list_schedules = program.list_schedules

    def list_named(site: Any) -> list[schedules.Schedule]:
        named = [
            replace(schedule, cron=RARELY, per_machine=False)
            for schedule in list_schedules(site)
            if schedule.name in interruption.schedules
        ]
        if not named:
            return []
        return [*named, schedules.Schedule(LOOK, EACH_SECOND, _do_nothing)]

    async def run(own_worker: jobs.Worker, *others: Awaitable[None]) -> None:
        *companions, scheduler = others
        for companion in companions:
            _close(companion)
        await run_until_stopped(own_worker, scheduler)

    program.run_until_stopped = run
    program.build_reseal_task = partial(program.build_reseal_task, wait=0.0)
    program.list_schedules = list_named
    _leave_territories_out(interruption.tenant)


def _leave_territories_out(tenant: UUID) -> None:
    registry: Any = TerritoryRegistry
    reload_register = registry._reload

    async def reload(self: Any) -> None:
        await reload_register(self)
        for name in ("_known", "_read_only", "_suspended"):
            territories = [row for row in getattr(self, name) if row.id == tenant]
            setattr(self, name, territories)

    registry._reload = reload


def _close(companion: Any) -> None:
    close: Callable[[], None] = companion.close
    close()


def _is_of_this_machine(_backend: Any, host: str, *_: Any) -> bool:
    return host == "127.0.0.1" or host.endswith("localhost")


async def _do_nothing() -> None:
    return
