"""What an archive holds of datasets: drafts, versions, history, and what the portal was or is still to be told."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.rows import Carried
from udi.node.datasets.actions.outbox import PUSH_DATASET
from udi.node.datasets.actions.prepare import ask_preparation
from udi.node.datasets.models import (
    Dataset,
    DatasetEvent,
    Delivery,
    DeliveryState,
    Preparation,
    Reminder,
    Source,
    Version,
)

CARRIED = (
    Carried(Dataset, addressed=frozenset({"record", "document"})),
    Carried(Version),
    Carried(Preparation, drawn=frozenset({"derived", "findings"})),
    Carried(Delivery, addressed=frozenset({"record"})),
    Carried(DatasetEvent),
    Carried(Source),
    Carried(Reminder),
)
LEFT_OUT = ()


async def take_up(session: AsyncSession) -> int:
    """Queue again what the portal was still to be told, or had not reported on: a push may be repeated. How many.

    What is made of files is no part of an archive: it is made again.
    """
    unsettled = (DeliveryState.QUEUED, DeliveryState.SENT)
    deliveries = (await session.scalars(select(Delivery).where(Delivery.state.in_(unsettled)))).all()
    for delivery in deliveries:
        delivery.state, delivery.attempts, delivery.next_attempt_at = DeliveryState.QUEUED, 0, None
        payload = {"dataset": str(delivery.dataset_id), "revision": delivery.revision}
        await jobs.enqueue(session, PUSH_DATASET, payload)
    for version in (await session.scalars(select(Version).join(Preparation))).all():
        await ask_preparation(session, version)
    return len(deliveries)
