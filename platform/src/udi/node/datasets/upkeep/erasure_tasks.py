"""The job that erases: objects, copies and archives at once, the description when the portal took it off, then again."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs as queue
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Handlers, Job
from udi.node.datasets.actions.erase import ERASE_DATASET, delete_dataset_rows
from udi.node.datasets.actions.outbox import queue_delivery
from udi.node.datasets.models import Dataset, DatasetState, DeliveryState
from udi.node.datasets.queries import find_dataset
from udi.node.files.expiry import expire_archives
from udi.node.files.models import ErasedDataset
from udi.node.files.storage.store import ObjectStore
from udi.node.portals.actions import queue_further_delivery
from udi.node.portals.models import FurtherDeliveryState
from udi.node.portals.queries import list_further_deliveries

log = structlog.get_logger()
Forget = Callable[[UUID, UUID], Awaitable[None]]
"""Deletes what another part keeps of a dataset: called with its territory and its id, as often as it takes."""
SECOND_PASS_DELAY = timedelta(hours=1)
"""After which the same is done once more: something may have been on its way into the store."""
RETRY_DELAY = timedelta(minutes=1)
ABANDONED_STATES = (DeliveryState.FAILED, DeliveryState.REFUSED)


def task_handlers(
    database: Database, store: ObjectStore, forgets: Sequence[Forget] = ()
) -> Handlers:
    """The handler of this job, for the worker; `forgets` are called in order, before the objects go."""

    async def erase(job: Job) -> None:
        dataset_id = UUID(job.payload["dataset"])
        second = bool(job.payload.get("second"))
        async with database.session(job.tenant, role="worker") as session:
            erased = await session.scalar(
                select(ErasedDataset).where(ErasedDataset.id == dataset_id)
            )
            if erased is None:
                return
            archives = await expire_archives(
                session, erased.space_id, erased.requested_at
            )
            await delete_dataset_rows(session, dataset_id)
            prefix = f"{job.tenant}/{erased.space_id}/{dataset_id}"
            await _count_objects(store, prefix, erased)
        for forget in forgets:
            await forget(job.tenant, dataset_id)
        for key in archives:
            await store.delete(key)
        removed = await store.purge(prefix)
        log.info(
            "dataset erased",
            dataset=str(dataset_id),
            objects=removed[0],
            bytes=removed[1],
            second=second,
        )
        async with database.session(job.tenant, role="worker") as session:
            await _record_erasure(session, dataset_id, *removed)
            await _delete_description(session, dataset_id, second=second)

    return {ERASE_DATASET: erase}


async def _count_objects(
    store: ObjectStore, prefix: str, erased: ErasedDataset
) -> None:
    """Say what is to be deleted before it is, so that a stopped pass does not lose the figure."""
    if erased.erased_at is None:
        sizes = [int(entry["size"]) async for entry in store.list(prefix)]
        erased.objects = max(erased.objects, len(sizes))
        erased.bytes = max(erased.bytes, sum(sizes))


async def _record_erasure(
    session: AsyncSession, dataset_id: UUID, objects: int, size: int
) -> None:
    """How much was deleted: in the history once, by the first pass that ended; a later one adds what it still found."""
    erased = await session.get_one(
        ErasedDataset, (session.info["tenant"], dataset_id), with_for_update=True
    )
    if erased.erased_at is not None:
        erased.objects = erased.objects + objects
        erased.bytes = erased.bytes + size
        return
    erased.erased_at = now()
    dataset = await find_dataset(session, dataset_id)
    if dataset is not None:
        dataset.record_event(
            None,
            "dataset.erased",
            objects=erased.objects,
            bytes=erased.bytes,
        )


async def _delete_description(
    session: AsyncSession, dataset_id: UUID, *, second: bool
) -> None:
    """Delete the dataset's own row, unless a portal still has to be notified of its withdrawal."""
    dataset = await find_dataset(session, dataset_id, lock=True)
    payload = {"dataset": str(dataset_id)}
    if dataset is not None and await _awaits_withdrawal(session, dataset):
        await queue.enqueue(session, ERASE_DATASET, payload, delay=RETRY_DELAY)
        return
    if dataset is not None:
        await session.delete(dataset)
        await session.flush()
    if not second:
        await queue.enqueue(
            session, ERASE_DATASET, {**payload, "second": True}, delay=SECOND_PASS_DELAY
        )


async def _awaits_withdrawal(session: AsyncSession, dataset: Dataset) -> bool:
    """Whether a portal still shows it; what was given up is asked again, since no page does that any more."""
    leaving = [
        showing.delivery
        for showing in await list_further_deliveries(session, dataset.id)
        if showing.delivery.leaves
    ]
    for further in leaving:
        if further.state == FurtherDeliveryState.REFUSED:
            queue_further_delivery(further, method="DELETE", record=further.record)
    delivery = dataset.delivery
    if dataset.state != DatasetState.WITHDRAWING or delivery is None:
        return bool(leaving)
    if delivery.state in ABANDONED_STATES:
        await queue_delivery(session, dataset, method="DELETE", record=delivery.record)
    return True
