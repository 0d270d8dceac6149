"""Reads of the further portals, and of what each was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import NotFoundError
from udi.node.portals.models import FurtherDelivery, FurtherDeliveryState, FurtherPortal


@dataclass(frozen=True)
class PortalDelivery:
    """A dataset at one further portal."""

    portal: FurtherPortal
    delivery: FurtherDelivery


async def list_portals(
    session: AsyncSession, *, staying: bool = False
) -> Sequence[FurtherPortal]:
    """The further portals, by address; `staying`: without those that are being left."""
    query = select(FurtherPortal).order_by(FurtherPortal.origin)
    return (
        await session.scalars(
            query.where(FurtherPortal.left_at.is_(None)) if staying else query
        )
    ).all()


async def find_portal(session: AsyncSession, origin: str) -> FurtherPortal | None:
    """The further portal at an address, or None."""
    portal: FurtherPortal | None = await session.scalar(
        select(FurtherPortal).where(FurtherPortal.origin == origin)
    )
    return portal


async def list_further_deliveries(
    session: AsyncSession, dataset_id: UUID
) -> list[PortalDelivery]:
    """One dataset at each further portal that shows it, was to, or was told to take it off."""
    same = (FurtherPortal.tenant_id == FurtherDelivery.tenant_id) & (
        FurtherPortal.id == FurtherDelivery.portal_id
    )
    query = select(FurtherPortal, FurtherDelivery).join(FurtherDelivery, same)
    rows = await session.execute(
        query.where(FurtherDelivery.dataset_id == dataset_id).order_by(
            FurtherPortal.origin
        )
    )
    return [PortalDelivery(portal, delivery) for portal, delivery in rows]


async def list_showing_portals(
    session: AsyncSession, datasets: Sequence[UUID]
) -> dict[UUID, list[FurtherPortal]]:
    """By dataset, the further portals that show it."""
    same = (FurtherPortal.tenant_id == FurtherDelivery.tenant_id) & (
        FurtherPortal.id == FurtherDelivery.portal_id
    )
    query = (
        select(FurtherDelivery.dataset_id, FurtherPortal)
        .join(FurtherPortal, same)
        .order_by(FurtherPortal.origin)
    )
    portals_by_dataset = dict[UUID, list[FurtherPortal]]()
    for dataset, portal in await session.execute(
        query.where(
            FurtherDelivery.dataset_id.in_(datasets), FurtherDelivery.is_published
        )
    ):
        portals_by_dataset.setdefault(dataset, []).append(portal)
    return portals_by_dataset


async def find_further_delivery(
    session: AsyncSession, portal_id: UUID, dataset_id: UUID, *, lock: bool = False
) -> FurtherDelivery | None:
    """What a further portal should know of a dataset, or None."""
    query = select(FurtherDelivery).where(
        FurtherDelivery.portal_id == portal_id, FurtherDelivery.dataset_id == dataset_id
    )
    delivery: FurtherDelivery | None = await session.scalar(
        query.with_for_update() if lock else query
    )
    return delivery


async def get_further_delivery(
    session: AsyncSession, portal_id: UUID, dataset_id: UUID
) -> FurtherDelivery:
    """The same.

    Raises:
        NotFoundError: this portal was told nothing of it.
    """
    delivery = await find_further_delivery(session, portal_id, dataset_id, lock=True)
    if delivery is None:
        raise NotFoundError
    return delivery


async def list_due_datasets(session: AsyncSession, portal_id: UUID) -> Sequence[UUID]:
    """The datasets that this portal is to be told about now, those asked first before the others."""
    due = or_(
        FurtherDelivery.next_attempt_at.is_(None),
        FurtherDelivery.next_attempt_at <= now(),
    )
    query = select(FurtherDelivery.dataset_id).where(
        FurtherDelivery.portal_id == portal_id,
        FurtherDelivery.state == FurtherDeliveryState.QUEUED,
        due,
    )
    return (await session.scalars(query.order_by(FurtherDelivery.updated_at))).all()


async def count_unsettled(session: AsyncSession, portal_id: UUID) -> int:
    """How many datasets this portal still shows, or was not told about yet."""
    open_ = FurtherDelivery.state.in_(
        [FurtherDeliveryState.QUEUED, FurtherDeliveryState.SENT]
    )
    query = select(func.count()).select_from(FurtherDelivery)
    return (
        await session.scalar(
            query.where(
                FurtherDelivery.portal_id == portal_id,
                FurtherDelivery.is_published | open_,
            )
        )
        or 0
    )
