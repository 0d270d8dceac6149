"""What an archive holds of the nodes and of the reports on what they pushed. Their credentials are in none."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.nodes.actions.reports import SEND_REPORT
from udi.portal.nodes.models import (
    Node,
    NodeInvitation,
    NodeProducer,
    NodeUseDay,
    NodeWaiting,
    Report,
    ReportDeliveryState,
)
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    DatasetMatch,
    SourceAction,
    SourceFault,
    SourceFeed,
    SourceOutline,
    SourcePublisher,
    SourceRecord,
    SourceRecordAlias,
    SourceReport,
    SourceReuse,
    SourceRun,
)
from udi.settings import Settings

CARRIED = (
    ArchivedTable(
        Node,
        # Its client for people is one of this installation's identity service.
        regenerated_columns=frozenset({"takes_subject_requests"}),
        address_columns=frozenset({"url"}),
    ),
    ArchivedTable(NodeProducer),
    ArchivedTable(Report),
    ArchivedTable(
        CatalogueSource, regenerated_columns=frozenset({"lease", "leased_until"})
    ),
    ArchivedTable(SourceRecord),
    ArchivedTable(SourceRecordAlias),
    ArchivedTable(SourcePublisher),
    ArchivedTable(SourceReuse),
    ArchivedTable(DatasetMatch),
)
LEFT_OUT = (
    ExcludedTable(
        NodeUseDay, "each node reports again how much its data were used on each day"
    ),
    ExcludedTable(NodeWaiting, "each node reports again what waits there"),
    ExcludedTable(
        SourceRun,
        "readings that ended are told where they were made: each source is read again where it arrives",
    ),
    ExcludedTable(SourceReport, "the next reading where it arrives counts anew"),
    ExcludedTable(SourceFault, "what a reading met goes with it"),
    ExcludedTable(SourceAction, "what a reading did goes with it"),
    ExcludedTable(SourceOutline, "what a reading met goes with it"),
    ExcludedTable(
        SourceFeed,
        "addresses of feeds are secrets of this installation: people have new ones made elsewhere",
    ),
    ExcludedTable(
        NodeInvitation,
        "credentials of this installation are in them: nodes are invited anew elsewhere",
    ),
)


async def requeue_reports(session: AsyncSession) -> int:
    """Queue again the reports that were on their way; how many."""
    waiting = (
        await session.scalars(
            select(Report.id).where(Report.delivery == ReportDeliveryState.PENDING)
        )
    ).all()
    for report in waiting:
        await jobs.enqueue(session, SEND_REPORT, {"report": str(report)})
    return len(waiting)


async def resume_import(session: AsyncSession, _settings: Settings) -> None:
    """Queue the reports that were on their way."""
    await requeue_reports(session)
