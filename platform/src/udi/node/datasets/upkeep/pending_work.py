"""What waits in the spaces of producers: one kind a dataset, read in a few queries whatever their number."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Row, Select, Subquery, func, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.kit.identity import Actor
from udi.kit.service_registry import Hook, Services
from udi.kit.tenancy import Territory
from udi.node.datasets.models import (
    Dataset,
    DatasetState,
    Delivery,
    DeliveryState,
    Preparation,
    PreparationState,
    Version,
)
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.datasets.upkeep.schedule import UpdateDeadline, next_due
from udi.node.files.models import ErasedDataset, RemovedVersion
from udi.node.spaces.models import Space
from udi.protocol.inbox import NodeInboxKind, WaitingNumber

STOPPED = (DeliveryState.REFUSED, DeliveryState.FAILED)


@dataclass(frozen=True)
class PausedSource:
    """Why a dataset is not renewed from its source any more, in English; without a reason, somebody paused it."""

    reason: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class WaitingDataset:
    """A dataset, or something else, that waits for its producer; `due_on` is the day on which its next version was due."""

    kind: NodeInboxKind
    id: UUID
    title: str
    space_slug: str
    space_name: str
    since: datetime
    due_on: date | None = None
    paused_source: PausedSource | None = None
    path: str = ""
    """The page where it is settled, where that is none of the dataset's."""

    def is_late(self, day: date) -> bool:
        """Whether its last day is over."""
        return self.due_on is not None and self.due_on < day


ListFurther = Callable[
    [AsyncSession, Territory, Actor | None], Awaitable[list[WaitingDataset]]
]
FURTHER_WAITING = Hook[ListFurther]("what else waits at a node")
"""What waits besides datasets: for somebody, or (None) for all."""


async def list_everything(
    services: Services,
    session: AsyncSession,
    territory: Territory,
    actor: Actor | None = None,
) -> list[WaitingDataset]:
    """What waits for somebody, or for everybody: datasets, and what other domains contribute."""
    slugs = None
    if actor is not None:
        slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    items = await list_waiting(session, territory, slugs)
    for list_further in services.contributions(FURTHER_WAITING):
        items += await list_further(session, territory, actor)
    return sorted(items, key=lambda item: (item.due_on or date.max, item.since))


async def list_waiting(
    session: AsyncSession,
    territory: Territory,
    slugs: Collection[str] | None = None,
) -> list[WaitingDataset]:
    """What waits in these spaces, or in all: what is due first, then what waits longest."""
    query = _select_datasets()
    if slugs is not None:
        query = query.where(Space.slug.in_(slugs))
    items = []
    for row in await session.execute(query):
        item = _assess(row, territory)
        if item is not None:
            items.append(item)
    return sorted(items, key=lambda item: (item.due_on or date.max, item.since))


def count_waiting(items: Iterable[WaitingDataset]) -> list[WaitingNumber]:
    """The numbers of it that the portal is told, by producer and kind."""
    groups: dict[tuple[str, NodeInboxKind], list[WaitingDataset]] = {}
    for item in items:
        groups.setdefault((item.space_slug, item.kind), []).append(item)
    return [
        WaitingNumber(
            producer=slug,
            kind=kind,
            number=len(group),
            since=min(item.since for item in group),
            due_on=min(
                (item.due_on for item in group if item.due_on is not None),
                default=None,
            ),
        )
        for (slug, kind), group in sorted(groups.items())
    ]


def _newest_versions() -> Subquery:
    newest = (
        select(
            Version.dataset_id,
            Version.created_at,
            Version.published_at,
            Preparation.state.label("reading"),
            Preparation.updated_at.label("read_at"),
        )
        .outerjoin(
            Preparation,
            (Preparation.tenant_id == Version.tenant_id)
            & (Preparation.version_id == Version.id),
        )
        .where(Version.part_id.is_(None))
        .ext(distinct_on(Version.dataset_id))
        .order_by(Version.dataset_id, Version.number.desc())
    )
    return newest.subquery()


def _publication_moments() -> Subquery:
    """When each dataset was published; versions that were removed count, they tell the pace."""
    publications = union_all(
        select(Version.dataset_id, Version.published_at).where(
            Version.published_at.is_not(None), Version.part_id.is_(None)
        ),
        select(RemovedVersion.dataset_id, RemovedVersion.published_at).where(
            RemovedVersion.published_at.is_not(None), RemovedVersion.part_id.is_(None)
        ),
    ).subquery()
    moments = func.array_agg(publications.c.published_at).label("moments")
    query = select(publications.c.dataset_id, moments)
    return query.group_by(publications.c.dataset_id).subquery()


def _select_datasets() -> Select[tuple[object, ...]]:
    """Each dataset with its newest version, its announcement and when it was published; not those of the node's own figures."""
    newest = _newest_versions()
    moments = _publication_moments()
    return (
        select(
            Dataset.id,
            Dataset.title,
            Dataset.state,
            Dataset.created_at,
            Dataset.opened_at,
            Dataset.withdrawn_at,
            Dataset.description["frequency"].astext.label("frequency"),
            Space.slug,
            Space.name,
            newest.c.created_at.label("version_at"),
            newest.c.published_at,
            newest.c.reading,
            newest.c.read_at,
            Delivery.state.label("delivery"),
            Delivery.updated_at.label("told_at"),
            moments.c.moments,
            DatasetSource.paused.label("is_paused"),
            func.coalesce(DatasetSource.paused_at, DatasetSource.checked_at).label(
                "paused_at"
            ),
            DatasetSource.error.label("source_error"),
            DatasetSource.remedy.label("source_remedy"),
        )
        .join(
            Space,
            (Space.tenant_id == Dataset.tenant_id) & (Space.id == Dataset.space_id),
        )
        .join(newest, newest.c.dataset_id == Dataset.id)
        .outerjoin(
            Delivery,
            (Delivery.tenant_id == Dataset.tenant_id)
            & (Delivery.dataset_id == Dataset.id),
        )
        .outerjoin(
            DatasetSource,
            (DatasetSource.tenant_id == Dataset.tenant_id)
            & (DatasetSource.dataset_id == Dataset.id)
            & DatasetSource.paused
            & Dataset.withdrawn_at.is_(None),
        )
        .outerjoin(moments, moments.c.dataset_id == Dataset.id)
        .where(
            Dataset.id.is_distinct_from(Space.figures_dataset_id),
            Dataset.id.not_in(select(ErasedDataset.id)),
        )
    )


def _assess(
    row: Row[tuple[object, ...]], territory: Territory
) -> WaitingDataset | None:
    """What waits of one dataset, None where nothing does."""
    kind, since, due = _name_kind(row, territory)
    if kind is None:
        return None
    return WaitingDataset(
        kind=kind,
        id=row.id,
        title=row.title,
        space_slug=row.slug,
        space_name=row.name,
        since=since,
        due_on=due,
        paused_source=_read_paused_source(row),
    )


def _read_paused_source(row: Row[tuple[object, ...]]) -> PausedSource | None:
    if not row.is_paused:
        return None
    return PausedSource(row.source_error, row.source_remedy)


def _name_kind(
    row: Row[tuple[object, ...]], territory: Territory
) -> tuple[NodeInboxKind | None, datetime, date | None]:
    is_pending = row.published_at is None
    if is_pending and row.reading == PreparationState.FAILED:
        return NodeInboxKind.READING, row.read_at, None
    if row.state == DatasetState.REFUSED or row.delivery in STOPPED:
        return NodeInboxKind.STOPPED, row.told_at or row.created_at, None
    if row.state == DatasetState.DRAFT:
        return NodeInboxKind.DRAFT, row.created_at, None
    is_read = row.reading != PreparationState.WAITING
    if is_pending and is_read and row.withdrawn_at is None:
        return NodeInboxKind.VERSION, row.version_at, None
    due = _find_due(row.frequency, row.moments or (), row, territory)
    if due is None or not due.late_days(today(territory.zone)):
        if row.is_paused:
            return NodeInboxKind.SOURCE, row.paused_at or row.created_at, None
        return None, row.created_at, None
    end = datetime.combine(due.day, time(), territory.zone) + timedelta(days=1)
    return NodeInboxKind.UPDATE, end, due.day


def _find_due(
    frequency: str | None,
    moments: Sequence[datetime],
    row: Row[tuple[object, ...]],
    territory: Territory,
) -> UpdateDeadline | None:
    if row.opened_at is None or row.withdrawn_at is not None:
        return None
    return next_due(frequency or "", moments, territory.zone)
