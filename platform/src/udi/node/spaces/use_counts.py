"""Uses of datasets, counted in this process and added to the database every few seconds; nothing is kept of who.

What a reader takes in parts is one download. To see that, a digest of the address and of the name of the program is
held in memory, with a salt that nobody sees: both are forgotten within the hour, and neither is written anywhere.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import Insert, insert

from udi.kit.clock import now
from udi.kit.db import Database, is_unavailable
from udi.kit.service_registry import ServiceKey
from udi.kit.shared_memory import SharedNumber, SharedTable
from udi.kit.tenancy import space_context
from udi.node.spaces.clients import ClientKind
from udi.node.spaces.models import UseCount

log = structlog.get_logger()
FLUSH_EVERY = 5.0
"""Seconds: what a process that is killed loses at most."""
REMEMBERED = 1800.0
"""Seconds that a salt lasts, and with it all that it hid: a reader is known for half an hour at most."""
MOST_READERS = 2**17
FIRST = ""
"""The name under which the end of a salt stands; no reader has it."""
AT_ONCE = 1000


class UseKind(StrEnum):
    """How a dataset was used: its file, its table's API, an export of it, or an OGC service."""

    FILE = "file"
    API = "api"
    EXPORT = "export"
    OGC = "ogc"


@dataclass(frozen=True, order=True)
class UseKey:
    """What is counted together."""

    tenant: UUID
    space: UUID
    dataset: UUID
    day: date
    kind: str
    client: str


class RecentReaders:
    """Who is taking something in parts, for a short while, without knowing who; all web workers know it together."""

    def __init__(self, lasts: float = REMEMBERED) -> None:
        self._lasts = lasts
        self._seen = SharedTable(MOST_READERS)
        self._end: asyncio.TimerHandle | None = None
        self._ends_at = 0.0

    def is_new(self, *traits: str) -> bool:
        """Whether nobody like this asked since the salt was drawn; they are known afterwards."""
        moment = time.monotonic()
        with self._seen.lock():
            first = self._seen.read(FIRST)
            if first is None or first.until <= moment:
                self._seen.clear()
                first = SharedNumber(0, moment + self._lasts)
                self._seen.write(FIRST, first)
            reader = "\0".join(traits)
            is_known = self._seen.read(reader) is not None
            self._seen.write(reader, SharedNumber(0, first.until))
        self._schedule_end(first.until, moment)
        return not is_known

    def _schedule_end(self, ends_at: float, moment: float) -> None:
        """Each worker that knows of a reader sees to it that they are forgotten, whoever else ends before."""
        if ends_at != self._ends_at:
            self._ends_at = ends_at
            if self._end is not None:
                self._end.cancel()
            loop = asyncio.get_running_loop()
            self._end = loop.call_later(ends_at - moment, self._forget_if_due)

    def _forget_if_due(self) -> None:
        with self._seen.lock():
            first = self._seen.read(FIRST)
            if first is None or first.until <= time.monotonic():
                self._seen.clear()

    def forget(self) -> None:
        """Drop salt and digests, for all workers."""
        with self._seen.lock():
            self._seen.clear()
        if self._end is not None:
            self._end.cancel()


class UseCounter:
    """The counts of one process. Several processes and machines add up in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: dict[UseKey, list[int]] = {}
        self._timer: asyncio.Task[None] | None = None
        self.readers = RecentReaders()

    def add(self, use: UseKey, *, count: int = 1, sent: int = 0) -> None:
        """Count, and have it written soon."""
        numbers = self._counts.setdefault(use, [0, 0])
        numbers[0] += count
        numbers[1] += sent
        if self._timer is None or self._timer.done():
            self._timer = asyncio.get_running_loop().create_task(self._flush_soon())

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_EVERY)
        self._timer = None
        await self.flush()

    async def flush(self) -> None:
        """Add what was counted to the database: one statement a territory. What it does not take now comes back."""
        counts = self._counts
        self._counts = {}
        for tenant in {use.tenant for use in counts}:
            entries = sorted(
                (use, numbers)
                for use, numbers in counts.items()
                if use.tenant == tenant
            )
            for start in range(0, len(entries), AT_ONCE):
                await self._write(tenant, entries[start : start + AT_ONCE])

    async def _write(
        self, tenant: UUID, entries: list[tuple[UseKey, list[int]]]
    ) -> None:
        try:
            with space_context(None):
                async with self._database.session(tenant) as session:
                    await session.execute(_upsert(entries))
        except Exception as error:  # noqa: BLE001 - counting never fails a request, nor the stop of a process
            log.warning(
                "uses not written",
                error=type(error).__name__,
                retained=is_unavailable(error),
            )
            if is_unavailable(error):
                for use, (count, sent) in entries:
                    self.add(use, count=count, sent=sent)

    async def close(self) -> None:
        """Write what is left, and forget the readers."""
        if self._timer is not None:
            self._timer.cancel()
        await self.flush()
        if self._timer is not None:
            self._timer.cancel()
        self.readers.forget()


USE_COUNTER = ServiceKey[UseCounter]("use counter", "spaces")


def _upsert(entries: list[tuple[UseKey, list[int]]]) -> Insert:
    rows = [
        {
            "dataset_id": use.dataset,
            "day": use.day,
            "kind": use.kind,
            "client": use.client,
            "space_id": use.space,
            "count": count,
            "bytes": sent,
        }
        for use, (count, sent) in entries
    ]
    statement = insert(UseCount).values(rows)
    added = {
        name: getattr(UseCount, name) + statement.excluded[name]
        for name in ("count", "bytes")
    }
    return statement.on_conflict_do_update(
        index_elements=["tenant_id", "dataset_id", "day", "kind", "client"], set_=added
    )


def use_of(
    tenant: UUID, space: UUID, dataset: UUID, kind: UseKind, client: ClientKind
) -> UseKey:
    """A use of this very day (UTC)."""
    return UseKey(tenant, space, dataset, now().date(), kind.value, client.value)
