"""Children for strangers' files: one file each, few at once, spaces in turn; one stands ready, whose start nobody waits for."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import structlog

from udi.kit.child import ChildError, ChildProcess
from udi.kit.errors import TooManyRequestsError, UnavailableError
from udi.kit.sandbox import ProcessLimits
from udi.kit.service_registry import ServiceKey
from udi.tabular.queries.fair_queue import FairQueue
from udi.tabular.queries.pool import AsyncFairQueue

log = structlog.get_logger()
T = TypeVar("T")
START = 60.0
CHILD = ProcessLimits(memory_mb=2048, file_bytes=256 * 1024**2)


class QueueTimeoutError(Exception):
    """Too many files are being read: this one's turn did not come in time."""


@dataclass(frozen=True)
class ReaderLimits:
    """How many at once, in all and of one space; how many may wait, how long; what each child may use.

    `kept` is how long, in seconds, a child stands ready that nobody needs.
    """

    places: int = 3
    own_places: int = 2
    waiting: int = 64
    own_waiting: int = 16
    patience: float = 60.0
    standby_seconds: float = 300.0
    child: ProcessLimits = CHILD


class FileReaderPool:
    """The children of one process; `warm` is what a child that stands ready has called, so that its imports are done.

    A child reaches temporary files, and the folder of `schemas`.
    """

    def __init__(
        self,
        warm: Callable[[], None],
        limits: ReaderLimits | None = None,
        schemas: Path | None = None,
    ) -> None:
        self.limits = limits or ReaderLimits()
        self._warm = warm
        self._child = replace(
            self.limits.child,
            places=(tempfile.gettempdir(), *([str(schemas)] if schemas else [])),
        )
        queue = (
            self.limits.places,
            self.limits.own_places,
            self.limits.waiting,
            self.limits.own_waiting,
        )
        self._gate = AsyncFairQueue(FairQueue(*queue), self.limits.patience)
        self._ready: ChildProcess | None = None
        self._taken = asyncio.Event()
        self._standing: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def open_reader(
        self,
        space: Hashable,
        memory: Path | None = None,
        *,
        patience: float | None = None,
    ) -> AsyncIterator["FileReader"]:
        """One file of a space: the turn begins with the first call, and ends with the block.

        `memory` is the folder of what may be in no other; its child is made for it, and reaches nothing else.
        `patience` is how long to wait for the turn, in seconds, where it is not that of the limits.
        """
        async with AsyncExitStack() as stack:
            yield FileReader(self, space, stack, memory, patience)

    @property
    def standby_pid(self) -> int:
        """The process that stands ready; 0: none does."""
        if self._ready is not None:
            return self._ready.pid
        return 0

    def start_standby(self) -> None:
        """Start a child before anybody needs it."""
        if self._standing is None or self._standing.done():
            self._standing = asyncio.create_task(self._run_standby())

    @asynccontextmanager
    async def acquire_slot(
        self, space: Hashable, patience: float | None = None
    ) -> AsyncIterator[None]:
        """A place; `patience` as in `open_reader`.

        Raises:
            QueueTimeoutError: there was none in time.
        """
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(
                    self._gate.acquire_slot(str(space), patience)
                )
            except (TooManyRequestsError, UnavailableError):
                raise QueueTimeoutError from None
            yield

    async def acquire_child(self, memory: Path | None = None) -> ChildProcess:
        """The child that stands ready, else a new one; it is the caller's to end."""
        if memory is not None:
            schemas = self._child.places[1:]
            dedicated_child = ChildProcess(
                replace(self._child, places=(str(memory), *schemas))
            )
            await dedicated_child.start()
            return dedicated_child
        child = self._ready
        self._ready = None
        if child is not None and child.is_alive:
            self._taken.set()
            return child
        child = ChildProcess(self._child)
        await child.start()
        return child

    async def close(self) -> None:
        """End the child that stands ready."""
        if self._standing is not None:
            self._standing.cancel()
            with suppress(asyncio.CancelledError):
                await self._standing

    async def _run_standby(self) -> None:
        child = ChildProcess(self._child)
        event = asyncio.Event()
        self._taken = event
        try:
            await child.start()
            await child.call(self._warm, seconds=START)
            self._ready = child
            async with asyncio.timeout(self.limits.standby_seconds):
                await event.wait()
        except TimeoutError:
            log.debug("nobody needed the child that stood ready")
        except (ChildError, OSError) as error:
            log.warning("no child stands ready", error=type(error).__name__)
        finally:
            if not event.is_set():
                self._ready = None
                await child.end()


READERS = ServiceKey[FileReaderPool]("file readers", "datasets")


class FileReader:
    """What is asked of a child about one file; the same one answers as long as it lives."""

    def __init__(
        self,
        readers: FileReaderPool,
        space: Hashable,
        stack: AsyncExitStack,
        memory: Path | None,
        patience: float | None = None,
    ) -> None:
        self._readers = readers
        self._space = space
        self._stack = stack
        self._memory = memory
        self._patience = patience
        self._child: ChildProcess | None = None

    async def call(self, function: Callable[..., T], *args: Any, seconds: float) -> T:
        """What an importable function answers in the child.

        Raises:
            QueueTimeoutError: too many files are being read.
            ChildError: as `Child.call` says; the next call has another child.
        """
        if self._child is None:
            await self._stack.enter_async_context(
                self._readers.acquire_slot(self._space, self._patience)
            )
            self._stack.push_async_callback(self._end)
            self._child = await self._readers.acquire_child(self._memory)
        elif not self._child.is_alive:
            await self._child.end()
            self._child = await self._readers.acquire_child(self._memory)
        return await self._child.call(function, *args, seconds=seconds)

    async def _end(self) -> None:
        if self._child is not None:
            await self._child.end()
        self._readers.start_standby()
