"""What an archive holds of registers and of requests about one's own data: all but what is counted anew."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.selfdata.models import ProcessingEntry, ProcessingStatement
from udi.portal.selfdata.punctuality.models import (
    LateProducer,
    PunctualityFigure,
    SubjectRequestFigure,
)
from udi.portal.selfdata.recipients.models import DataChangeNotice
from udi.portal.selfdata.requests.models import SubjectRequest, SubjectRequestCount
from udi.portal.selfdata.requests.outcomes import MOVED
from udi.protocol.subject_requests import SubjectRequestState
from udi.settings import Settings

CARRIED = (
    ArchivedTable(ProcessingStatement),
    ArchivedTable(ProcessingEntry),
    ArchivedTable(SubjectRequest),
    ArchivedTable(SubjectRequestCount),
    ArchivedTable(PunctualityFigure),
    ArchivedTable(DataChangeNotice),
)
LEFT_OUT = (
    ExcludedTable(
        SubjectRequestFigure,
        "figures for the team are counted anew each night where the territory arrives",
    ),
    ExcludedTable(
        LateProducer, "who is late is found anew each night where the territory arrives"
    ),
)


async def resume_import(session: AsyncSession, _settings: Settings) -> None:
    """End what was sent to a node that stayed behind: no archive has what was written there, and none reports any more.

    Drafts go on: nothing was written of them yet.
    """
    sent = SubjectRequest.state != SubjectRequestState.DRAFTED
    detached = update(SubjectRequest).where(sent)
    await session.execute(detached.values(node_id=None, news_at=None))
    unended = (sent, SubjectRequest.ended_on.is_(None))
    uncounted = update(SubjectRequest).where(*unended, SubjectRequest.outcome == "")
    await session.execute(uncounted.values(outcome=MOVED))
    ended = update(SubjectRequest).where(*unended)
    await session.execute(
        ended.values(state=SubjectRequestState.CLOSED, ended_on=now().date())
    )
