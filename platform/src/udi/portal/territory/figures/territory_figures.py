"""All figures of a territory together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.portal.organisations.queries import list_producers
from udi.portal.territory.assessments import Assessments
from udi.portal.territory.figures.computation import (
    BarAverage,
    Freshness,
    HighValueCount,
    MonthlyStock,
    ProducerCount,
    PublicationPeriod,
    assess_freshness,
    average_quality,
    count_high_value,
    count_producers,
    count_stock,
)
from udi.portal.territory.figures.queries import (
    ProducerLinkCount,
    RequestCounts,
    count_access_requests,
    count_data_requests,
    count_links,
    list_withdrawn_periods,
)
from udi.portal.territory.figures.usage import (
    DayTotal,
    HarvestResult,
    NodeHealth,
    SourceHealth,
    list_harvests,
    list_node_health,
    list_source_health,
    list_usage,
)


@dataclass(frozen=True)
class TerritoryFigures:
    """What the team's overview shows of its territory."""

    datasets: int
    stock: Sequence[MonthlyStock]
    producers: Sequence[ProducerCount]
    freshness: Freshness
    quality: Sequence[BarAverage]
    access_requests: RequestCounts
    data_requests: RequestCounts
    links: Sequence[ProducerLinkCount]
    high_value: Sequence[HighValueCount]
    usage: Sequence[DayTotal]
    nodes: Sequence[NodeHealth]
    sources: Sequence[SourceHealth]
    harvests: Sequence[HarvestResult]

    @property
    def weakest(self) -> BarAverage | None:
        """The bar of quality with the lowest mean; None without a dataset."""
        return min(self.quality, key=lambda line: line.percentage, default=None)

    @property
    def failing_links(self) -> int:
        return sum(line.failing for line in self.links)

    @property
    def downloads(self) -> int:
        """Of the period."""
        return sum(line.downloads for line in self.usage)

    @property
    def calls(self) -> int:
        """Questions to APIs in the period."""
        return sum(line.calls for line in self.usage)

    @property
    def ailing(self) -> int:
        """Nodes and catalogues that are not well."""
        nodes = sum(not node.is_well for node in self.nodes)
        return nodes + sum(not source.is_well for source in self.sources)

    @property
    def failed_harvests(self) -> int:
        return sum(harvest.has_failed for harvest in self.harvests)

    @property
    def covered_categories(self) -> int:
        """Categories of high-value data with a dataset."""
        return sum(line.datasets > 0 for line in self.high_value)


async def gather_figures(
    session: AsyncSession, assessments: Assessments, zone: tzinfo, *, days: int
) -> TerritoryFigures:
    """Read and compute every figure of the session's territory; months and days are those of the time zone.

    Uses are those of the last `days`, which nodes count in UTC.
    """
    day = today(zone)
    datasets = await assessments.list_datasets(session)
    published = [PublicationPeriod(dataset.published_at) for dataset in datasets]
    withdrawn = await list_withdrawn_periods(session)
    publishing = {dataset.organisation_id for dataset in datasets}
    producers = [
        producer
        for producer in await list_producers(session)
        if not producer.unclaimed or producer.id in publishing
    ]
    return TerritoryFigures(
        datasets=len(datasets),
        stock=count_stock([*published, *withdrawn], day, zone),
        producers=count_producers(
            [(producer.id, producer.name) for producer in producers], datasets
        ),
        freshness=assess_freshness(datasets, day, zone),
        quality=average_quality(datasets, day, zone),
        access_requests=await count_access_requests(session),
        data_requests=await count_data_requests(session, zone),
        links=await count_links(session),
        high_value=count_high_value(datasets),
        usage=await list_usage(session, today(UTC), days),
        nodes=await list_node_health(session),
        sources=await list_source_health(session),
        harvests=await list_harvests(session),
    )
