"""`/api/v1/projects`: projects and reuses, for programs; a person's own with their token."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
    Refusal,
    field_error,
)
from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.schemas import DatasetPath
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.organisations.queries import find_organisation
from udi.portal.projects import listing, queries, schemas
from udi.portal.projects.actions.describe import (
    ProjectInput,
    add_project_dataset,
    change_project,
    create_project,
    publish_project,
    remove_project_dataset,
)
from udi.portal.projects.actions.lifecycle import move_project
from udi.portal.projects.actions.report import ReuseInput, report_reuse
from udi.portal.projects.api_dependencies import (
    PRIVATE,
    ApiRequest,
    find_bearer,
    json_response,
    program_router,
)
from udi.portal.projects.models import Project
from udi.portal.projects.request_bodies import (
    read_body,
    read_identifiers,
    read_languages,
)
from udi.portal.projects.schemas import BASE, SCOPE
from udi.portal.projects.transitions import ProjectEvent
from udi.ui.dependencies import CurrentTerritory, Routes, Session
from udi.ui.openapi.operations import ResponseLink

PUBLISH = "publish"
project_operation = partial(api_operation, tag=schemas.TAG)
own_project_operation = partial(project_operation, scope=SCOPE)


@get(
    "/",
    **project_operation(
        "listProjects",
        summary="List the projects",
        description="Projects and reuses that everybody sees, the newest first.",
        answer=schemas.ProjectPage,
        errors=(InvalidError,),
        query=schemas.ProjectListParameters,
        links=(ResponseLink("readProject", "project_id", "/items/0/id"),),
    ),
)
async def list_public(
    request: ApiRequest, session: Session, territory: CurrentTerritory
) -> Response[Any]:
    """Projects that everybody sees, the newest first."""
    parameters = QueryParameters(
        read_pairs(request), ("q", *listing.CHOICES, "dataset", "page", "size")
    )
    choices = {
        name: parameters.read_choices(name, allowed_values)
        for name, allowed_values in listing.CHOICES.items()
    }
    dataset = parameters.read_text("dataset")
    if dataset and not listing.is_identifier(dataset):
        parameters.add_refusal(
            Refusal(
                "dataset",
                "This is not an identifier.",
                "Send one that is in the list of datasets.",
                "no-uuid",
            )
        )
    filters = listing.ProjectFilters(
        q=parameters.read_text("q", longest=listing.LONGEST_TEXT),
        dataset=dataset,
        page=parameters.read_integer("page", 1, most=10_000),
        size=parameters.read_integer("size", listing.ProjectFilters.size, most=100),
        **{name: (values or [""])[0] for name, values in choices.items()},
    )
    parameters.check()
    filters, page = await listing.list_projects(session, filters)
    return json_response(
        request, schemas.ProjectPage.of(page, filters, territory.origin)
    )


@get(
    "/{project_id:uuid}",
    **project_operation(
        "readProject",
        summary="Read a project",
        description="A project or a reuse that everybody sees; one of yours too, with a token that has the right “projects”.",
        answer=schemas.ProjectDetail,
        errors=(NotFoundError,),
    ),
)
async def read_project(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    project_id: schemas.ProjectPath,
) -> Response[Any]:
    """One project; one's own too, with a token."""
    bearer = find_bearer(request, SCOPE)
    project = await queries.get_project(
        session, bearer.actor if bearer else None, project_id
    )
    return json_response(
        request,
        await _describe_project(session, project, territory),
        private=not project.listed,
    )


@get(
    "/mine",
    **own_project_operation(
        "listMyProjects",
        summary="List my projects",
        description="Those that the person of the token leads, reported or takes part in, the last changed first.",
        answer=schemas.MyProjects,
        errors=(ForbiddenError,),
    ),
)
async def list_mine(
    session: Session, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> Response[schemas.MyProjects]:
    """Those that I lead, reported or take part in."""
    lines = [
        listing.ProjectSummary(
            project, await find_organisation(session, project.organisation_id)
        )
        for project in await queries.list_own_projects(session, bearer.actor)
    ]
    items = [schemas.ProjectItem.of(line, territory.origin) for line in lines]
    return Response(schemas.MyProjects(total=len(items), items=items), headers=PRIVATE)


@post(
    "/",
    **own_project_operation(
        "createProject",
        summary="Begin a project",
        description="Nobody else sees it until its leader says so.",
        answer=schemas.ProjectDetail,
        statuses=(201,),
        errors=(ForbiddenError, InvalidError),
        body=schemas.ProjectDescription,
    ),
)
async def add_project(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[schemas.ProjectDetail]:
    """Begin a project, which nobody else sees yet; in one's own name."""
    described, _ = _read_description(
        await request.body(), territory.languages, request.scope["state"]["locale"]
    )
    project = await create_project(
        session, bearer.actor, described, language=request.scope["state"]["locale"]
    )
    headers = PRIVATE | {"Location": f"{BASE}/{project.id}"}
    return Response(
        await _describe_project(session, project, territory),
        status_code=201,
        headers=headers,
    )


@put(
    "/{project_id:uuid}",
    **own_project_operation(
        "changeProject",
        summary="Change a project",
        description="Send the whole description again, with the revision that you read.",
        answer=schemas.ProjectDetail,
        errors=(ForbiddenError, NotFoundError, PreconditionFailedError, InvalidError),
        body=schemas.ProjectDescription,
    ),
)
async def replace_project(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    project_id: schemas.ProjectPath,
) -> Response[schemas.ProjectDetail]:
    """Say all of it anew; the organisation that leads it stays."""
    project = await queries.get_editable_project(
        session, bearer.actor, project_id, lock=True
    )
    organisation = await find_organisation(session, project.organisation_id)
    described, revision = _read_description(
        await request.body(),
        territory.languages,
        project.language,
        project=project,
        organisation=organisation.slug if organisation else "",
    )
    await change_project(session, bearer.actor, project, described, revision=revision)
    return Response(
        await _describe_project(session, project, territory), headers=PRIVATE
    )


@post(
    "/{project_id:uuid}/events",
    **own_project_operation(
        "moveProject",
        summary="Take a project on",
        description="Work begins, it is delivered, work goes on, it is archived or taken up again; or everybody may see it.",
        answer=schemas.ProjectDetail,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=schemas.ProjectEventInput,
    ),
)
async def apply_project_event(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    project_id: schemas.ProjectPath,
) -> Response[schemas.ProjectDetail]:
    """Take it to its next state, or let everybody see it."""
    event = read_body(await request.body(), schemas.ProjectEventInput)["event"]
    if event == PUBLISH:
        project = await queries.get_led_project(
            session, bearer.actor, project_id, lock=True
        )
        await publish_project(session, bearer.actor, project)
    elif event in set(ProjectEvent):
        project = await queries.get_editable_project(
            session, bearer.actor, project_id, lock=True
        )
        await move_project(session, bearer.actor, project, ProjectEvent(event))
    else:
        raise field_error("event", "There is no such step.", code="unknown-value")
    return Response(
        await _describe_project(session, project, territory), headers=PRIVATE
    )


@put(
    "/{project_id:uuid}/datasets/{dataset_id:uuid}",
    **own_project_operation(
        "useDataset",
        summary="Use a dataset",
        description="Say that a project uses a dataset; once more changes nothing.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, InvalidError),
    ),
)
async def choose_dataset(
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: schemas.ProjectPath,
    dataset_id: DatasetPath,
) -> None:
    """Say that it uses a dataset."""
    project = await queries.get_editable_project(
        session, bearer.actor, project_id, lock=True
    )
    await add_project_dataset(session, bearer.actor, project, dataset_id)


@delete(
    "/{project_id:uuid}/datasets/{dataset_id:uuid}",
    **own_project_operation(
        "leaveDataset",
        summary="Use a dataset no more",
        description="Say that a project does not use a dataset.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def drop_dataset(
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: schemas.ProjectPath,
    dataset_id: DatasetPath,
) -> None:
    """Say that it does not use a dataset."""
    project = await queries.get_editable_project(
        session, bearer.actor, project_id, lock=True
    )
    await remove_project_dataset(session, bearer.actor, project, dataset_id)


@post(
    "/reports",
    **own_project_operation(
        "reportReuse",
        summary="Report a reuse",
        description="Its name and its address: it is shown at once, without a name of yours.",
        answer=schemas.ProjectDetail,
        statuses=(201,),
        errors=(ForbiddenError, InvalidError),
        body=schemas.NewReuse,
    ),
)
async def add_reuse(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[schemas.ProjectDetail]:
    """Report a reuse, which is shown at once."""
    fields = read_body(await request.body(), schemas.NewReuse)
    language, translations = read_languages(
        fields, territory.languages, request.scope["state"]["locale"], {}
    )
    project = await report_reuse(
        session,
        bearer.actor,
        ReuseInput(fields["title"], fields["result"], language, translations),
        datasets=read_identifiers(fields["datasets"]),
    )
    headers = PRIVATE | {"Location": f"{BASE}/{project.id}"}
    return Response(
        await _describe_project(session, project, territory),
        status_code=201,
        headers=headers,
    )


def _read_description(
    body: bytes,
    languages: Sequence[str],
    written: str,
    *,
    project: Project | None = None,
    organisation: str = "",
) -> tuple[ProjectInput, int]:
    fields = read_body(body, schemas.ProjectDescription)
    language, translations = read_languages(
        fields, languages, written, project.translations if project else {}
    )
    audience = tuple(fields.pop("audience"))
    support = tuple(fields.pop("support"))
    revision = fields.pop("revision")
    url = fields.pop("result")
    return ProjectInput(
        **fields,
        organisation=organisation,
        requester=project.requester if project else "",
        url=url,
        audience=audience,
        support=support,
        language=language,
        translations=translations,
    ), revision


async def _describe_project(
    session: AsyncSession, project: Project, territory: Territory
) -> schemas.ProjectDetail:
    return schemas.ProjectDetail.of(
        project,
        await find_organisation(session, project.organisation_id),
        await listing.list_used_datasets(session, project.id),
        await listing.list_pictures(session, project.id),
        territory.origin,
    )


routes: Routes = [
    program_router(
        BASE,
        [
            list_public,
            read_project,
            list_mine,
            add_project,
            replace_project,
            apply_project_event,
            choose_dataset,
            drop_dataset,
            add_reuse,
        ],
        SCOPE,
    )
]
