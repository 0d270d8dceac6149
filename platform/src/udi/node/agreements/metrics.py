"""Since when the portal was not heard about agreements, for the metrics."""

from prometheus_client.core import Metric

from udi.kit.clock import now
from udi.node.agreements.queries import may_have_agreements, read_cursor
from udi.ui.metrics import make_gauge
from udi.ui.site import Site


async def measure_agreements(site: Site) -> list[Metric]:
    """By territory whose node asks for agreements, since the portal last answered; nothing where it never did."""
    samples = []
    for territory in await site.registry.list():
        async with site.database.session(territory.id) as session:
            concerned = await may_have_agreements(session)
            cursor = await read_cursor(session)
        if concerned and cursor is not None and cursor.answered_at is not None:
            age = (now() - cursor.answered_at).total_seconds()
            samples.append(({"territory": territory.slug}, max(age, 0.0)))
    return [
        make_gauge(
            "udi_agreements_age_seconds",
            "Since the portal last answered about agreements.",
            samples,
        )
    ]
