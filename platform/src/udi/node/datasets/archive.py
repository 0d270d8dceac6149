"""What an archive holds of datasets: drafts, versions, history, and what the portal was or is still to be told."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.rows import Carried
from udi.node.datasets.actions.outbox import PUSH_DATASET
from udi.node.datasets.models import Dataset, DatasetEvent, Delivery, DeliveryState, Version

CARRIED = (
    Carried(Dataset, addressed=frozenset({"record"})),
    Carried(Version),
    Carried(Delivery, addressed=frozenset({"record"})),
    Carried(DatasetEvent),
)
LEFT_OUT = ()


async def take_up(session: AsyncSession) -> int:
    """Queue again what the portal was still to be told, or had not reported on: a push may be repeated. How many."""
    unsettled = (DeliveryState.QUEUED, DeliveryState.SENT)
    deliveries = (await session.scalars(select(Delivery).where(Delivery.state.in_(unsettled)))).all()
    for delivery in deliveries:
        delivery.state, delivery.attempts, delivery.next_attempt_at = DeliveryState.QUEUED, 0, None
        payload = {"dataset": str(delivery.dataset_id), "revision": delivery.revision}
        await jobs.enqueue(session, PUSH_DATASET, payload)
    return len(deliveries)
