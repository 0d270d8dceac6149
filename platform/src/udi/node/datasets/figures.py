"""Uses of a producer's datasets, read for its page, its downloads, and the dataset that tells them to everybody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.node.datasets.models import Dataset
from udi.node.files.models import ErasedDataset
from udi.node.spaces.clients import ClientKind
from udi.node.spaces.models import Space, UseCount
from udi.node.spaces.use_counts import UseKind

HEADER = ("dataset_id", "title", "day", "kind", "client", "count", "bytes")


@dataclass(frozen=True)
class UsageFigure:
    """Uses of one dataset on one day, in one way, by one kind of client."""

    dataset_id: UUID
    title: str
    day: date
    kind: str
    client: str
    count: int
    bytes: int

    @property
    def row(self) -> tuple[object, ...]:
        """The figure as a line of a table, by `HEADER`."""
        return tuple(
            str(getattr(self, name))
            if name in {"dataset_id", "day"}
            else getattr(self, name)
            for name in HEADER
        )


async def list_figures(
    session: AsyncSession, space: Space, since: date, until: date
) -> list[UsageFigure]:
    """What was used from one day up to but not including another, for the producer; a dataset that is gone has no title."""
    same = (Dataset.tenant_id == UseCount.tenant_id) & (
        Dataset.id == UseCount.dataset_id
    )
    query = select(UseCount, Dataset.title).outerjoin(Dataset, same)
    query = query.where(
        UseCount.space_id == space.id, UseCount.day >= since, UseCount.day < until
    )
    return _figures(await session.execute(_order_uses(query)))


async def list_public_figures(
    session: AsyncSession, space: Space, until: date
) -> list[UsageFigure]:
    """The same of the datasets that are open now, under the title that is public, for everybody.

    Of restricted ones, bytes by downloads of before would say how long the file is.
    """
    same = (Dataset.tenant_id == UseCount.tenant_id) & (
        Dataset.id == UseCount.dataset_id
    )
    query = select(UseCount, Dataset.record["resource_title"].astext).join(
        Dataset, same
    )
    public = (
        Dataset.record.is_not(None),
        Dataset.withdrawn_at.is_(None),
        Dataset.opened_at.is_not(None),
    )
    query = query.where(
        UseCount.space_id == space.id,
        UseCount.day < until,
        *public,
        ~Dataset.restricted,
    )
    return _figures(await session.execute(_order_uses(query)))


def _order_uses(query: Any) -> Any:
    return query.order_by(
        UseCount.day, UseCount.dataset_id, UseCount.kind, UseCount.client
    )


def _figures(rows: Iterable[Any]) -> list[UsageFigure]:
    return [
        UsageFigure(
            use.dataset_id,
            title or "",
            use.day,
            use.kind,
            use.client,
            use.count,
            use.bytes,
        )
        for use, title in rows
    ]


@dataclass(frozen=True)
class ChartBar:
    """One day of a drawing, in its units."""

    day: date
    count: int
    x: float
    y: float
    width: float
    height: float


WIDTH = 620
HEIGHT = 160


def draw_bars(
    figures: Iterable[UsageFigure], days: list[date]
) -> tuple[int, list[ChartBar]]:
    """A bar for each day, robots left out, and what the highest one says."""
    counts = dict.fromkeys(days, 0)
    for figure in figures:
        if figure.client != ClientKind.ROBOTS and figure.day in counts:
            counts[figure.day] += figure.count
    top = max([1, *counts.values()])
    step = WIDTH / max(1, len(days))
    bars = []
    for rank, (day, count) in enumerate(counts.items()):
        height = round(count / top * HEIGHT, 1)
        bars.append(
            ChartBar(
                day,
                count,
                round(rank * step, 1),
                round(HEIGHT - height, 1),
                round(step * 0.75, 1),
                height,
            )
        )
    return top, bars


@dataclass
class DatasetUsage:
    """What one dataset was used for, over the days shown."""

    title: str
    people: int = 0
    programs: int = 0
    robots: int = 0
    downloads: int = 0
    calls: int = 0
    bytes: int = 0


def sum_by_dataset(figures: Iterable[UsageFigure]) -> list[tuple[UUID, DatasetUsage]]:
    """One total a dataset, those used most first; `downloads` and `calls` leave robots out."""
    totals: dict[UUID, DatasetUsage] = {}
    for figure in figures:
        total = totals.setdefault(figure.dataset_id, DatasetUsage(figure.title))
        setattr(total, figure.client, getattr(total, figure.client) + figure.count)
        total.bytes += figure.bytes
        if figure.client != ClientKind.ROBOTS:
            way = "downloads" if figure.kind == UseKind.FILE else "calls"
            setattr(total, way, getattr(total, way) + figure.count)
    return sorted(
        totals.items(),
        key=lambda entry: (-entry[1].downloads - entry[1].calls, entry[1].title),
    )


@dataclass(frozen=True)
class DatasetStorage:
    """What one dataset keeps of its space's place, in bytes."""

    id: UUID
    title: str
    state: str
    current: int
    earlier: int
    waiting: int

    @property
    def total(self) -> int:
        return self.current + self.earlier + self.waiting


async def list_storage_by_dataset(
    session: AsyncSession, space: Space
) -> list[DatasetStorage]:
    """What takes the place of a space, the largest first."""
    places = []
    mine = select(Dataset).where(
        Dataset.space_id == space.id, Dataset.id.not_in(select(ErasedDataset.id))
    )
    for dataset in await session.scalars(mine):
        published = [
            version.file.size
            for version in dataset.files
            if version.published_at is not None
        ]
        waiting = sum(
            version.file.size
            for version in dataset.files
            if version.published_at is None
        )
        places.append(
            DatasetStorage(
                dataset.id,
                dataset.title,
                dataset.state,
                sum(published[:1]),
                sum(published[1:]),
                waiting,
            )
        )
    return sorted(places, key=lambda place: (-place.total, place.title))


async def find_figures_dataset(session: AsyncSession, space: Space) -> Dataset | None:
    """The dataset that tells everybody the uses of the others, once there is one."""
    dataset: Dataset | None = await session.scalar(
        select(Dataset).where(Dataset.id == space.figures_dataset_id)
    )
    return dataset


def count_by_client(figures: Iterable[UsageFigure]) -> dict[str, int]:
    """How many uses by each kind of client."""
    totals = dict.fromkeys((client.value for client in ClientKind), 0)
    for figure in figures:
        totals[figure.client] += figure.count
    return totals
