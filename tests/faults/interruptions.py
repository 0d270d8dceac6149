"""Ends a worker at one step of one kind of task, as a power cut would: loaded by `tests.preloaded` into the worker itself.

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
from typing import Any

from sqlalchemy.engine import Connection

from udi.kit import child, http, jobs, mail_relay
from udi.node.files.storage.store import ObjectStore
from udi.ui import worker

VARIABLE = "UDI_TEST_INTERRUPTION"
"""Where to note steps (`journal`), and which kind ends at which of its steps (`kind`, `step`; 0: none), as JSON."""
HAS_WRITTEN = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"
FAILED = "failed"
_kind = ContextVar("kind", default="")


class Interruption:
    """What this worker is to do; made once, when it starts."""

    def __init__(self) -> None:
        order = json.loads(os.environ[VARIABLE])
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
            self.pass_step("taken")
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
        (http.OutgoingClient, "request"),
        (mail_relay.MailRelay, "send"),
        (ObjectStore, "put"),
        (ObjectStore, "put_bytes"),
        (ObjectStore, "delete"),
        (child.ChildProcess, "call"),
    ):
        _wrap(interruption, owner, name)
    _watch_commits(interruption)
    _watch_tasks(interruption)
    _leave_others_out()
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


def _leave_others_out() -> None:
    """No companion and no scheduled task: what they do is another trial's."""
    program: Any = worker
    run_until_stopped = program.run_until_stopped

    async def run(own_worker: jobs.Worker, *others: Awaitable[None]) -> None:
        for other in others:
            _close(other)
        await run_until_stopped(own_worker)

    program.run_until_stopped = run


def _close(companion: Any) -> None:
    close: Callable[[], None] = companion.close
    close()


def _is_of_this_machine(_backend: Any, host: str, *_: Any) -> bool:
    return host == "127.0.0.1" or host.endswith("localhost")
