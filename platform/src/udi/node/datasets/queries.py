"""Reads of datasets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.kit.paging import Page
from udi.node.datasets.models import Dataset, DatasetEvent, Delivery
from udi.node.spaces.models import Space
from udi.node.spaces.queries import allow_publishing

PUBLIC_PAGE, MOST_PUBLIC = 100, 500
SHOWN_EVENTS = 50


async def get_dataset(session: AsyncSession, actor: Actor, dataset_id: UUID, *, lock: bool = False) -> Dataset:
    """A dataset of the person's organisation; `lock` holds it until the transaction ends.

    Raises:
        NotFoundError: there is none, or it is another organisation's.
        ForbiddenError: the person belongs to the organisation and may not publish.
    """
    query = select(Dataset).where(Dataset.id == dataset_id)
    dataset = await session.scalar(query.with_for_update(of=Dataset) if lock else query)
    if dataset is None:
        raise NotFoundError
    allow_publishing(actor, dataset.space)
    return dataset


async def find_dataset(session: AsyncSession, dataset_id: UUID, *, lock: bool = False) -> Dataset | None:
    """A dataset of the territory, for a machine that has proved who it is."""
    query = select(Dataset).where(Dataset.id == dataset_id)
    found: Dataset | None = await session.scalar(query.with_for_update(of=Dataset) if lock else query)
    return found


async def find_delivery(session: AsyncSession, dataset_id: UUID) -> Delivery | None:
    """The announcement of a dataset."""
    found: Delivery | None = await session.scalar(select(Delivery).where(Delivery.dataset_id == dataset_id))
    return found


async def list_datasets(session: AsyncSession, space: Space, *, number: int = 1, size: int = 50) -> Page[Dataset]:
    """The datasets of a space, those changed last first."""
    total = await session.scalar(select(func.count()).select_from(Dataset).where(Dataset.space_id == space.id))
    query = (
        select(Dataset)
        .where(Dataset.space_id == space.id)
        .order_by(Dataset.updated_at.desc(), Dataset.id)
        .limit(size)
        .offset((number - 1) * size)
    )
    return Page(list((await session.scalars(query)).all()), total or 0, number, size)


async def count_published(session: AsyncSession, space: Space) -> int:
    """How many datasets of a space the portal shows."""
    shown = (Dataset.space_id == space.id, Dataset.record.is_not(None), Dataset.withdrawn_at.is_(None))
    return int(await session.scalar(select(func.count()).select_from(Dataset).where(*shown)) or 0)


async def last_licence(session: AsyncSession, space: Space) -> str:
    """The licence the producer chose last, empty at first."""
    query = (
        select(Dataset.description["licence"].astext)
        .where(Dataset.space_id == space.id, Dataset.described_at.is_not(None))
        .order_by(Dataset.described_at.desc())
    )
    return str(await session.scalar(query.limit(1)) or "")


async def list_events(session: AsyncSession, dataset: Dataset) -> list[DatasetEvent]:
    """What happened to a dataset, newest first."""
    query = select(DatasetEvent).where(DatasetEvent.dataset_id == dataset.id)
    ordered = query.order_by(DatasetEvent.happened_at.desc()).limit(SHOWN_EVENTS)
    return list((await session.scalars(ordered)).all())


async def list_public(
    session: AsyncSession, *, limit: int, offset: int, updated_after: datetime | None
) -> tuple[int, list[dict[str, Any]]]:
    """The records of what is published: how many, and one page of them, those updated first first."""
    query = _public()
    if updated_after is not None:
        query = query.where(Dataset.updated_at > updated_after)
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    page = query.order_by(Dataset.updated_at, Dataset.id).limit(min(max(limit, 1), MOST_PUBLIC)).offset(max(offset, 0))
    return int(total or 0), list((await session.scalars(page)).all())


async def get_public(session: AsyncSession, dataset_id: UUID) -> dict[str, Any]:
    """The record of one published dataset.

    Raises:
        NotFoundError: nothing is published under this id.
    """
    record: dict[str, Any] | None = await session.scalar(_public().where(Dataset.id == dataset_id))
    if record is None:
        raise NotFoundError
    return record


def _public() -> Select[tuple[Any]]:
    return select(Dataset.record).where(
        Dataset.record.is_not(None), Dataset.withdrawn_at.is_(None), Dataset.opened_at.is_not(None)
    )
