"""What an archive holds of those who ask to publish here, and of who comes into an organisation."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.rows import ArchivedTable
from udi.portal.organisations.joining.decisions import OPEN_SPACE
from udi.portal.organisations.members.member_changes import CHANGE
from udi.portal.organisations.models import (
    Application,
    ApplicationState,
    HostingChoice,
    MemberChange,
    MembershipEntry,
)

CARRIED = (
    ArchivedTable(Application),
    ArchivedTable(MemberChange),
    ArchivedTable(MembershipEntry),
)
LEFT_OUT = ()


async def requeue_joining(session: AsyncSession) -> int:
    """Queue again the changes of members and the spaces that were on their way; how many."""
    changes = (
        await session.scalars(
            select(MemberChange.id).where(MemberChange.done_at.is_(None))
        )
    ).all()
    for change in changes:
        await jobs.enqueue(session, CHANGE, {"change": str(change)})
    due = (
        Application.state == ApplicationState.APPROVED,
        Application.choice == HostingChoice.HOSTED,
        Application.space_ready_at.is_(None),
    )
    applications = (await session.scalars(select(Application.id).where(*due))).all()
    for application in applications:
        await jobs.enqueue(session, OPEN_SPACE, {"application": str(application)})
    return len(changes) + len(applications)
