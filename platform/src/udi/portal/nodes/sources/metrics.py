"""How late the reading of sources is, for the metrics."""

from prometheus_client.core import Metric
from sqlalchemy import func, select

from udi.kit.territory_reads import read_territories
from udi.portal.nodes.sources.leases import select_due
from udi.portal.nodes.sources.models import CatalogueSource
from udi.ui.metrics import make_gauge
from udi.ui.site import Site


async def measure_sources(site: Site) -> list[Metric]:
    """By territory, for how long the source that is due for longest has waited: a worker reads it, or none does."""
    oldest = func.min(CatalogueSource.next_at)
    late = func.coalesce(func.extract("epoch", func.now() - oldest), 0)
    query = select(late.label("seconds")).where(*select_due(func.now()))
    rows_by_territory = await read_territories(site.database, query)
    samples = [
        (
            {"territory": territory.slug},
            float(rows_by_territory[territory.id][0]["seconds"]),
        )
        for territory in await site.registry.list()
        if territory.id in rows_by_territory
    ]
    return [
        make_gauge(
            "udi_sources_overdue_seconds",
            "How late the source is that should have been read first.",
            samples,
        )
    ]
