"""What an archive holds of requests about one's own data: nothing. They are finished where they were asked."""

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.subject_requests.models import (
    HeldTicket,
    Lender,
    RecipientNotice,
    SubjectFile,
    SubjectPerson,
    SubjectRequest,
    SubjectRequestEntry,
    SubjectRequestSettings,
    SubjectSession,
)

WHERE_ASKED = (
    "people are known by subjects of this installation's identity service, and their words are sealed with its keys:"
    " requests are finished where they were asked"
)
CARRIED = (ArchivedTable(SubjectRequestSettings),)
LEFT_OUT = (
    ExcludedTable(SubjectPerson, WHERE_ASKED),
    ExcludedTable(
        SubjectSession, "sessions and their tokens are secrets of this installation"
    ),
    ExcludedTable(HeldTicket, "a ticket is good for an hour, for one browser"),
    ExcludedTable(SubjectRequest, WHERE_ASKED),
    ExcludedTable(SubjectRequestEntry, WHERE_ASKED),
    ExcludedTable(SubjectFile, WHERE_ASKED),
    ExcludedTable(RecipientNotice, WHERE_ASKED),
    ExcludedTable(
        Lender, "people are known by subjects of this installation's identity service"
    ),
)


async def count_unfinished(session: AsyncSession) -> int:
    """How many requests of a territory go on here, can be read or are held: what would be lost with this installation."""
    is_held = and_(SubjectRequest.legal_hold, SubjectRequest.destroyed_at.is_(None))
    query = (
        select(func.count())
        .select_from(SubjectRequest)
        .where(or_(SubjectRequest.ended_at.is_(None), is_held))
    )
    return await session.scalar(query) or 0
