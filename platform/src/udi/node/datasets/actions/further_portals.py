"""A dataset at the further portals of a producer's own node: what each reports, and what is sent to it at first."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.node.datasets.actions.outbox import close_refused
from udi.node.datasets.models import Author, Dataset, DatasetState
from udi.node.portals.actions import (
    ReportOutcome,
    apply_delivery_report,
    record_for_portal,
    request_delivery,
    retry_further_delivery,
)
from udi.node.portals.models import FurtherDelivery, FurtherPortal
from udi.node.portals.queries import find_further_delivery, get_further_delivery
from udi.node.spaces.models import Space


async def apply_further_report(
    session: AsyncSession,
    portal: FurtherPortal,
    dataset: Dataset,
    report: Mapping[str, Any],
) -> bool:
    """Take in a report of a further portal; False when it changes nothing. The dataset must be locked.

    It concerns that portal alone, but for what the territory's own refused: once no portal takes it, it is closed.
    """
    delivery = await find_further_delivery(session, portal.id, dataset.id, lock=True)
    if delivery is None:
        return False
    before = delivery.state, delivery.revision
    _record_outcome(
        dataset,
        apply_delivery_report(delivery, report),
        portal.origin,
        str(report.get("comment") or ""),
    )
    await session.flush()
    await close_refused(session, dataset)
    return before != (delivery.state, delivery.revision)


def _record_outcome(
    dataset: Dataset,
    outcome: ReportOutcome,
    origin: str,
    comment: str,
) -> None:
    match outcome:
        case ReportOutcome.PUBLISHED:
            dataset.record_event(None, "dataset.shown_elsewhere", portal=origin)
        case ReportOutcome.REFUSED:
            dataset.record_event(None, "dataset.refused_elsewhere", portal=origin)
        case ReportOutcome.OFF:
            dataset.record_event(None, "dataset.off_elsewhere", portal=origin)
        case ReportOutcome.WITHDRAWN:
            dataset.record_event(
                None,
                "dataset.withdrawn_elsewhere",
                portal=origin,
                reason=comment,
            )


async def retry_further_portal(
    session: AsyncSession, actor: Author, dataset: Dataset, portal: FurtherPortal
) -> None:
    """Tell a further portal the same thing again.

    Raises:
        NotFoundError: it received nothing about this dataset.
        ConflictError: it arrived, or is still being tried.
    """
    retry_further_delivery(await get_further_delivery(session, portal.id, dataset.id))
    dataset.record_event(actor, "delivery.retried", portal=portal.origin)
    await session.flush()


async def announce_published(session: AsyncSession, portal: FurtherPortal) -> int:
    """Tell a portal that was joined what is published in the spaces that it shows; how many. May be repeated."""
    announced_ids = select(FurtherDelivery.dataset_id).where(
        FurtherDelivery.portal_id == portal.id, FurtherDelivery.method != "DELETE"
    )
    mine = select(Space.id).where(Space.slug.in_(portal.spaces))
    query = select(Dataset).where(
        Dataset.space_id.in_(mine),
        Dataset.opened_at.is_not(None),
        Dataset.withdrawn_at.is_(None),
        Dataset.state.in_([DatasetState.PUBLISHED, DatasetState.PUBLISHING]),
        Dataset.id.not_in(announced_ids),
    )
    count = 0
    for dataset in (await session.scalars(query)).unique():
        if dataset.delivery and dataset.state == DatasetState.PUBLISHING:
            coming = dataset.delivery.record
        else:
            coming = dataset.record
        if coming is not None:
            portal_record = record_for_portal(coming, portal.spaces[dataset.space.slug])
            await request_delivery(session, portal.id, dataset.id, record=portal_record)
            count += 1
    return count
