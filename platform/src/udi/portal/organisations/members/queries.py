"""Reads of members, and who may act for an organisation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import MANAGERS, Actor
from udi.portal.identity.models import Person
from udi.portal.identity.queries import list_members
from udi.portal.organisations.members.member_changes import list_waiting
from udi.portal.organisations.members.transitions import WAITING, MembershipStage
from udi.portal.organisations.models import MemberChange, MembershipEntry, Organisation


@dataclass(frozen=True)
class MemberSummary:
    """A member as the page shows them; `change` waits for the identity service, `groups` are those it will give."""

    person: Person
    groups: frozenset[str]
    change: MemberChange | None = None

    @property
    def manages(self) -> bool:
        return MANAGERS in self.groups

    @property
    def leaves(self) -> bool:
        return self.change is not None and self.change.leaves


async def list_member_summaries(
    session: AsyncSession, organisation: Organisation
) -> list[MemberSummary]:
    """The members who logged in here, and those on their way in or out, by name."""
    lines = {
        p.id: MemberSummary(p, frozenset(groups))
        for p, groups in await list_members(session, organisation.slug)
    }
    for change in await list_waiting(session, organisation.id):
        existing = lines.get(change.person_id)
        person = (
            existing.person
            if existing
            else await session.scalar(
                select(Person).where(Person.id == change.person_id)
            )
        )
        if person is not None:
            base = existing or MemberSummary(person, frozenset())
            lines[change.person_id] = replace(
                base, groups=frozenset(change.groups), change=change
            )
    return sorted(
        lines.values(),
        key=lambda line: (line.person.name.casefold(), line.person.email),
    )


async def get_organisation(
    session: AsyncSession, slug: str, *, lock: bool = False
) -> Organisation:
    """The organisation of this slug; `lock` holds its members until the transaction ends.

    Raises:
        NotFoundError: the territory has none of this name.
    """
    query = select(Organisation).where(Organisation.slug == slug, Organisation.producer)
    if slug.isprintable():
        organisation = await session.scalar(query.with_for_update() if lock else query)
    else:
        organisation = None
    if organisation is None:
        raise NotFoundError("No organisation has this address here.")
    return organisation


async def get_member_organisation(
    session: AsyncSession,
    actor: Actor,
    slug: str,
    *,
    managing: bool = False,
    lock: bool = False,
) -> Organisation:
    """An organisation of the person; `managing`, one that they administer.

    What was decided on these pages counts at once, even while the person's session says otherwise.

    Raises:
        NotFoundError: the territory has none of this name.
        ForbiddenError: the person does not belong to it, or does not administer it.
    """
    organisation = await get_organisation(session, slug, lock=lock)
    values = {"name": organisation.name, "email": organisation.email}
    lines = {
        line.person.id: line
        for line in await list_member_summaries(session, organisation)
    }
    membership = lines.get(actor.person_id)
    if slug not in actor.memberships or membership is None or membership.leaves:
        raise ForbiddenError(
            "You do not belong to %(name)s, or your session does not say it yet.",
            remedy="Log in again if you were just added. Otherwise ask to become a member, from its page, or write to %(email)s.",
            values=values,
        )
    if managing and not (actor.may_manage(slug) and membership.manages):
        raise ForbiddenError(
            "You belong to %(name)s, but only its administrators can do this.",
            remedy="Ask one of them: the page of the organisation names them. Or write to %(email)s.",
            values=values,
        )
    return organisation


async def list_entries(
    session: AsyncSession, organisation: Organisation
) -> Sequence[MembershipEntry]:
    """Invitations and requests of an organisation that wait for an answer, the oldest first."""
    query = select(MembershipEntry).where(
        MembershipEntry.organisation_id == organisation.id,
        MembershipEntry.stage.in_(WAITING),
    )
    return (
        await session.scalars(
            query.order_by(MembershipEntry.started_at, MembershipEntry.id)
        )
    ).all()


async def list_own_entries(
    session: AsyncSession, actor: Actor
) -> list[tuple[MembershipEntry, Organisation]]:
    """Invitations to the person's address and requests of theirs that wait, with the organisation."""
    mine = (
        (MembershipEntry.stage == MembershipStage.INVITED)
        & (MembershipEntry.email == actor.verified_email)
    ) | (
        (MembershipEntry.stage == MembershipStage.REQUESTED)
        & (MembershipEntry.person_id == actor.person_id)
    )
    same = (Organisation.tenant_id == MembershipEntry.tenant_id) & (
        Organisation.id == MembershipEntry.organisation_id
    )
    rows = await session.execute(
        select(MembershipEntry, Organisation).join(Organisation, same).where(mine)
    )
    return [(row.MembershipEntry, row.Organisation) for row in rows]


async def get_entry(
    session: AsyncSession, organisation: Organisation, id_: UUID
) -> MembershipEntry:
    """An invitation or a request of an organisation.

    Raises:
        NotFoundError: it has none of this identifier.
    """
    query = (
        select(MembershipEntry)
        .where(
            MembershipEntry.id == id_,
            MembershipEntry.organisation_id == organisation.id,
        )
        .with_for_update()
    )
    entry = await session.scalar(query)
    if entry is None:
        raise NotFoundError
    return entry


async def find_waiting_entry(
    session: AsyncSession, organisation: Organisation, actor: Actor
) -> MembershipEntry | None:
    """What waits between a person and an organisation."""
    mine = (
        (MembershipEntry.stage == MembershipStage.INVITED)
        & (MembershipEntry.email == actor.verified_email)
    ) | (
        (MembershipEntry.stage == MembershipStage.REQUESTED)
        & (MembershipEntry.person_id == actor.person_id)
    )
    query = (
        select(MembershipEntry)
        .where(MembershipEntry.organisation_id == organisation.id, mine)
        .order_by(MembershipEntry.started_at)
        .limit(1)
    )
    return (await session.scalars(query)).first()


async def count_own_requests(session: AsyncSession, actor: Actor) -> int:
    """How many requests of the person wait."""
    conditions = (
        MembershipEntry.person_id == actor.person_id,
        MembershipEntry.stage == MembershipStage.REQUESTED,
    )
    return await session.scalar(select(func.count()).where(*conditions)) or 0


async def find_requesters(
    session: AsyncSession, entries: Sequence[MembershipEntry]
) -> dict[UUID, Person]:
    """Those who ask, by identifier."""
    ids = {entry.person_id for entry in entries if entry.person_id}
    return {
        person.id: person
        for person in await session.scalars(select(Person).where(Person.id.in_(ids)))
    }


def require_invited(actor: Actor, entry: MembershipEntry) -> None:
    """Let only whom an invitation was sent to answer it: the address of their account, once proven.

    Raises:
        ForbiddenError: it was sent to another address, or theirs is not proven yet.
    """
    if entry.email and entry.email == actor.email.lower() and not actor.email_verified:
        raise ForbiddenError(
            "It was not checked yet that the address of your account, %(email)s, is yours.",
            remedy="Follow the link that was sent to it when you made the account, then log in again.",
            values={"email": actor.email},
        )
    if not entry.email or entry.email != actor.verified_email:
        raise ForbiddenError(
            "This invitation was sent to another address than the one of your account, %(email)s.",
            remedy="Log in with the account of that address, or ask whoever invited you to invite this one.",
            values={"email": actor.email},
        )
