"""What an archive holds of the nodes and of the reports on what they pushed. Their credentials are in none."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.rows import Carried, LeftOut
from udi.portal.nodes.actions.reports import SEND_REPORT
from udi.portal.nodes.models import Delivery, Node, NodeInvitation, NodeProducer, Report
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourceAction,
    SourceFault,
    SourceFeed,
    SourceRecord,
    SourceRun,
)

CARRIED = (
    Carried(Node, addressed=frozenset({"url"})),
    Carried(NodeProducer),
    Carried(Report),
    Carried(CatalogueSource, drawn=frozenset({"lease", "leased_until"})),
    Carried(SourceRecord),
)
LEFT_OUT = (
    LeftOut(SourceRun, "readings that ended are told where they were made: each source is read again where it arrives"),
    LeftOut(SourceFault, "what a reading met goes with it"),
    LeftOut(SourceAction, "what a reading did goes with it"),
    LeftOut(SourceFeed, "addresses of feeds are secrets of this installation: people have new ones made elsewhere"),
    LeftOut(NodeInvitation, "credentials of this installation are in them: nodes are invited anew elsewhere"),
)


async def take_up(session: AsyncSession) -> int:
    """Queue again the reports that were on their way; how many."""
    waiting = (await session.scalars(select(Report.id).where(Report.delivery == Delivery.PENDING))).all()
    for report in waiting:
        await jobs.enqueue(session, SEND_REPORT, {"report": str(report)})
    return len(waiting)
