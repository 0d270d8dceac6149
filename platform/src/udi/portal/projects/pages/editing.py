"""The forms of a project: what is said of it, and which data it uses."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.catalogue.answers import indexes_of
from udi.portal.catalogue.queries import search_datasets
from udi.portal.catalogue.search.criteria import LONGEST_TEXT, Criteria
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.portal.organisations.queries import find_organisations
from udi.portal.projects import listing, queries
from udi.portal.projects.actions.describe import (
    Described,
    change_project,
    create_project,
    leave_dataset,
    use_dataset,
)
from udi.portal.projects.forms import described_of, read_described, read_number
from udi.portal.projects.models import Project
from udi.portal.projects.pages.project import ONE
from udi.ui.errors import say_fields
from udi.ui.site import render

AnyRequest = Request[Any, Any, State]
NEW = f"{listing.PATH}/new"
OFFERED = 6
"""Datasets that a search offers."""


@get(NEW)
async def show_new(
    request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Response[str]:
    """The empty form; `dataset` in the address is used from the start."""
    dataset = request.query_params.get("dataset", "")
    return await _form(request, session, member, Described(), dataset=dataset)


@post(NEW, status_code=303)
async def create(
    request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Response[Any]:
    """Begin a project, which nobody else sees yet."""
    form = await request.form()
    described, dataset = read_described(form), str(form.get("dataset") or "")
    try:
        async with session.begin_nested():
            project = await create_project(session, member, described, language=request.scope["state"]["locale"])
            if listing.is_identifier(dataset):
                await use_dataset(session, member, project, UUID(dataset))
    except InvalidError as error:
        return await _form(request, session, member, described, dataset=dataset, error=error)
    return Redirect(f"{listing.PATH}/{project.id}", status_code=303)


@get(f"{ONE}/edit")
async def show_edit(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    project_id: FromPath[UUID],
) -> Response[Any]:
    """The form as it stands; of a reported reuse, its two fields."""
    project = await queries.get_editable_project(session, member, project_id)
    if project.reported:
        return Redirect(f"{listing.PATH}/{project.id}/correct", status_code=303)
    described = described_of(project, await queries.find_organisation(session, project))
    return await _form(request, session, member, described, of=project, revision=project.revision)


@post(f"{ONE}/edit", status_code=303)
async def change(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    project_id: FromPath[UUID],
) -> Response[Any]:
    """Change what is said of it."""
    project = await queries.get_editable_project(session, member, project_id, lock=True)
    form = await request.form()
    described, revision = read_described(form), read_number(form.get("revision"))
    try:
        await change_project(session, member, project, described, revision=revision)
    except InvalidError as error:
        return await _form(request, session, member, described, of=project, revision=revision, error=error)
    return Redirect(f"{listing.PATH}/{project.id}", status_code=303)


@get(f"{ONE}/datasets")
async def show_datasets(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    project_id: FromPath[UUID],
) -> Response[str]:
    """The datasets that it uses, and a search for others."""
    project = await queries.get_editable_project(session, member, project_id)
    words = request.query_params.get("q", "")[:LONGEST_TEXT]
    found = []
    if words:
        criteria = Criteria(text=words, size=OFFERED)
        thesaurus = thesaurus_of(territory.search)
        found = (await search_datasets(session, indexes_of(request), territory.id, criteria, thesaurus)).lines
    used = await listing.list_used(session, project.id)
    known = {each.id for each in used}
    return render(request, "projects/datasets.html", project=project, used=used, known=known, found=found, words=words)


@post(f"{ONE}/datasets", status_code=303)
async def choose_dataset(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    project_id: FromPath[UUID],
) -> Redirect:
    """Say that it uses one, or not any more (`remove`)."""
    project = await queries.get_editable_project(session, member, project_id, lock=True)
    form = await request.form()
    said = str(form.get("dataset") or form.get("remove") or "")
    dataset = UUID(said) if listing.is_identifier(said) else UUID(int=0)
    act = leave_dataset if form.get("remove") else use_dataset
    await act(session, member, project, dataset)
    return Redirect(f"{listing.PATH}/{project.id}/datasets", status_code=303)


async def _form(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    described: Described,
    *,
    of: Project | None = None,
    revision: int = 0,
    dataset: str = "",
    error: InvalidError | None = None,
) -> Response[str]:
    dataset = dataset if listing.is_identifier(dataset) else ""
    return render(
        request,
        "projects/project-form.html",
        status=422 if error else 200,
        described=described,
        organisations=await _offered(session, member, of),
        of=of,
        revision=revision,
        dataset=dataset,
        dataset_title=await queries.name_dataset(session, dataset),
        choices=listing.CHOICES,
        errors=say_fields(request, error),
    )


async def _offered(session: AsyncSession, member: Actor, of: Project | None) -> Sequence[tuple[str, str]]:
    """Slug and name of the organisations in whose name the person may lead it."""
    known = await find_organisations(session, list(member.memberships))
    kept = await queries.find_organisation(session, of) if of else None
    found = {**known, **({kept.slug: kept} if kept else {})}
    return sorted(((slug, each.name) for slug, each in found.items()), key=lambda pair: pair[1].casefold())


routes = [show_new, create, show_edit, change, show_datasets, choose_dataset]
