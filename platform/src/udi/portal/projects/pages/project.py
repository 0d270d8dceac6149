"""The page of a project, and what its people do there: take it on, let everybody see it."""

from collections.abc import Iterable
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.organisations.queries import find_organisation
from udi.portal.projects import listing, queries
from udi.portal.projects.actions.describe import publish_project
from udi.portal.projects.actions.lifecycle import move_project
from udi.portal.projects.models import Project, TeamRight
from udi.portal.projects.transitions import PROJECT, ProjectEvent, ProjectRole
from udi.ui.dependencies import AnyRequest, Member, Session, Visitor
from udi.ui.site import render

ONE = f"{listing.PATH}/{{project_id:uuid}}"
PRIVATE = {"Cache-Control": "no-store"}


@get(ONE)
async def show_project(
    request: AnyRequest, session: Session, actor: Visitor, project_id: FromPath[UUID]
) -> Response[str]:
    """What it is, which data it uses, where its result is, what it changed."""
    project = await queries.get_project(session, actor, project_id)
    right = await queries.find_right(session, project, actor)
    organisation = await find_organisation(session, project.organisation_id)
    used = await listing.list_used_datasets(session, project.id)
    return render(
        request,
        "projects/project.html",
        project=project,
        organisation=organisation,
        used=used,
        thankable=list_thankable(
            project, used, actor, organisation.slug if organisation else ""
        ),
        pictures=await listing.list_pictures(session, project.id),
        edits=right is TeamRight.EDIT,
        owns=queries.is_owner(project, actor),
        member=right is not None,
        is_team=actor is not None and actor.moderator,
        host=urlsplit(project.url).hostname or "",
        events=list_allowed_events(project, actor) if right is TeamRight.EDIT else [],
    )


def list_thankable(
    project: Project,
    used: Iterable[listing.UsedDataset],
    actor: Actor | None,
    organisation: str,
) -> frozenset[UUID]:
    """For the use of which datasets the person may thank in the name of their producer, or take the thanks back.

    `organisation` is that of the project: nobody thanks themselves.
    """
    if actor is None or not project.listed:
        return frozenset()
    is_own = queries.is_owner(project, actor)
    published = [
        dataset
        for dataset in used
        if not dataset.gone and actor.may_publish(dataset.steward_slug)
    ]
    return frozenset(
        dataset.id
        for dataset in published
        if dataset.thanked or not (is_own or dataset.steward_slug == organisation)
    )


def list_allowed_events(project: Project, actor: Actor | None) -> list[ProjectEvent]:
    """What the person may do with it now."""
    role = ProjectRole.EDITOR
    if queries.is_owner(project, actor):
        role = ProjectRole.OWNER
    return PROJECT.events(project.state, role)


@post(f"{ONE}/move", status_code=303)
async def change_state(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Redirect:
    """Take it to its next state."""
    project = await queries.get_editable_project(session, member, project_id, lock=True)
    event = str((await request.form()).get("event") or "")
    if event not in set(ProjectEvent):
        raise NotFoundError("There is no such step.")
    await move_project(session, member, project, ProjectEvent(event))
    return Redirect(f"{listing.PATH}/{project.id}", status_code=303)


@get(f"{ONE}/publish")
async def show_publish_form(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """What everybody will see, before it is so for good."""
    project = await queries.get_led_project(session, member, project_id)
    organisation = await find_organisation(session, project.organisation_id)
    return render(
        request, "projects/publish.html", project=project, organisation=organisation
    )


@post(f"{ONE}/publish", status_code=303)
async def publish(
    session: Session, member: Member, project_id: FromPath[UUID]
) -> Redirect:
    """Let everybody see it."""
    await publish_project(
        session,
        member,
        await queries.get_led_project(session, member, project_id, lock=True),
    )
    return Redirect(f"{listing.PATH}/{project_id}", status_code=303)


routes = [show_project, change_state, show_publish_form, publish]
