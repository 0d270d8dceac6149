"""What an archive holds of those who ask to publish here, and of who comes into an organisation."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.rows import Carried
from udi.portal.organisations.joining.changes import CHANGE
from udi.portal.organisations.joining.deciding import OPEN_ROOM
from udi.portal.organisations.joining.states import State
from udi.portal.organisations.models import Application, Choice, Entry, MemberChange

CARRIED = (Carried(Application), Carried(MemberChange), Carried(Entry))
LEFT_OUT = ()


async def take_up(session: AsyncSession) -> int:
    """Queue again the changes of members and the rooms that were on their way; how many."""
    changes = (await session.scalars(select(MemberChange.id).where(MemberChange.done_at.is_(None)))).all()
    for change in changes:
        await jobs.enqueue(session, CHANGE, {"change": str(change)})
    due = (Application.state == State.APPROVED, Application.choice == Choice.HOSTED, Application.room_at.is_(None))
    rooms = (await session.scalars(select(Application.id).where(*due))).all()
    for application in rooms:
        await jobs.enqueue(session, OPEN_ROOM, {"application": str(application)})
    return len(changes) + len(rooms)
