"""Reads of the territory's team and of the invitations into it."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import MODERATORS, SECOND_FACTOR, Actor
from udi.portal.identity.models import TEAM, Person, WebSession
from udi.portal.identity.queries import list_members
from udi.portal.organisations.members.member_changes import list_waiting
from udi.portal.organisations.members.transitions import MembershipStage
from udi.portal.organisations.models import MemberChange, MembershipEntry

DAY = timedelta(days=1)


@dataclass(frozen=True)
class TeamMemberStatus:
    """Somebody of the team, or on their way in or out (`change` waits for the identity service)."""

    person: Person
    change: MemberChange | None = None
    last_seen_at: datetime | None = None
    """When their last session was used; None where none is open."""
    has_factor: bool | None = None
    """Whether their last login showed a second factor; None where no session is open."""

    @property
    def is_leaving(self) -> bool:
        return self.change is not None and self.change.leaves

    @property
    def is_waiting(self) -> bool:
        """Whether the identity service does not know the change yet."""
        return self.change is not None


async def list_team(session: AsyncSession) -> list[TeamMemberStatus]:
    """Everybody of the team who logged in here, and those on their way in or out, by name."""
    members = {
        person.id: TeamMemberStatus(person)
        for person, groups in await list_members(session, TEAM)
        if MODERATORS in groups
    }
    for change in await list_waiting(session, None):
        member = members.get(change.person_id)
        if member is None:
            member = TeamMemberStatus(await _get_person(session, change.person_id))
        members[change.person_id] = replace(member, change=change)
    sessions = await _last_sessions(session, members)
    complete = [
        replace(
            member,
            last_seen_at=sessions[id_].last_seen_at,
            has_factor=sessions[id_].has_factor,
        )
        if id_ in sessions
        else member
        for id_, member in members.items()
    ]
    return sorted(
        complete,
        key=lambda member: (member.person.name.casefold(), member.person.email),
    )


async def _get_person(session: AsyncSession, id_: UUID) -> Person:
    return (await session.scalars(select(Person).where(Person.id == id_))).one()


@dataclass(frozen=True)
class LastSession:
    """The last session of somebody: when it was used, and whether a second factor was shown in one."""

    last_seen_at: datetime
    has_factor: bool


async def _last_sessions(
    session: AsyncSession, people: Collection[UUID]
) -> dict[UUID, LastSession]:
    query = (
        select(
            WebSession.person_id,
            func.max(WebSession.last_seen_at).label("last_seen_at"),
            func.max(WebSession.level).label("level"),
        )
        .where(WebSession.person_id.in_(list(people)))
        .group_by(WebSession.person_id)
    )
    rows = await session.execute(query)
    return {
        row.person_id: LastSession(
            row.last_seen_at, has_factor=row.level >= SECOND_FACTOR
        )
        for row in rows
    }


async def require_team_member(
    session: AsyncSession, actor: Actor
) -> list[TeamMemberStatus]:
    """The team, for somebody of it.

    What was decided on its pages counts at once, even while the person's session says otherwise.

    Raises:
        ForbiddenError: the person is not of the team.
    """
    members = await list_team(session)
    team_member = next(
        (member for member in members if member.person.id == actor.person_id), None
    )
    if not actor.moderator or team_member is None or team_member.is_leaving:
        raise ForbiddenError(
            "This page is for the territory’s team.",
            remedy="Ask a member of the team to invite you, or write to the team.",
        )
    return members


async def list_invitations(session: AsyncSession) -> Sequence[MembershipEntry]:
    """Invitations into the team that wait for an answer, expired ones too, the oldest first."""
    query = select(MembershipEntry).where(
        MembershipEntry.organisation_id.is_(None),
        MembershipEntry.stage == MembershipStage.INVITED,
    )
    return (
        await session.scalars(
            query.order_by(MembershipEntry.started_at, MembershipEntry.id)
        )
    ).all()


def count_days_left(invitation: MembershipEntry) -> int:
    """How many days an invitation may still be answered, a begun one included; 0 once it has expired."""
    if invitation.expires_at is None:
        return 0
    return max(0, math.ceil((invitation.expires_at - now()) / DAY))


async def get_invitation(session: AsyncSession, id_: UUID) -> MembershipEntry:
    """An invitation into the team, locked until the transaction ends.

    Raises:
        NotFoundError: there is none of this identifier.
    """
    query = (
        select(MembershipEntry)
        .where(MembershipEntry.id == id_, MembershipEntry.organisation_id.is_(None))
        .with_for_update()
    )
    invitation = await session.scalar(query)
    if invitation is None:
        raise NotFoundError("No invitation has this address.")
    return invitation


async def list_own_invitations(
    session: AsyncSession, actor: Actor
) -> Sequence[MembershipEntry]:
    """Invitations into the team that were sent to the person's proven address and can still be answered."""
    query = select(MembershipEntry).where(
        MembershipEntry.organisation_id.is_(None),
        MembershipEntry.stage == MembershipStage.INVITED,
        MembershipEntry.email == actor.verified_email,
        MembershipEntry.expires_at > now(),
    )
    return (await session.scalars(query)).all()


async def find_inviters(
    session: AsyncSession, invitations: Sequence[MembershipEntry]
) -> dict[UUID, Person]:
    """Those who invited, by identifier."""
    ids = {entry.started_by for entry in invitations if entry.started_by}
    people = await session.scalars(select(Person).where(Person.id.in_(ids)))
    return {person.id: person for person in people}
