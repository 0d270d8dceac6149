"""What ends of invitations when whoever made them may not invite any more."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.portal import audit
from udi.portal.identity.departures import Departure
from udi.portal.organisations.members.states import Stage, Step, step
from udi.portal.organisations.models import Entry, Organisation


async def cancel_invitations(session: AsyncSession, departure: Departure) -> int:
    """Take back what somebody offered who does not administer the organisation any more; how many invitations."""
    same = (Organisation.tenant_id == Entry.tenant_id) & (Organisation.id == Entry.organisation_id)
    theirs = (Entry.begun_by == departure.person.id, Entry.stage == Stage.INVITED)
    query = select(Entry, Organisation.slug).join(Organisation, same).where(*theirs).with_for_update(of=Entry)
    cancelled = 0
    for entry, slug in (await session.execute(query)).all():
        if departure.still_manages(slug):
            continue
        entry.stage = step(entry.stage, Step.CANCEL)
        entry.answered_at = now()
        audit.record(session, None, "member.cancelled", entry.organisation_id)
        cancelled += 1
    await session.flush()
    return cancelled
