"""The territory's team looks after what everybody sees: hides with a reason, shows again."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError
from udi.portal.projects import queries
from udi.portal.projects.actions.lifecycle import (
    hide_project,
    require_team,
    unhide_project,
)
from udi.portal.projects.listing import PATH
from udi.portal.projects.models import Project
from udi.portal.projects.pages.project import ONE
from udi.ui.dependencies import AnyRequest, Member, Session
from udi.ui.errors import form_errors
from udi.ui.site import render


@get(f"{ONE}/hide")
async def show_hide_form(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """The form that asks for the reason."""
    require_team(member)
    return await _render_hide_form(
        request, await queries.get_project(session, member, project_id)
    )


@post(f"{ONE}/hide", status_code=303)
async def hide(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[Any]:
    """Take it off the public pages."""
    require_team(member)
    project = await queries.get_project(session, member, project_id, lock=True)
    reason = str((await request.form()).get("reason") or "")
    try:
        await hide_project(session, member, project, reason)
    except InvalidError as error:
        return await _render_hide_form(request, project, reason=reason, error=error)
    return Redirect(f"{PATH}/{project.id}", status_code=303)


@post(f"{ONE}/show", status_code=303)
async def unhide(
    session: Session, member: Member, project_id: FromPath[UUID]
) -> Redirect:
    """Put it back."""
    require_team(member)
    await unhide_project(
        session,
        member,
        await queries.get_project(session, member, project_id, lock=True),
    )
    return Redirect(f"{PATH}/{project_id}", status_code=303)


async def _render_hide_form(
    request: AnyRequest,
    project: Project,
    *,
    reason: str = "",
    error: InvalidError | None = None,
) -> Response[str]:
    facts = {
        "project": project,
        "reason": reason,
        "errors": form_errors(request, error),
    }
    return render(request, "projects/hide.html", status=422 if error else 200, **facts)


routes = [show_hide_form, hide, unhide]
