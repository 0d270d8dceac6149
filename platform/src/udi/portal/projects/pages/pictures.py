"""The pictures of a project: sent, shown, taken away."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.portal.projects import listing, queries
from udi.portal.projects.actions.picture import (
    MOST_PICTURES,
    add_picture,
    check_alternative,
    remove_picture,
)
from udi.portal.projects.models import Project, ProjectPicture
from udi.portal.projects.pages.project import ONE
from udi.portal.projects.pictures import MEDIA_TYPE, MOST_BYTES, make_picture_pair
from udi.ui.dependencies import AnyRequest, Member, Session, Visitor
from udi.ui.errors import form_errors
from udi.ui.site import render

MAX_BODY = MOST_BYTES + 64 * 1024


@get(f"{ONE}/pictures")
async def show_pictures(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """Those that it has, and a form for one more."""
    return await _render_pictures(
        request,
        session,
        await queries.get_editable_project(session, member, project_id),
    )


@post(f"{ONE}/pictures", status_code=303, request_max_body_size=MAX_BODY)
async def send_picture(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[Any]:
    """Add one; it is made anew, small enough for a page."""
    project = await queries.get_editable_project(session, member, project_id)
    form = await request.form()
    sent = form.get("picture")
    alternative = str(form.get("alternative") or "")
    try:
        check_alternative(alternative)
        renditions = await make_picture_pair(
            await sent.read() if isinstance(sent, UploadFile) else b""
        )
        await session.refresh(project, with_for_update=True)
        await add_picture(session, member, project, renditions, alternative)
    except InvalidError as error:
        return await _render_pictures(
            request, session, project, alternative=alternative, error=error
        )
    return Redirect(f"{listing.PATH}/{project.id}/pictures", status_code=303)


@post(f"{ONE}/pictures/{{picture_id:uuid}}/remove", status_code=303)
async def delete_picture(
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    picture_id: FromPath[UUID],
) -> Redirect:
    """Remove one."""
    project = await queries.get_editable_project(session, member, project_id, lock=True)
    await remove_picture(session, member, project, picture_id)
    return Redirect(f"{listing.PATH}/{project.id}/pictures", status_code=303)


@get(f"{ONE}/pictures/{{name:str}}")
async def send_picture_file(
    session: Session, actor: Visitor, project_id: FromPath[UUID], name: FromPath[str]
) -> Response[bytes]:
    """`<picture>.webp`, or `<picture>-small.webp`; for those who see the project."""
    project = await queries.get_project(session, actor, project_id)
    stem, _, extension = name.rpartition(".")
    identifier = stem.removesuffix("-small")
    if stem.endswith("-small"):
        column = ProjectPicture.small
    else:
        column = ProjectPicture.content
    if extension != "webp" or not listing.is_identifier(identifier):
        raise NotFoundError
    conditions = (
        ProjectPicture.project_id == project.id,
        ProjectPicture.id == UUID(identifier),
    )
    if (content := await session.scalar(select(column).where(*conditions))) is None:
        raise NotFoundError
    if project.listed:
        cache_control = "public, max-age=3600"
    else:
        cache_control = "private, max-age=300"
    return Response(
        content,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": cache_control, "Vary": "Cookie"},
    )


async def _render_pictures(
    request: AnyRequest,
    session: AsyncSession,
    project: Project,
    *,
    alternative: str = "",
    error: InvalidError | None = None,
) -> Response[str]:
    return render(
        request,
        "projects/pictures.html",
        status=422 if error else 200,
        project=project,
        pictures=await listing.list_pictures(session, project.id),
        most=MOST_PICTURES,
        alternative=alternative,
        errors=form_errors(request, error),
    )


routes = [show_pictures, send_picture, delete_picture, send_picture_file]
