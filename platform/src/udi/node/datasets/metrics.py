"""What was not sent to the portal yet, for the metrics."""

from prometheus_client.core import Metric
from sqlalchemy import func, select

from udi.node.datasets.models import Delivery, DeliveryState
from udi.ui.metrics import make_gauge
from udi.ui.site import Site

PENDING_STATES = (DeliveryState.QUEUED, DeliveryState.FAILED)


async def measure_outbox(site: Site) -> list[Metric]:
    """How many announcements wait and how many failed, by territory, and the age of the oldest that waits."""
    waiting = func.min(Delivery.updated_at).filter(
        Delivery.state == DeliveryState.QUEUED
    )
    age = func.coalesce(func.extract("epoch", func.now() - waiting), 0)
    query = select(
        age, *(func.count().filter(Delivery.state == state) for state in PENDING_STATES)
    )
    counts = []
    ages = []
    for territory in await site.registry.list():
        async with site.database.session(territory.id) as session:
            oldest, *numbers = (await session.execute(query)).one()
        labels = {"territory": territory.slug}
        counts += [
            ({**labels, "state": state.value}, n)
            for state, n in zip(PENDING_STATES, numbers, strict=True)
        ]
        ages.append((labels, float(oldest)))
    return [
        make_gauge("udi_outbox", "Datasets whose portal was not told yet.", counts),
        make_gauge(
            "udi_outbox_age_seconds", "Since the oldest of those that wait.", ages
        ),
    ]
