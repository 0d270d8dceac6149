"""What ends when somebody leaves, or may do less: sessions, tokens, and what the domains above add."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import MANAGERS, MODERATORS
from udi.kit.service_registry import Hook
from udi.portal import audit
from udi.portal.identity.actions import replace_memberships
from udi.portal.identity.models import (
    TEAM,
    ApiToken,
    InboxClaim,
    Membership,
    Person,
    WebSession,
)

Groups = Mapping[str, Collection[str]]
"""Groups by slug of the organisation, `TEAM` for the territory's."""


@dataclass(frozen=True)
class Departure:
    """Somebody whose account is gone, or who has these groups and no other any more."""

    person: Person
    gone: bool
    memberships: Groups

    def still_manages(self, organisation: str) -> bool:
        """Whether they manage an organisation (its slug) all the same."""
        return not self.gone and MANAGERS in self.memberships.get(organisation, ())

    @property
    def is_still_of_team(self) -> bool:
        """Whether they are of the territory's team all the same."""
        return not self.gone and MODERATORS in self.memberships.get(TEAM, ())


DepartureHandler = Callable[[AsyncSession, Departure], Awaitable[int]]
"""Ends what somebody may not hold any more; how many things."""
DEPARTURES = Hook[DepartureHandler]("departures")
"""What the domains above end."""
DepartureLock = Callable[[AsyncSession, Person], Awaitable[None]]
"""Locks the rows that a handler changes for somebody whose account is gone."""
DEPARTURE_LOCKS = Hook[DepartureLock]("locks of departures")
"""What the domains above lock before anything ends.

Handlers take the counter of revisions, which everybody takes last: who took it before a row waits for somebody who holds
the row and waits for the counter.
"""


async def end_account(
    session: AsyncSession,
    person: Person,
    ends: Sequence[DepartureHandler],
    locks: Sequence[DepartureLock],
) -> int:
    """End all that somebody holds whose account was disabled or deleted; how many things. May be repeated."""
    for lock in locks:
        await lock(session, person)
    first = person.left_at is None
    person.left_at = person.left_at or now()
    ended = _row_count(
        await session.execute(
            delete(WebSession).where(WebSession.person_id == person.id)
        )
    )
    living = (ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))
    ended += _row_count(
        await session.execute(update(ApiToken).where(*living).values(revoked_at=now()))
    )
    ended += _row_count(
        await session.execute(
            delete(Membership).where(Membership.person_id == person.id)
        )
    )
    await _release_claims(session, person)
    departure = Departure(person, gone=True, memberships={})
    for end in ends:
        ended += await end(session, departure)
    if first or ended:
        audit.record(session, None, "person.left", person.id, ended=ended)
    await session.flush()
    return ended


async def change_rights(
    session: AsyncSession,
    person: Person,
    memberships: Groups,
    ends: Sequence[DepartureHandler],
) -> bool:
    """Give somebody the groups that they have now, in open sessions too; whether that changed anything."""
    rows = await session.scalars(
        select(Membership).where(Membership.person_id == person.id)
    )
    stored_memberships = {row.organisation_slug: sorted(row.groups) for row in rows}
    new_memberships = {slug: sorted(groups) for slug, groups in memberships.items()}
    if stored_memberships == new_memberships:
        return False
    await replace_memberships(session, person.id, new_memberships)
    theirs = {slug: groups for slug, groups in new_memberships.items() if slug != TEAM}
    values = {
        "memberships": theirs,
        "moderator": MODERATORS in new_memberships.get(TEAM, ()),
    }
    update_query = (
        update(WebSession).where(WebSession.person_id == person.id).values(**values)
    )
    await session.execute(update_query.execution_options(synchronize_session=False))
    await _release_claims(session, person)
    departure = Departure(person, gone=False, memberships=new_memberships)
    ended = 0
    for end in ends:
        ended += await end(session, departure)
    audit.record(session, None, "person.rights_changed", person.id, ended=ended)
    await session.flush()
    return True


async def _release_claims(session: AsyncSession, person: Person) -> None:
    """Leave to colleagues what the person was looking at in the inbox: it may be theirs no more."""
    await session.execute(delete(InboxClaim).where(InboxClaim.person_id == person.id))


def _row_count(result: object) -> int:
    if isinstance(result, CursorResult):
        return result.rowcount
    return 0
