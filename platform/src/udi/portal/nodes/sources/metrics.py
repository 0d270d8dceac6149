"""How late the reading of sources is, for the metrics."""

from prometheus_client.core import Metric
from sqlalchemy import func, select

from udi.portal.nodes.sources.leases import select_due
from udi.portal.nodes.sources.models import CatalogueSource
from udi.ui.metrics import make_gauge
from udi.ui.site import Site


async def measure_sources(site: Site) -> list[Metric]:
    """By territory, for how long the source that is due for longest has waited: a worker reads it, or none does."""
    oldest = func.min(CatalogueSource.next_at)
    late = func.coalesce(func.extract("epoch", func.now() - oldest), 0)
    query = select(late).where(*select_due(func.now()))
    samples = []
    for territory in await site.registry.list():
        async with site.database.session(territory.id) as session:
            seconds = await session.scalar(query)
        samples.append(({"territory": territory.slug}, float(seconds or 0)))
    return [
        make_gauge(
            "udi_sources_overdue_seconds",
            "How late the source is that should have been read first.",
            samples,
        )
    ]
