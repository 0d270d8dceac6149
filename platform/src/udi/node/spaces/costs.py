"""What a space cost in a month: place by day, what was sent, calls, seconds of heavy jobs. Quantities, never a bill."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.node.spaces.models import Space, SpaceDay, UseCount
from udi.node.spaces.use_counts import UseKind

GIGABYTE = 10**9


@dataclass(frozen=True)
class Month:
    """A calendar month (UTC)."""

    first: date

    @classmethod
    def read(cls, value: str) -> "Month":
        """`2026-11`.

        Raises:
            ValueError: it is no month.
        """
        return cls(date.fromisoformat(f"{value}-01"))

    @classmethod
    def current(cls) -> "Month":
        return cls(now().date().replace(day=1))

    @property
    def next(self) -> "Month":
        return Month((self.first + timedelta(days=32)).replace(day=1))

    @property
    def before(self) -> "Month":
        return Month((self.first - timedelta(days=1)).replace(day=1))

    @property
    def days(self) -> list[date]:
        """The days of the month that have begun."""
        end = min(self.next.first, now().date() + timedelta(days=1))
        return [
            self.first + timedelta(days=number)
            for number in range(max(0, (end - self.first).days))
        ]

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True)
class SpaceCost:
    """The quantities of one space in one month."""

    slug: str
    name: str
    gigabyte_days: float
    bytes_sent: int
    downloads: int
    api_calls: int
    job_seconds: float


async def list_costs(
    session: AsyncSession, month: Month, space: Space | None = None
) -> list[SpaceCost]:
    """The cost sheet of the territory's spaces (or of one), by slug."""
    query = select(Space).order_by(Space.slug)
    if space:
        spaces = [space]
    else:
        spaces = list((await session.scalars(query)).all())
    uses = await _uses(session, month)
    costs = []
    for current_space in spaces:
        days = await _days(session, current_space, month)
        sent, downloads, calls = uses.get(current_space.id, (0, 0, 0))
        seconds = sum(day.job_seconds for day in days if day.day >= month.first)
        stored = gigabyte_days({day.day: day.stored_bytes for day in days}, month.days)
        costs.append(
            SpaceCost(
                current_space.slug,
                current_space.name,
                round(stored, 3),
                sent,
                downloads,
                calls,
                round(seconds, 1),
            )
        )
    return costs


async def _uses(
    session: AsyncSession, month: Month
) -> Mapping[UUID, tuple[int, int, int]]:
    file = UseCount.kind == UseKind.FILE
    numbers = (
        func.sum(UseCount.bytes),
        func.coalesce(func.sum(UseCount.count).filter(file), 0),
        func.coalesce(func.sum(UseCount.count).filter(~file), 0),
    )
    query = select(UseCount.space_id, *numbers).where(
        UseCount.day >= month.first, UseCount.day < month.next.first
    )
    rows = await session.execute(query.group_by(UseCount.space_id))
    return {
        space: (int(sent), int(downloads), int(calls))
        for space, sent, downloads, calls in rows
    }


async def _days(
    session: AsyncSession, space: Space, month: Month
) -> Sequence[SpaceDay]:
    """The days of the month, and the last one before on which somebody looked."""
    condition = SpaceDay.space_id == space.id
    last_day_query = select(func.max(SpaceDay.day)).where(
        condition, SpaceDay.day < month.first, SpaceDay.stored_bytes.is_not(None)
    )
    since = await session.scalar(last_day_query) or month.first
    query = select(SpaceDay).where(
        condition, SpaceDay.day >= since, SpaceDay.day < month.next.first
    )
    return (await session.scalars(query.order_by(SpaceDay.day))).all()


def gigabyte_days(
    size_by_day: Mapping[date, int | None], days: Iterable[date]
) -> float:
    """Gigabytes (10^9 bytes) kept, times days; a day on which nobody looked counts as the last one before."""
    first = min(days := list(days), default=None)
    if first is None:
        return 0.0
    stored = max(
        (
            (day, size)
            for day, size in size_by_day.items()
            if day < first and size is not None
        ),
        default=(first, 0),
    )[1]
    total = 0
    for day in days:
        size = size_by_day.get(day)
        stored = stored if size is None else size
        total += stored
    return total / GIGABYTE


async def note_stored(session: AsyncSession, sizes: Mapping[UUID, int]) -> None:
    """Note how much each space keeps today: the most that was seen in the day stays."""
    if not sizes:
        return
    rows = [
        {"space_id": space, "day": now().date(), "stored_bytes": size}
        for space, size in sorted(sizes.items())
    ]
    statement = insert(SpaceDay).values(rows)
    most = func.greatest(SpaceDay.stored_bytes, statement.excluded.stored_bytes)
    keys = ["tenant_id", "space_id", "day"]
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=keys, set_={"stored_bytes": most}
        )
    )


async def note_job(session: AsyncSession, space: UUID, seconds: float) -> None:
    """Add the time of one heavy job to the day of its space; a share that is no space's is nobody's cost."""
    if await session.scalar(select(Space.id).where(Space.id == space)) is None:
        return
    statement = insert(SpaceDay).values(
        space_id=space, day=now().date(), job_seconds=seconds
    )
    total = SpaceDay.job_seconds + statement.excluded.job_seconds
    keys = ["tenant_id", "space_id", "day"]
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=keys, set_={"job_seconds": total}
        )
    )
