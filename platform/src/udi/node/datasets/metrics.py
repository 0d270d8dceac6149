"""What was not sent to portals yet, and since when further ones did not answer, for the metrics."""

from prometheus_client.core import Metric
from sqlalchemy import func, select

from udi.kit.clock import now
from udi.kit.territory_reads import read_territories
from udi.node.datasets.models import Delivery, DeliveryState
from udi.node.portals.queries import list_portals
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
        age.label("age"),
        *(
            func.count().filter(Delivery.state == state).label(state.value)
            for state in PENDING_STATES
        ),
    )
    rows_by_territory = await read_territories(site.database, query)
    counts = []
    ages = []
    for territory in await site.registry.list():
        labels = {"territory": territory.slug}
        for row in rows_by_territory.get(territory.id, ()):
            counts += [
                ({**labels, "state": state.value}, row[state.value])
                for state in PENDING_STATES
            ]
            ages.append((labels, float(row["age"])))
    return [
        make_gauge("udi_outbox", "Datasets whose portal was not told yet.", counts),
        make_gauge(
            "udi_outbox_age_seconds", "Since the oldest of those that wait.", ages
        ),
    ]


async def measure_further_portals(site: Site) -> list[Metric]:
    """Since each portal that an own node joined beside its territory's last answered."""
    samples = []
    for territory in await site.registry.list():
        async with site.database.session(territory.id) as session:
            portals = await list_portals(session)
        for portal in portals:
            heard_at = portal.reports_read_at or portal.joined_at
            age = (now() - heard_at).total_seconds()
            labels = {"territory": territory.slug, "portal": portal.origin}
            samples.append((labels, max(age, 0.0)))
    return [
        make_gauge(
            "udi_further_portal_age_seconds",
            "Since a further portal of an own node last answered.",
            samples,
        )
    ]
