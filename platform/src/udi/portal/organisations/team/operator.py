"""What the operator does for a territory's team: on the command line, and when a territory's files are applied."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.portal.organisations.team import actions, queries

Outcome = Literal["invited", "invited again", "unchanged"]


async def invite_or_resend(
    session: AsyncSession, *, email: str, language: str
) -> Outcome:
    """Invite an address; where its invitation has expired, send it again. May be repeated.

    Raises:
        InvalidError: this is no address.
        TooManyRequestsError: as many invitations wait as may.
    """
    address = email.strip().lower()
    for invitation in await queries.list_invitations(session):
        if invitation.email != address:
            continue
        if queries.count_days_left(invitation):
            return "unchanged"
        await actions.resend_invitation(session, None, invitation)
        return "invited again"
    members = await queries.list_team(session)
    if any(
        member.person.email.lower() == address and not member.is_leaving
        for member in members
    ):
        return "unchanged"
    await actions.invite(session, None, email=address, language=language)
    return "invited"


async def invite_first_members(
    session: AsyncSession, emails: Sequence[str], language: str
) -> list[tuple[str, Outcome]]:
    """Invite those who are to run a territory, as long as its team has nobody; (address, outcome) of each."""
    if await queries.list_team(session):
        return []
    return [
        (email, await invite_or_resend(session, email=email, language=language))
        for email in emails
    ]


async def remove_address(session: AsyncSession, email: str) -> str:
    """Remove a member, or cancel an invitation, by address; what was done.

    Raises:
        NotFoundError: neither a member nor an invitation has this address.
        ConflictError: nobody would be left in the team.
    """
    address = email.strip().lower()
    for invitation in await queries.list_invitations(session):
        if invitation.email == address:
            await actions.cancel_invitation(session, None, invitation)
            return "invitation cancelled"
    for member in await queries.list_team(session):
        if member.person.email.lower() == address and not member.is_leaving:
            await actions.remove_member(session, None, member.person.id)
            return "being removed"
    msg = f"Nobody of the team, and no invitation, has the address {address}."
    raise NotFoundError(msg, remedy="See `udi team list`.")


async def describe_team(session: AsyncSession) -> list[dict[str, str]]:
    """The members and the invitations that wait: address, name, state, day of the last visit."""
    rows = []
    for member in await queries.list_team(session):
        seen_at = member.last_seen_at
        rows.append(
            {
                "email": member.person.email,
                "name": member.person.name,
                "state": _describe_state(member),
                "last_visit": f"{seen_at:%Y-%m-%d}" if seen_at else "",
            }
        )
    for invitation in await queries.list_invitations(session):
        days_left = queries.count_days_left(invitation)
        rows.append(
            {
                "email": invitation.email,
                "name": "",
                "state": f"invited, {days_left} d left"
                if days_left
                else "invitation expired",
                "last_visit": "",
            }
        )
    return rows


def _describe_state(member: queries.TeamMemberStatus) -> str:
    if member.is_leaving:
        return "being removed"
    if member.is_waiting:
        return "arriving"
    return "member"
