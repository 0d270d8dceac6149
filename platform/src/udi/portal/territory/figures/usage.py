"""Uses of the territory's data by day, and the health of the nodes and catalogues that they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.portal.nodes.models import (
    Node,
    NodeState,
    NodeUseDay,
    NodeWaiting,
    Report,
    ReportDeliveryState,
)
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RunOutcome,
    SourceRun,
    SourceState,
)

PERIODS = (30, 90, 365)
"""Days that the team may look at."""
NIGHT = timedelta(hours=24)
SILENT = timedelta(minutes=15)
"""How long a node that calls each minute may say nothing."""
FAILED = {RunOutcome.FAILED, RunOutcome.VANISHED}


@dataclass(frozen=True)
class DayTotal:
    """Uses of all data on one day (UTC), robots left out."""

    day: date
    downloads: int
    calls: int


@dataclass(frozen=True)
class NodeHealth:
    """A node that pushes: when it last called, reports that it took not, and what waits there."""

    name: str
    seen_at: datetime | None
    failed_reports: int
    waiting: int
    is_silent: bool

    @property
    def is_well(self) -> bool:
        return not self.is_silent and not self.failed_reports


@dataclass(frozen=True)
class SourceHealth:
    """A catalogue that is read: when its last reading ended, and how many have failed since one succeeded."""

    host: str
    read_at: datetime | None
    failures: int

    @property
    def is_well(self) -> bool:
        return not self.failures


@dataclass(frozen=True)
class HarvestResult:
    """A reading of the last night."""

    host: str
    ended_at: datetime
    outcome: str
    created: int
    updated: int
    withdrawn: int
    refused: int

    @property
    def has_failed(self) -> bool:
        return self.outcome in FAILED


async def list_usage(
    session: AsyncSession, today: date, days: int
) -> Sequence[DayTotal]:
    """Each of the last days, today included, the oldest first; those without a use are zero."""
    first = today - timedelta(days=days - 1)
    query = (
        select(
            NodeUseDay.day, func.sum(NodeUseDay.downloads), func.sum(NodeUseDay.calls)
        )
        .where(NodeUseDay.day >= first, NodeUseDay.day <= today)
        .group_by(NodeUseDay.day)
    )
    totals = {
        day: (int(downloads), int(calls))
        for day, downloads, calls in await session.execute(query)
    }
    every_day = [first + timedelta(days=number) for number in range(days)]
    return [DayTotal(day, *totals.get(day, (0, 0))) for day in every_day]


async def list_node_health(session: AsyncSession) -> Sequence[NodeHealth]:
    """Every active node that pushes, by name."""
    failed = (
        select(func.count())
        .where(
            Report.tenant_id == Node.tenant_id,
            Report.node_id == Node.id,
            Report.delivery == ReportDeliveryState.FAILED,
        )
        .scalar_subquery()
    )
    waiting = (
        select(func.coalesce(func.sum(NodeWaiting.number), 0))
        .where(NodeWaiting.tenant_id == Node.tenant_id, NodeWaiting.node_id == Node.id)
        .scalar_subquery()
    )
    query = (
        select(Node, failed, waiting)
        .where(Node.state == NodeState.ACTIVE, Node.url != "")
        .order_by(Node.name)
    )
    return [
        NodeHealth(node.name, node.last_seen_at, failures, int(number), is_silent(node))
        for node, failures, number in await session.execute(query)
    ]


def is_silent(node: Node) -> bool:
    """Whether a node that calls each minute does not: the territory's own, or one that has told what waits there."""
    if node.last_seen_at is None:
        return node.hosted
    return node.reports_inbox and node.last_seen_at < now() - SILENT


async def list_source_health(session: AsyncSession) -> Sequence[SourceHealth]:
    """Every catalogue that is read, by the name of its host."""
    last = (
        select(func.max(SourceRun.ended_at))
        .where(
            SourceRun.tenant_id == CatalogueSource.tenant_id,
            SourceRun.source_id == CatalogueSource.id,
        )
        .scalar_subquery()
    )
    query = select(CatalogueSource.address, last, CatalogueSource.failures).where(
        CatalogueSource.state.not_in((SourceState.CLOSING, SourceState.CLOSED))
    )
    sources = [
        SourceHealth(host_of(address), read_at, failures)
        for address, read_at, failures in await session.execute(query)
    ]
    return sorted(sources, key=lambda source: source.host)


async def list_harvests(session: AsyncSession) -> Sequence[HarvestResult]:
    """Readings that ended in the last 24 hours, the last one first."""
    query = (
        select(SourceRun, CatalogueSource.address)
        .join(
            CatalogueSource,
            (CatalogueSource.tenant_id == SourceRun.tenant_id)
            & (CatalogueSource.id == SourceRun.source_id),
        )
        .where(SourceRun.ended_at > now() - NIGHT)
        .order_by(SourceRun.ended_at.desc())
    )
    return [
        HarvestResult(
            host_of(address),
            run.ended_at or run.started_at,
            run.outcome,
            run.created,
            run.updated,
            run.withdrawn,
            run.refused,
        )
        for run, address in await session.execute(query)
    ]
