"""What waits for the territory's team: producers that let several people wait."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.portal.identity.inbox import InboxItem, InboxKind, InboxRole
from udi.portal.selfdata.punctuality.queries import list_late_producers


async def list_late(session: AsyncSession, actor: Actor) -> Sequence[InboxItem]:
    """For the team: each producer that is late with several people; of whom, it does not read."""
    if not actor.moderator:
        return []
    return [
        InboxItem(
            kind=InboxKind.SUBJECT_LATE_PRODUCER,
            role=InboxRole.TEAM,
            id=organisation.id,
            title=organisation.name,
            url="/territory/subject-requests",
            since=datetime.combine(late.since, time.min, UTC),
        )
        for organisation, late in await list_late_producers(session)
    ]
