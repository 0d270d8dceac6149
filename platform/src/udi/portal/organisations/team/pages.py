"""The territory's team on pages: who is in it, who is invited, and the way in and out."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.organisations.members.queries import require_invited
from udi.portal.organisations.team import actions, queries
from udi.portal.organisations.team.actions import INVITATION_DAYS
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.locale import LANGUAGES
from udi.ui.site import render

TEAM_PATH = "/territory/team"
INVITATION = f"{TEAM_PATH}/invitations/{{invitation_id:uuid}}"
REMOVAL = f"{TEAM_PATH}/members/{{person_id:uuid}}/removal"


@get(TEAM_PATH)
async def show_team(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Who is of the team, and who is invited."""
    return await _render_team(request, session, member)


@post(
    f"{TEAM_PATH}/invitations",
    status_code=303,
    guards=[require_confirmation()],
)
async def send_invitation(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[Any]:
    """Invite an address."""
    await queries.require_team_member(session, member)
    form = await request.form()
    email = str(form.get("email") or "")
    language = str(form.get("language") or "")
    if language not in territory.languages:
        language = territory.languages[0]
    try:
        await actions.invite(session, member, email=email, language=language)
    except InvalidError as error:
        return await _render_team(
            request,
            session,
            member,
            status=422,
            typed_email=email,
            errors=form_errors(request, error),
        )
    return Redirect(TEAM_PATH, status_code=303)


@get(INVITATION)
async def show_invitation(
    request: AnyRequest,
    session: Session,
    member: Member,
    invitation_id: FromPath[UUID],
) -> Response[str]:
    """What an invitation offers, for whom it was sent to."""
    invitation = await queries.get_invitation(session, invitation_id)
    require_invited(member, invitation)
    return render(
        request,
        "organisations/team-invitation.html",
        invitation=invitation,
        days_left=queries.count_days_left(invitation),
        days=INVITATION_DAYS,
        path=f"{TEAM_PATH}/invitations/{invitation.id}",
    )


@post(
    f"{INVITATION}/{{event:str}}",
    status_code=303,
    guards=[require_confirmation("accept", "resend", "cancel")],
)
async def answer_invitation(
    session: Session,
    member: Member,
    invitation_id: FromPath[UUID],
    event: FromPath[str],
) -> Redirect:
    """Accept or decline, for whom it was sent to; send again or cancel, for the team."""
    if event in {"accept", "decline"}:
        invitation = await queries.get_invitation(session, invitation_id)
        require_invited(member, invitation)
        if event == "accept":
            await actions.accept_invitation(session, member, invitation)
        else:
            await actions.decline_invitation(session, member, invitation)
        return Redirect(f"{TEAM_PATH}/invitations/{invitation_id}", status_code=303)
    if event not in {"resend", "cancel"}:
        raise NotFoundError
    await queries.require_team_member(session, member)
    invitation = await queries.get_invitation(session, invitation_id)
    if event == "resend":
        await actions.resend_invitation(session, member, invitation)
    else:
        await actions.cancel_invitation(session, member, invitation)
    return Redirect(TEAM_PATH, status_code=303)


@get(REMOVAL)
async def show_removal(
    request: AnyRequest, session: Session, member: Member, person_id: FromPath[UUID]
) -> Response[str]:
    """What stops when somebody leaves the team, before it is done."""
    members = await queries.require_team_member(session, member)
    leaver = next(
        (
            candidate
            for candidate in members
            if candidate.person.id == person_id and not candidate.is_leaving
        ),
        None,
    )
    if leaver is None:
        raise NotFoundError("This person is not of the team, or not any more.")
    return render(
        request,
        "organisations/team-removal.html",
        person=leaver.person,
        is_own=person_id == member.person_id,
        is_last=_count_remaining(members) == 1,
        path=f"{TEAM_PATH}/members/{person_id}/removal",
        team_path=TEAM_PATH,
    )


@post(REMOVAL, status_code=303, guards=[require_confirmation()])
async def remove_member(
    session: Session, member: Member, person_id: FromPath[UUID]
) -> Redirect:
    """Have somebody leave the team."""
    await queries.require_team_member(session, member)
    await actions.remove_member(session, member, person_id)
    if person_id == member.person_id:
        return Redirect("/my-space", status_code=303)
    return Redirect(TEAM_PATH, status_code=303)


def _language_choices(request: AnyRequest) -> list[tuple[str, str]]:
    territory: Territory = request.scope["state"]["territory"]
    return [
        (code, LANGUAGES[code]) for code in territory.languages if code in LANGUAGES
    ]


def _count_remaining(members: Sequence[queries.TeamMemberStatus]) -> int:
    return sum(not member.is_leaving for member in members)


async def _render_team(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    *,
    status: int = 200,
    typed_email: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    members = await queries.require_team_member(session, actor)
    invitations = await queries.list_invitations(session)
    days_left = {
        invitation.id: queries.count_days_left(invitation) for invitation in invitations
    }
    return render(
        request,
        "organisations/team.html",
        status=status,
        members=members,
        invitations=invitations,
        inviters=await queries.find_inviters(session, invitations),
        days_left=days_left,
        days=INVITATION_DAYS,
        own_id=actor.person_id,
        is_alone=_count_remaining(members) == 1,
        trouble=any(
            member.change is not None and member.change.failure for member in members
        ),
        team_path=TEAM_PATH,
        typed_email=typed_email,
        language_choices=_language_choices(request),
        errors=dict(errors or {}),
    )


routes: Routes = [
    show_team,
    send_invitation,
    show_invitation,
    answer_invitation,
    show_removal,
    remove_member,
]
