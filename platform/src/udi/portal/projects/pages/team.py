"""The team of a project."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.projects import listing, queries
from udi.portal.projects.actions import team
from udi.portal.projects.models import Project, TeamRight
from udi.portal.projects.pages.project import ONE
from udi.portal.projects.transitions import TeamMemberEvent
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, Member, Session
from udi.ui.errors import form_errors
from udi.ui.site import render


@get(f"{ONE}/team")
async def show_team(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """Who is in it, who is invited."""
    return await _render_team(
        request,
        session,
        member,
        await queries.get_team_project(session, member, project_id),
    )


@post(f"{ONE}/team", status_code=303, guards=[require_confirmation()])
async def invite_member(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[Any]:
    """Invite an address."""
    project = await queries.get_led_project(session, member, project_id, lock=True)
    form = await request.form()
    email = str(form.get("email") or "")
    right = str(form.get("right") or "")
    try:
        await team.invite_member(session, member, project, email=email, right=right)
    except InvalidError as error:
        return await _render_team(
            request, session, member, project, email=email, error=error
        )
    return Redirect(f"{listing.PATH}/{project.id}/team", status_code=303)


@post(
    f"{ONE}/team/{{member_id:uuid}}", status_code=303, guards=[require_confirmation()]
)
async def change_member(
    request: AnyRequest,
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    member_id: FromPath[UUID],
) -> Redirect:
    """Give a right, hand the project over, take an invitation back or somebody off the team."""
    project = await queries.get_led_project(session, member, project_id, lock=True)
    other = await queries.get_member(session, project, member_id)
    what = (await request.form()).get("what")
    if what in {TeamRight.SEE, TeamRight.EDIT}:
        await team.give_right(session, member, project, other, str(what))
    elif what == "lead":
        await team.hand_over_project(session, member, project, other)
    elif what in {TeamMemberEvent.CANCEL, TeamMemberEvent.REMOVE}:
        await team.remove_member(
            session, member, project, other, TeamMemberEvent(str(what))
        )
    else:
        raise NotFoundError("There is no such step.")
    return Redirect(f"{listing.PATH}/{project.id}/team", status_code=303)


@get(f"{ONE}/invitation")
async def show_invitation(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """What one is invited into, and the answer to give."""
    project, invited = await queries.get_own_member(session, member, project_id)
    return render(request, "projects/invitation.html", project=project, member=invited)


@post(f"{ONE}/invitation", status_code=303)
async def answer_invitation(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Redirect:
    """Accept, decline, or leave the team."""
    project, invited = await queries.get_own_member(
        session, member, project_id, lock=True
    )
    what = str((await request.form()).get("what") or "")
    if what not in {
        TeamMemberEvent.ACCEPT,
        TeamMemberEvent.DECLINE,
        TeamMemberEvent.LEAVE,
    }:
        raise NotFoundError("There is no such step.")
    await team.answer_invitation(
        session, member, project, invited, TeamMemberEvent(what)
    )
    return Redirect(
        f"{listing.PATH}/{project.id}"
        if what == TeamMemberEvent.ACCEPT
        else f"{listing.PATH}/mine",
        status_code=303,
    )


async def _render_team(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    project: Project,
    *,
    email: str = "",
    error: InvalidError | None = None,
) -> Response[str]:
    return render(
        request,
        "projects/team.html",
        status=422 if error else 200,
        project=project,
        members=await queries.list_members(session, project),
        leads=project.leader_id == member.person_id,
        email=email,
        errors=form_errors(request, error),
    )


routes = [show_team, invite_member, change_member, show_invitation, answer_invitation]
