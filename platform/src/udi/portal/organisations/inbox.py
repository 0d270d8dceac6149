"""What waits for a person of organisations: requests to join, requests of members, invitations."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.portal.identity.inbox import MOST_OF_A_DOMAIN, InboxItem, InboxKind, InboxRole
from udi.portal.identity.models import Person
from udi.portal.organisations.joining.transitions import OPEN
from udi.portal.organisations.members.queries import list_own_entries
from udi.portal.organisations.members.transitions import MembershipStage
from udi.portal.organisations.models import (
    Application,
    ApplicationState,
    MembershipEntry,
    Organisation,
)
from udi.portal.organisations.team.queries import list_own_invitations


async def list_waiting_applications(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For the team: requests to join that it has to decide. For who asked: the question of the team."""
    items = []
    same = (Person.tenant_id == Application.tenant_id) & (
        Person.id == Application.person_id
    )
    query = select(Application, Person).join(Person, same)
    if actor.moderator:
        waiting = query.where(Application.state == ApplicationState.SUBMITTED)
        rows = await session.execute(waiting.limit(MOST_OF_A_DOMAIN))
        items += [
            InboxItem(
                kind=InboxKind.APPLICATION,
                role=InboxRole.TEAM,
                id=row.Application.id,
                title=row.Application.name,
                url=f"/join/{row.Application.id}",
                since=row.Application.submitted_at,
                who=row.Person.name,
            )
            for row in rows
        ]
    sent_query = query.where(
        Application.person_id == actor.person_id,
        Application.state.in_(OPEN),
        Application.state != ApplicationState.SUBMITTED,
    )
    items += [
        InboxItem(
            kind=InboxKind.APPLICATION_QUESTION,
            role=InboxRole.PERSON,
            id=row.Application.id,
            title=row.Application.name,
            url=f"/join/{row.Application.id}",
            since=row.Application.submitted_at,
        )
        for row in await session.execute(sent_query.limit(MOST_OF_A_DOMAIN))
    ]
    return items


async def list_waiting_members(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For administrators of organisations: who asks to become a member."""
    slugs = [slug for slug in actor.memberships if actor.may_manage(slug)]
    if not slugs:
        return []
    tenant = MembershipEntry.tenant_id
    query = (
        select(MembershipEntry, Organisation, Person)
        .join(
            Organisation,
            (Organisation.tenant_id == tenant)
            & (Organisation.id == MembershipEntry.organisation_id),
        )
        .join(
            Person,
            (Person.tenant_id == tenant) & (Person.id == MembershipEntry.person_id),
        )
        .where(
            Organisation.slug.in_(slugs),
            MembershipEntry.stage == MembershipStage.REQUESTED,
        )
        .order_by(MembershipEntry.started_at)
        .limit(MOST_OF_A_DOMAIN)
    )
    return [
        InboxItem(
            kind=InboxKind.MEMBERSHIP_REQUEST,
            role=InboxRole.PRODUCER,
            id=row.MembershipEntry.id,
            title=row.Person.name or row.Person.email,
            url=f"/my-space/organisations/{row.Organisation.slug}",
            since=row.MembershipEntry.started_at,
            who=row.Person.name,
            organisation=row.Organisation.name,
        )
        for row in await session.execute(query)
    ]


async def list_waiting_invitations(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For a person: invitations into organisations and into the territory's team."""
    items = [
        InboxItem(
            kind=InboxKind.INVITATION,
            role=InboxRole.PERSON,
            id=entry.id,
            title=organisation.name,
            url=f"/my-space/organisations/{organisation.slug}/entries/{entry.id}",
            since=entry.started_at,
        )
        for entry, organisation in await list_own_entries(session, actor)
        if entry.stage == MembershipStage.INVITED
    ]
    items += [
        InboxItem(
            kind=InboxKind.INVITATION,
            role=InboxRole.PERSON,
            id=invitation.id,
            title="",
            url=f"/territory/team/invitations/{invitation.id}",
            since=invitation.started_at,
            due_on=invitation.expires_at.date() if invitation.expires_at else None,
        )
        for invitation in await list_own_invitations(session, actor)
    ]
    return items
