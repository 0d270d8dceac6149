"""Few children for many questions: each in its turn, none longer than its time, a new one for each that is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog

from udi.kit.child import ChildError, ChildMemoryError, ChildProcess, ChildTimeoutError
from udi.kit.errors import TooManyRequestsError, UdiError, UnavailableError
from udi.kit.sandbox import ProcessLimits
from udi.kit.service_registry import ServiceKey
from udi.tabular.queries.fair_queue import FairQueue, QueueFullError, Slot
from udi.tabular.queries.query_budget import QueryBudget
from udi.tabular.queries.sql import Statement

log = structlog.get_logger()
T = TypeVar("T")
FETCH = "udi.tabular.sandbox.engine:fetch"
SOON = {"Retry-After": "5"}
LATER = "Try again in a few seconds."
IDLE = 0.3
"""A child that had a processor for less than this share of its time is not to blame, nor is its question."""
EXPORT = "Ask for less at once, or download the whole table."


@dataclass(frozen=True)
class PoolLimits:
    """How many, how long, how large; memory is of address space, of which an idle child with four open files takes 460 MB."""

    children: int = 3
    own_children: int = 2
    waiting: int = 64
    own_waiting: int = 16
    patience: float = 10.0
    seconds: float = 5.0
    memory_mb: int = 1024
    places: tuple[str, ...] = ()
    """Folders of the files that may be asked about; none: the one for temporary files."""
    idle: float = 300.0
    """Seconds after which a child that nobody asks is ended, and lets go of the files that it opened, deleted ones too."""


class QueryTooHeavyError(UdiError):
    """The request is understood, but needs more time or memory than one request may use."""

    status = 422
    slug = "too-heavy"
    title = "This request is too heavy"
    meaning = "The request is understood, but needs more time or memory than one request may use."
    advice = "Ask for less: fewer rows, fewer groups; or download the table."


class AsyncFairQueue:
    """Waits for one's turn, not for ever."""

    def __init__(self, queue: FairQueue, patience: float) -> None:
        self._queue = queue
        self._patience = patience
        self._calls: dict[Slot, asyncio.Event] = {}

    @asynccontextmanager
    async def acquire_slot(
        self,
        space: str,
        patience: float | None = None,
        *,
        budget: QueryBudget | None = None,
    ) -> AsyncIterator[None]:
        """A place, for as long as the block lasts, which takes of `budget`; `patience` in seconds where it is not that of the queue.

        Raises:
            TooManyRequestsError: too many questions about this producer's tables wait already, or nothing is left of `budget`.
            UnavailableError: too many wait, or the turn did not come in time.
        """
        if budget is not None:
            budget.require()
        slot = self._enqueue(space)
        try:
            await self._wait(slot, self._patience if patience is None else patience)
            with nullcontext() if budget is None else budget.measure():
                yield
        finally:
            self._calls.pop(slot, None)
            for served in self._queue.release(slot):
                self._calls[served].set()

    def _enqueue(self, space: str) -> Slot:
        try:
            return self._queue.enqueue(space)
        except QueueFullError as error:
            if error.of_space:
                raise TooManyRequestsError(
                    "Many requests for this producer's tables are waiting.",
                    remedy=LATER,
                    headers=SOON,
                ) from None
            raise UnavailableError(
                "Many requests are waiting.", remedy=LATER, headers=SOON
            ) from None

    async def _wait(self, slot: Slot, patience: float) -> None:
        if slot.served:
            return
        call = self._calls[slot] = asyncio.Event()
        try:
            async with asyncio.timeout(patience):
                await call.wait()
        except TimeoutError:
            raise UnavailableError(
                "Many requests are waiting.", remedy=LATER, headers=SOON
            ) from None


class QueryPool:
    """The children of one web worker; they die with it."""

    def __init__(self, limits: PoolLimits | None = None) -> None:
        self.limits = limits or PoolLimits()
        queue = FairQueue(
            self.limits.children,
            self.limits.own_children,
            self.limits.waiting,
            self.limits.own_waiting,
        )
        self._gate = AsyncFairQueue(queue, self.limits.patience)
        self._idle: list[tuple[ChildProcess, Path, float]] = []
        self._busy: set[ChildProcess] = set()
        self._retiring: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def acquire_reader(
        self,
        space: str,
        path: Path,
        *,
        seconds: float = 0,
        budget: QueryBudget | None = None,
    ) -> AsyncIterator["ParquetReader"]:
        """A child that answers questions about one Parquet, when the space's turn has come.

        `seconds` are for all of them, 0: as long as a question may take; `budget` is whose time they take.

        Raises:
            TooManyRequestsError: too many questions about this producer's tables wait already, or nothing is left of `budget`.
            UnavailableError: too many wait, or the turn did not come in time.
        """
        async with self._gate.acquire_slot(space, budget=budget):
            child = await self._acquire_child(path)
            self._busy.add(child)
            try:
                if not child.pid:
                    await child.start()
                until = asyncio.get_running_loop().time() + (
                    seconds or self.limits.seconds
                )
                yield ParquetReader(child, path, until)
            finally:
                self._busy.discard(child)
                if child.pid:
                    self._release_child(child, path)

    @property
    def pids(self) -> list[int]:
        """The processes that there are."""
        return [
            child.pid
            for child in (*self._busy, *(child for child, *_ in self._idle))
            if child.pid
        ]

    async def close(self) -> None:
        """End every child."""
        children = [*self._busy, *(child for child, *_ in self._idle)]
        self._idle.clear()
        if self._retiring is not None:
            self._retiring.cancel()
        for child in children:
            await child.end()

    def _release_child(self, child: ChildProcess, path: Path) -> None:
        self._idle.append((child, path, asyncio.get_running_loop().time()))
        if self._retiring is None or self._retiring.done():
            self._retiring = asyncio.create_task(self._retire())

    async def _retire(self) -> None:
        """End the children that nobody asked for some minutes, until none is left to wait for."""
        while self._idle:
            await asyncio.sleep(self.limits.idle)
            before = asyncio.get_running_loop().time() - self.limits.idle
            tired = [child for child, _, since in self._idle if since <= before]
            self._idle = [entry for entry in self._idle if entry[0] not in tired]
            for child in tired:
                await child.end()

    async def _acquire_child(self, path: Path) -> ChildProcess:
        """The idle child that opened this file last, else any, else a new one."""
        dead = [child for child, *_ in self._idle if not child.is_alive]
        self._idle = [entry for entry in self._idle if entry[0] not in dead]
        for child in dead:
            await child.end()
        idle_entry = next(
            (entry for entry in self._idle if entry[1] == path),
            self._idle[0] if self._idle else None,
        )
        if idle_entry is None:
            return ChildProcess(
                ProcessLimits(self.limits.memory_mb, places=self.limits.places)
            )
        self._idle.remove(idle_entry)
        return idle_entry[0]


POOL = ServiceKey[QueryPool]("query pool", "tables")


class ParquetReader:
    """Asks a child about one Parquet until the time is over."""

    def __init__(self, child: ChildProcess, path: Path, until: float) -> None:
        self._child = child
        self._path = path
        self._until = until

    async def fetch(self, statement: Statement) -> list[list[Any]]:
        """The rows of a statement.

        Raises:
            QueryTooHeavyError: it takes more time or memory than one question may, or its answer is too long.
            UnavailableError: the child died, or had no processor to work with.
        """
        content = await self.run(FETCH, bytes, statement.sql, statement.values)
        return msgspec.json.decode(content, type=list[list[Any]])

    async def run(self, name: str, expected: type[T], *arguments: object) -> T:
        """What a function named `module:function` answers, which is given the path and these arguments.

        Raises:
            QueryTooHeavyError: it takes more time or memory than one question may, or its answer is too long.
            UnavailableError: the child died, or had no processor to work with.
        """
        left = max(self._until - asyncio.get_running_loop().time(), 0.01)
        try:
            return await self._child.call_by_name(
                name, expected, ((self._path, *arguments), {}), seconds=left
            )
        except ChildTimeoutError as error:
            if error.worked < IDLE:
                raise UnavailableError(
                    "The node is busy.", remedy=LATER, headers=SOON
                ) from None
            raise QueryTooHeavyError(
                "Its answer takes too long.", remedy=EXPORT
            ) from None
        except ChildMemoryError:
            await self._child.end()
            raise QueryTooHeavyError(
                "Its answer takes too much memory.", remedy=EXPORT
            ) from None
        except ChildError as error:
            if error.args[:1] == ("AnswerTooLargeError",):
                remedy = "Ask for fewer rows or columns: page_size, columns."
                raise QueryTooHeavyError(
                    "Its answer is too long.", remedy=remedy
                ) from None
            log.warning("table not read", error=type(error).__name__, reason=error.args)
            raise UnavailableError(
                "The table could not be read.", remedy=LATER, headers=SOON
            ) from error
