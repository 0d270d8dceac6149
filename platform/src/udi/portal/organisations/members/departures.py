"""What ends of invitations when whoever made them may not invite any more."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.portal import audit
from udi.portal.identity.departures import Departure
from udi.portal.organisations.members.transitions import (
    MEMBERSHIP,
    MembershipEvent,
    MembershipStage,
)
from udi.portal.organisations.models import MembershipEntry, Organisation


async def cancel_invitations(session: AsyncSession, departure: Departure) -> int:
    """Take back what somebody offered who does not administer the organisation any more, or is not of the team; how many."""
    same = (Organisation.tenant_id == MembershipEntry.tenant_id) & (
        Organisation.id == MembershipEntry.organisation_id
    )
    theirs = (
        MembershipEntry.started_by == departure.person.id,
        MembershipEntry.stage == MembershipStage.INVITED,
    )
    query = (
        select(MembershipEntry, Organisation.slug)
        .outerjoin(Organisation, same)
        .where(*theirs)
        .with_for_update(of=MembershipEntry)
    )
    cancelled = 0
    for entry, slug in (await session.execute(query)).all():
        if entry.organisation_id is None:
            may_invite = departure.is_still_of_team
        else:
            may_invite = departure.still_manages(slug)
        if may_invite:
            continue
        entry.stage = MEMBERSHIP.next_state(entry.stage, MembershipEvent.CANCEL)
        entry.answered_at = now()
        audit.record(session, None, "member.cancelled", entry.organisation_id)
        cancelled += 1
    await session.flush()
    return cancelled
