"""Writes of the territory's team: invite, accept, remove. Its last member cannot leave."""

from datetime import timedelta
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
from udi.kit.identity import MODERATORS, Actor
from udi.portal import audit
from udi.portal.identity.queries import is_staying
from udi.portal.organisations.members.actions import require_mail_address
from udi.portal.organisations.members.member_changes import change_member, lock_team
from udi.portal.organisations.members.transitions import (
    MEMBERSHIP,
    MembershipEvent,
    MembershipStage,
)
from udi.portal.organisations.models import MembershipEntry
from udi.portal.organisations.team import queries
from udi.portal.tenants.budgets import MAILS

SEND_TEAM_INVITATION = "send_team_invitation"
INVITATION_DAYS = 7
INVITATION_AGE = timedelta(days=INVITATION_DAYS)
MOST_INVITED = 50


async def invite(
    session: AsyncSession, actor: Actor | None, *, email: str, language: str
) -> MembershipEntry:
    """Invite an address into the team; the mail says how to answer, within seven days.

    `actor` is None where the operator invites.

    Raises:
        InvalidError: this is no address, or it is a member's, or invited already.
        TooManyRequestsError: as many invitations wait as may, or this person had many mails sent today.
    """
    email = email.strip().lower()
    require_mail_address(email)
    await lock_team(session)
    invitations = await queries.list_invitations(session)
    if any(invitation.email == email for invitation in invitations):
        raise field_error(
            "email",
            "This address is invited already.",
            "Send its invitation again, from the list.",
        )
    members = await queries.list_team(session)
    if any(
        member.person.email.lower() == email and not member.is_leaving
        for member in members
    ):
        raise field_error("email", "This address is a member of the team already.")
    if len(invitations) >= MOST_INVITED:
        raise TooManyRequestsError(
            "%(most)s invitations wait already, which is the maximum.",
            remedy="Cancel some first.",
            values={"most": MOST_INVITED},
        )
    await _spend_mail(session, actor)
    invitation = MembershipEntry(
        organisation_id=None,
        stage=MembershipStage.INVITED,
        email=email,
        groups=[MODERATORS],
        language=language,
        started_by=actor.person_id if actor else None,
        started_at=now(),
        expires_at=now() + INVITATION_AGE,
    )
    session.add(invitation)
    await session.flush()
    await _queue_mail(session, invitation)
    audit.record(session, actor, "team.invited", invitation.id)
    return invitation


async def resend_invitation(
    session: AsyncSession, actor: Actor | None, invitation: MembershipEntry
) -> None:
    """Send the mail of an invitation again, good for seven more days.

    Raises:
        ConflictError: it was answered or cancelled.
        TooManyRequestsError: this person had many mails sent today.
    """
    _require_open(invitation)
    await _spend_mail(session, actor)
    invitation.expires_at = now() + INVITATION_AGE
    await session.flush()
    await _queue_mail(session, invitation)
    audit.record(session, actor, "team.invited_again", invitation.id)


async def cancel_invitation(
    session: AsyncSession, actor: Actor | None, invitation: MembershipEntry
) -> None:
    """Take an invitation back: its link leads nowhere.

    Raises:
        ConflictError: it was answered or cancelled.
    """
    await _answer(session, invitation, MembershipEvent.CANCEL)
    audit.record(session, actor, "team.invitation_cancelled", invitation.id)


async def accept_invitation(
    session: AsyncSession, actor: Actor, invitation: MembershipEntry
) -> None:
    """Come into the team.

    Raises:
        ConflictError: the invitation was answered, cancelled, or is older than seven days.
    """
    _require_open(invitation)
    if invitation.expires_at is None or invitation.expires_at <= now():
        raise ConflictError(
            "This invitation has expired: it was good for %(days)s days.",
            remedy="Ask whoever invited you to send it again.",
            values={"days": INVITATION_DAYS},
        )
    await _answer(session, invitation, MembershipEvent.ACCEPT)
    invitation.person_id = actor.person_id
    await change_member(session, actor, None, actor.person_id, [MODERATORS])
    audit.record(session, actor, "team.joined", actor.person_id)


async def decline_invitation(
    session: AsyncSession, actor: Actor, invitation: MembershipEntry
) -> None:
    """Answer no.

    Raises:
        ConflictError: the invitation was answered or cancelled.
    """
    await _answer(session, invitation, MembershipEvent.DECLINE)
    invitation.person_id = actor.person_id
    audit.record(session, actor, "team.declined", invitation.id)


async def remove_member(
    session: AsyncSession, actor: Actor | None, person: UUID
) -> None:
    """Have somebody leave the team; oneself too.

    Raises:
        NotFoundError: the person is not of the team.
        ConflictError: nobody would be left.
    """
    await lock_team(session)
    remaining = [
        member for member in await queries.list_team(session) if not member.is_leaving
    ]
    if all(member.person.id != person for member in remaining):
        raise NotFoundError("This person is not of the team, or not any more.")
    if not any(
        member.person.id != person and is_staying(member.person) for member in remaining
    ):
        raise ConflictError(
            "The team would have no member any more.",
            remedy="Invite somebody else first, and wait until they have accepted.",
        )
    await change_member(session, actor, None, person, None)
    is_own = actor is not None and actor.person_id == person
    audit.record(session, actor, "team.left" if is_own else "team.removed", person)


def _require_open(invitation: MembershipEntry) -> None:
    MEMBERSHIP.next_state(invitation.stage, MembershipEvent.ACCEPT)


async def _answer(
    session: AsyncSession, invitation: MembershipEntry, event: MembershipEvent
) -> None:
    invitation.stage = MEMBERSHIP.next_state(invitation.stage, event)
    invitation.answered_at = now()
    await session.flush()


async def _spend_mail(session: AsyncSession, actor: Actor | None) -> None:
    if actor is not None:
        await spend_budget(session, MAILS, str(actor.person_id))


async def _queue_mail(session: AsyncSession, invitation: MembershipEntry) -> None:
    payload = {
        "invitation": str(invitation.id),
        "expires_at": invitation.expires_at.isoformat()
        if invitation.expires_at
        else "",
    }
    await jobs.enqueue(session, SEND_TEAM_INVITATION, payload)
