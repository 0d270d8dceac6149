"""Writes of members. Each change is made at the identity service by the worker; who administers is never nobody."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.budgets import spend_budget
from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    NotFoundError,
    TooManyRequestsError,
    field_error,
)
from udi.kit.identity import MANAGERS, PUBLISHERS, Actor
from udi.kit.mail_addresses import is_mail_address
from udi.portal import audit
from udi.portal.identity.queries import is_staying
from udi.portal.organisations.members import queries
from udi.portal.organisations.members.member_changes import change_member
from udi.portal.organisations.members.transitions import (
    MEMBERSHIP,
    MembershipEvent,
    MembershipStage,
)
from udi.portal.organisations.models import MembershipEntry, Organisation
from udi.portal.tenants.budgets import MAILS

SEND_ENTRY = "tell_entry"
ROLES: dict[str, tuple[str, ...]] = {
    "manager": (MANAGERS,),
    "publisher": (PUBLISHERS,),
    "member": (),
}
"""What the pages offer, and the groups of each; a manager publishes too."""
MOST_INVITED = 50
MOST_REQUESTED = 5
LONGEST_WORDS = 2000


def role_of(groups: Collection[str]) -> str:
    """The role that some groups give."""
    if MANAGERS in groups:
        return "manager"
    if PUBLISHERS in groups:
        return "publisher"
    return "member"


def read_role(role: str) -> tuple[str, ...]:
    """The groups of a role.

    Raises:
        InvalidError: there is no such role.
    """
    if role not in ROLES:
        raise field_error("role", "There is no such role.", "Choose one of the three.")
    return ROLES[role]


async def invite_member(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    *,
    email: str,
    role: str,
    language: str,
) -> MembershipEntry:
    """Invite an address; the mail says how to answer.

    Raises:
        InvalidError: this is no address, or no role; or it is a member's, or invited already.
        TooManyRequestsError: as many invitations wait as may, or this person had many mails sent today.
    """
    email = email.strip().lower()
    groups = read_role(role)
    require_mail_address(email)
    waiting = await queries.list_entries(session, organisation)
    await _reject_known_address(session, organisation, email, waiting)
    if len(waiting) >= MOST_INVITED:
        raise TooManyRequestsError(
            "%(most)s invitations and requests wait already, which is the maximum.",
            remedy="Cancel some, or answer those who ask.",
            values={"most": MOST_INVITED},
        )
    await spend_budget(session, MAILS, str(actor.person_id))
    entry = MembershipEntry(
        organisation_id=organisation.id,
        stage=MembershipStage.INVITED,
        email=email,
        groups=list(groups),
        language=language,
        started_by=actor.person_id,
        started_at=now(),
    )
    await _begin(session, entry)
    audit.record(session, actor, "member.invited", organisation.id)
    return entry


def require_mail_address(email: str) -> None:
    """Refuse what is no mail address.

    Raises:
        InvalidError: it is none.
    """
    if not is_mail_address(email):
        raise field_error(
            "email",
            "This is not a mail address.",
            "Write it as name@town.example.",
        )


async def _reject_known_address(
    session: AsyncSession,
    organisation: Organisation,
    email: str,
    waiting: Sequence[MembershipEntry],
) -> None:
    """Refuse an address that is invited already, or a member's."""
    if any(entry.email == email for entry in waiting):
        raise field_error(
            "email",
            "This address is invited already.",
            "Its invitation waits below.",
        )
    lines = await queries.list_member_summaries(session, organisation)
    if any(line.person.email.lower() == email and not line.leaves for line in lines):
        raise field_error(
            "email",
            "This address is a member’s.",
            "Change their role in the list.",
        )


async def request_membership(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    *,
    words: str,
    language: str,
) -> MembershipEntry:
    """Ask to belong to an organisation; its administrators are notified by mail.

    Raises:
        ConflictError: the person belongs to it, is invited, or asked already; or nobody is there to answer.
        TooManyRequestsError: the person has as many requests open as one may.
    """
    if organisation.unclaimed:
        raise ConflictError(
            "%(name)s has nobody here yet who could answer.",
            remedy="If you work there, join for it from its page.",
            values={"name": organisation.name},
        )
    lines = {
        line.person.id: line
        for line in await queries.list_member_summaries(session, organisation)
    }
    membership = lines.get(actor.person_id)
    if membership and not membership.leaves:
        raise ConflictError(
            "You belong to it already.",
            remedy="Log in again if «my space» does not show it.",
        )
    if await queries.find_waiting_entry(session, organisation, actor):
        raise ConflictError(
            "You asked already, or are invited.",
            remedy="“Join as a producer” shows what waits for an answer.",
        )
    if await queries.count_own_requests(session, actor) >= MOST_REQUESTED:
        raise TooManyRequestsError(
            "You have %(most)s requests that wait for an answer, which is the maximum.",
            remedy="Withdraw one, or wait for an answer.",
            values={"most": MOST_REQUESTED},
        )
    entry = MembershipEntry(
        organisation_id=organisation.id,
        stage=MembershipStage.REQUESTED,
        person_id=actor.person_id,
        groups=[],
        language=language,
        words=_clean(words),
        started_by=actor.person_id,
        started_at=now(),
    )
    await _begin(session, entry)
    audit.record(session, actor, "member.requested", organisation.id)
    return entry


async def accept_invitation(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    entry: MembershipEntry,
) -> None:
    """Answer yes to an invitation: the person comes in with the role that they were invited to."""
    await _answer(session, entry, MembershipEvent.ACCEPT)
    entry.person_id = actor.person_id
    await change_member(session, actor, organisation, actor.person_id, entry.groups)
    audit.record(session, actor, "member.joined", organisation.id)


async def decline_invitation(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    entry: MembershipEntry,
) -> None:
    """Answer no to an invitation."""
    await _answer(session, entry, MembershipEvent.DECLINE)
    entry.person_id = actor.person_id
    audit.record(session, actor, "member.declined", organisation.id)


async def admit_member(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    entry: MembershipEntry,
    role: str,
) -> None:
    """Let somebody in who asked; they are notified by mail.

    Raises:
        InvalidError: there is no such role.
    """
    groups = read_role(role)
    await _answer(session, entry, MembershipEvent.ADMIT)
    entry.groups = list(groups)
    if entry.person_id is not None:
        await change_member(session, actor, organisation, entry.person_id, groups)
    await _tell(session, entry)
    audit.record(session, actor, "member.joined", organisation.id)


async def refuse_membership(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    entry: MembershipEntry,
    words: str,
) -> None:
    """Refuse somebody who asked, and say why; they are notified by mail.

    Raises:
        InvalidError: no reason is given.
    """
    if not _clean(words):
        raise field_error("words", "Give the reason: the person will read it.")
    await _answer(session, entry, MembershipEvent.REFUSE)
    entry.words = _clean(words)
    await _tell(session, entry)
    audit.record(session, actor, "member.refused", organisation.id)


async def cancel_entry(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    entry: MembershipEntry,
) -> None:
    """Take an invitation or a request back."""
    await _answer(session, entry, MembershipEvent.CANCEL)
    audit.record(session, actor, "member.cancelled", organisation.id)


async def give_role(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    person: UUID,
    role: str,
) -> None:
    """Give a member another role.

    Raises:
        InvalidError: there is no such role.
        NotFoundError: the person is no member.
        ConflictError: nobody would administer the organisation.
    """
    groups = read_role(role)
    await _require_administrator(
        session, organisation, person, stays=MANAGERS in groups
    )
    await change_member(session, actor, organisation, person, groups)
    audit.record(session, actor, "member.changed", organisation.id, role=role)


async def remove_member(
    session: AsyncSession, actor: Actor, organisation: Organisation, person: UUID
) -> None:
    """Have a member leave, or leave oneself.

    Raises:
        NotFoundError: the person is no member.
        ConflictError: nobody would administer the organisation.
    """
    await _require_administrator(session, organisation, person, stays=False)
    await change_member(session, actor, organisation, person, None)
    audit.record(
        session,
        actor,
        "member.left" if person == actor.person_id else "member.removed",
        organisation.id,
    )


async def _require_administrator(
    session: AsyncSession, organisation: Organisation, person: UUID, *, stays: bool
) -> None:
    lines = {
        line.person.id: line
        for line in await queries.list_member_summaries(session, organisation)
        if not line.leaves
    }
    if person not in lines:
        raise NotFoundError("This person is no member, or not any more.")
    others = any(
        line.manages and is_staying(line.person)
        for id_, line in lines.items()
        if id_ != person
    )
    if lines[person].manages and not (stays or others):
        raise ConflictError(
            "%(name)s would have no administrator any more.",
            remedy="Make another member an administrator first; they need to have logged in here once.",
            values={"name": organisation.name},
        )


async def _begin(session: AsyncSession, entry: MembershipEntry) -> None:
    session.add(entry)
    await session.flush()
    await _tell(session, entry)


async def _answer(
    session: AsyncSession, entry: MembershipEntry, what: MembershipEvent
) -> None:
    entry.stage = MEMBERSHIP.next_state(entry.stage, what)
    entry.answered_at = now()
    await session.flush()


async def _tell(session: AsyncSession, entry: MembershipEntry) -> None:
    await session.flush()
    await jobs.enqueue(
        session, SEND_ENTRY, {"entry": str(entry.id), "stage": entry.stage}
    )


def _clean(words: str) -> str:
    return "\n".join(
        line.rstrip() for line in words.strip().replace("\x00", "").splitlines()
    )[:LONGEST_WORDS]
