"""What an archive holds of datasets: drafts, versions, history, and what the portal was or is still to be told."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.rows import ArchivedTable
from udi.node.datasets.actions.draft import request_preparation
from udi.node.datasets.actions.outbox import PUSH_DATASET, queue_delivery
from udi.node.datasets.models import (
    Dataset,
    DatasetEvent,
    DatasetPart,
    Delivery,
    DeliveryState,
    Preparation,
    Version,
)
from udi.node.datasets.renewal.models import DatasetSource, Reminder
from udi.node.portals.actions import announce_to_further_portals
from udi.settings import Settings

CARRIED = (
    ArchivedTable(Dataset, address_columns=frozenset({"record", "document"})),
    ArchivedTable(DatasetPart),
    ArchivedTable(Version),
    ArchivedTable(Preparation, regenerated_columns=frozenset({"derived", "findings"})),
    ArchivedTable(Delivery, address_columns=frozenset({"record"})),
    ArchivedTable(DatasetEvent),
    ArchivedTable(DatasetSource, regenerated_columns=frozenset({"credential"})),
    ArchivedTable(Reminder),
)
LEFT_OUT = ()


async def requeue_pending(
    session: AsyncSession, only: Collection[UUID] | None = None
) -> int:
    """Queue again what the portal was still to be told, or had not reported on: a push may be repeated. How many.

    What is made of files is no part of an archive: it is made again. `only` these datasets, where others were here.
    """
    unsettled = (DeliveryState.QUEUED, DeliveryState.SENT)
    mine = () if only is None else (Delivery.dataset_id.in_(only),)
    deliveries = (
        await session.scalars(
            select(Delivery).where(Delivery.state.in_(unsettled), *mine)
        )
    ).all()
    for delivery in deliveries:
        delivery.state = DeliveryState.QUEUED
        delivery.attempts = 0
        delivery.next_attempt_at = None
        payload = {"dataset": str(delivery.dataset_id), "revision": delivery.revision}
        await jobs.enqueue(session, PUSH_DATASET, payload)
    versions = select(Version).join(Preparation)
    if only is not None:
        versions = versions.where(Version.dataset_id.in_(only))
    for version in (await session.scalars(versions)).all():
        await request_preparation(session, version)
    return len(deliveries)


async def reannounce_datasets(session: AsyncSession, only: Collection[UUID]) -> int:
    """Tell the portal again what it accepted of these datasets, at their new addresses; how many."""
    query = (
        select(Dataset)
        .join(Delivery)
        .where(Dataset.id.in_(only), Delivery.state == DeliveryState.ACCEPTED)
    )
    accepted_datasets = [
        candidate
        for candidate in (await session.scalars(query)).unique()
        if candidate.in_catalogue
    ]
    for dataset in accepted_datasets:
        assert dataset.record is not None  # noqa: S101 - only those with a record are in a catalogue
        await queue_delivery(session, dataset, method="PUT", record=dataset.record)
        await announce_to_further_portals(
            session, dataset.space.slug, dataset.id, record=dataset.record
        )
    return len(accepted_datasets)


async def resume_import(session: AsyncSession, _settings: Settings) -> None:
    """Queue what the portal was still to be told."""
    await requeue_pending(session)
