"""`/api/v1/projects`: projects and reuses, for programs; a person's own with their token."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusal
from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.asked import Asked
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.identity.tokens import Bearer
from udi.portal.projects import listing, queries, shapes
from udi.portal.projects.actions.describe import (
    Described,
    change_project,
    create_project,
    leave_dataset,
    publish_project,
    use_dataset,
)
from udi.portal.projects.actions.live import move_project
from udi.portal.projects.actions.report import report_reuse
from udi.portal.projects.bodies import read_body, read_identifiers
from udi.portal.projects.models import Project
from udi.portal.projects.programs import MAX_BODY, PRIVATE, Machine, dependencies, find_bearer, sent
from udi.portal.projects.shapes import BASE, SCOPE
from udi.portal.projects.states import Event
from udi.ui.cross_origin import OpenToAll

PUBLISH = "publish"


@get("/")
async def list_public(
    request: Machine, session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[Any]:
    """Projects that everybody sees, the newest first."""
    asked = Asked(read_pairs(request), ("q", *listing.CHOICES, "dataset", "page", "size"))
    choices = {name: asked.choices(name, known) for name, known in listing.CHOICES.items()}
    dataset = asked.text("dataset")
    if dataset and not listing.is_identifier(dataset):
        asked.refuse(
            Refusal("dataset", "This is no identifier.", "Send one that the list of datasets says.", "no-uuid")
        )
    filters = listing.Filters(
        q=asked.text("q", longest=listing.LONGEST_TEXT), dataset=dataset,
        page=asked.whole("page", 1, most=10_000), size=asked.whole("size", listing.Filters.size, most=100),
        **{name: (values or [""])[0] for name, values in choices.items()},
    )  # fmt: skip
    asked.check()
    filters, page = await listing.list_projects(session, filters)
    return sent(request, shapes.ProjectPage.of(page, filters, territory.origin))


@get("/{project_id:uuid}")
async def read_project(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    project_id: FromPath[UUID],
) -> Response[Any]:
    """One project; one's own too, with a token."""
    bearer = find_bearer(request, SCOPE)
    project = await queries.get_project(session, bearer.actor if bearer else None, project_id)
    return sent(request, await _shape(session, project, territory), private=not project.listed)


@get("/mine")
async def list_mine(
    session: NamedDependency[AsyncSession], territory: NamedDependency[Territory], bearer: NamedDependency[Bearer]
) -> Response[shapes.MyProjects]:
    """Those that I lead, reported or take part in."""
    found = [
        listing.Line(project, await queries.find_organisation(session, project))
        for project in await queries.list_mine(session, bearer.actor)
    ]
    items = [shapes.ProjectItem.of(line, territory.origin) for line in found]
    return Response(shapes.MyProjects(total=len(items), items=items), headers=PRIVATE)


@post("/", status_code=201, request_max_body_size=MAX_BODY)
async def create(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
) -> Response[shapes.Project]:
    """Begin a project, which nobody else sees yet; in one's own name."""
    described, _ = _described(await request.body())
    project = await create_project(session, bearer.actor, described, language=request.scope["state"]["locale"])
    headers = PRIVATE | {"Location": f"{BASE}/{project.id}"}
    return Response(await _shape(session, project, territory), status_code=201, headers=headers)


@put("/{project_id:uuid}", request_max_body_size=MAX_BODY)
async def change(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
    project_id: FromPath[UUID],
) -> Response[shapes.Project]:
    """Say all of it anew; the organisation that leads it stays."""
    project = await queries.get_editable_project(session, bearer.actor, project_id, lock=True)
    organisation = await queries.find_organisation(session, project)
    described, revision = _described(
        await request.body(), organisation=organisation.slug if organisation else "", requester=project.requester
    )
    await change_project(session, bearer.actor, project, described, revision=revision)
    return Response(await _shape(session, project, territory), headers=PRIVATE)


@post("/{project_id:uuid}/events", status_code=200, request_max_body_size=MAX_BODY)
async def move(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
    project_id: FromPath[UUID],
) -> Response[shapes.Project]:
    """Take it to its next state, or let everybody see it."""
    event = read_body(await request.body(), shapes.ToMove)["event"]
    if event == PUBLISH:
        project = await queries.get_led_project(session, bearer.actor, project_id, lock=True)
        await publish_project(session, bearer.actor, project)
    elif event in set(Event):
        project = await queries.get_editable_project(session, bearer.actor, project_id, lock=True)
        await move_project(session, bearer.actor, project, Event(event))
    else:
        raise InvalidError(refusals=[Refusal("event", "There is no such step.", code="unknown-value")])
    return Response(await _shape(session, project, territory), headers=PRIVATE)


@put("/{project_id:uuid}/datasets/{dataset_id:uuid}", status_code=204)
async def choose_dataset(
    session: NamedDependency[AsyncSession],
    bearer: NamedDependency[Bearer],
    project_id: FromPath[UUID],
    dataset_id: FromPath[UUID],
) -> None:
    """Say that it uses a dataset."""
    project = await queries.get_editable_project(session, bearer.actor, project_id, lock=True)
    await use_dataset(session, bearer.actor, project, dataset_id)


@delete("/{project_id:uuid}/datasets/{dataset_id:uuid}", status_code=204)
async def drop_dataset(
    session: NamedDependency[AsyncSession],
    bearer: NamedDependency[Bearer],
    project_id: FromPath[UUID],
    dataset_id: FromPath[UUID],
) -> None:
    """Say that it does not use a dataset."""
    project = await queries.get_editable_project(session, bearer.actor, project_id, lock=True)
    await leave_dataset(session, bearer.actor, project, dataset_id)


@post("/reports", status_code=201, request_max_body_size=MAX_BODY)
async def report(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
) -> Response[shapes.Project]:
    """Report a reuse, which is shown at once."""
    said = read_body(await request.body(), shapes.ToReport)
    project = await report_reuse(
        session, bearer.actor, title=said["title"], url=said["result"], language=request.scope["state"]["locale"],
        datasets=read_identifiers(said["datasets"]),
    )  # fmt: skip
    headers = PRIVATE | {"Location": f"{BASE}/{project.id}"}
    return Response(await _shape(session, project, territory), status_code=201, headers=headers)


def _described(body: bytes, *, organisation: str = "", requester: str = "") -> tuple[Described, int]:
    said = read_body(body, shapes.ToDescribe)
    audience, support = tuple(said.pop("audience")), tuple(said.pop("support"))
    revision, url = said.pop("revision"), said.pop("result")
    own = {"organisation": organisation, "requester": requester}
    return Described(**said, **own, url=url, audience=audience, support=support), revision


async def _shape(session: AsyncSession, project: Project, territory: Territory) -> shapes.Project:
    return shapes.Project.of(
        project,
        await queries.find_organisation(session, project),
        await listing.list_used(session, project.id),
        await listing.list_pictures(session, project.id),
        territory.origin,
    )


routes: Sequence[ControllerRouterHandler] = [
    Router(
        BASE,
        route_handlers=[
            list_public,
            read_project,
            list_mine,
            create,
            change,
            move,
            choose_dataset,
            drop_dataset,
            report,
        ],
        middleware=[OpenToAll()],
        guards=PROGRAMS,
        dependencies=dependencies(SCOPE),
    )
]
