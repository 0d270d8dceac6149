"""The forms of a project: what is said of it, and which data it uses."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.kit.identity import Actor
from udi.portal.catalogue.queries import search_datasets
from udi.portal.catalogue.responses.cached_responses import indexes_of
from udi.portal.catalogue.search.criteria import LONGEST_TEXT, Criteria
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.portal.organisations.queries import find_organisation, find_organisations
from udi.portal.projects import listing, queries
from udi.portal.projects.actions.describe import (
    ProjectInput,
    add_project_dataset,
    change_project,
    create_project,
    remove_project_dataset,
)
from udi.portal.projects.forms import project_input_of, read_project_input
from udi.portal.projects.models import Project
from udi.portal.projects.pages.project import ONE
from udi.portal.projects.translated_texts import describe_form_languages
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Session
from udi.ui.errors import form_errors
from udi.ui.forms import read_number
from udi.ui.site import render
from udi.ui.translated_texts import flatten_translations

NEW = f"{listing.PATH}/new"
MOST_RESULTS = 6
"""Datasets that a search offers."""


@get(NEW)
async def show_new(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """The empty form; `dataset` in the address is used from the start."""
    dataset = request.query_params.get("dataset", "")
    return await _render_form(request, session, member, ProjectInput(), dataset=dataset)


@post(NEW, status_code=303)
async def create(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[Any]:
    """Begin a project, which nobody else sees yet."""
    form = await request.form()
    language = request.scope["state"]["locale"]
    described = read_project_input(form, territory.languages, language)
    dataset = str(form.get("dataset") or "")
    try:
        async with session.begin_nested():
            project = await create_project(
                session, member, described, language=language
            )
            if listing.is_identifier(dataset):
                await add_project_dataset(session, member, project, UUID(dataset))
    except InvalidError as error:
        return await _render_form(
            request, session, member, described, dataset=dataset, error=error
        )
    return Redirect(f"{listing.PATH}/{project.id}", status_code=303)


@get(f"{ONE}/edit")
async def show_edit(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[Any]:
    """The form as it stands; of a reported reuse, its two fields."""
    project = await queries.get_editable_project(session, member, project_id)
    if project.reported:
        return Redirect(f"{listing.PATH}/{project.id}/correct", status_code=303)
    described = project_input_of(
        project, await find_organisation(session, project.organisation_id)
    )
    return await _render_form(
        request, session, member, described, of=project, revision=project.revision
    )


@post(f"{ONE}/edit", status_code=303)
async def change(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    project_id: FromPath[UUID],
) -> Response[Any]:
    """Change what is said of it."""
    project = await queries.get_editable_project(session, member, project_id, lock=True)
    form = await request.form()
    described = read_project_input(form, territory.languages, project.language, project)
    revision = read_number(form.get("revision"))
    try:
        await change_project(session, member, project, described, revision=revision)
    except InvalidError as error:
        return await _render_form(
            request,
            session,
            member,
            described,
            of=project,
            revision=revision,
            error=error,
        )
    return Redirect(f"{listing.PATH}/{project.id}", status_code=303)


@get(f"{ONE}/datasets")
async def show_datasets(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    project_id: FromPath[UUID],
) -> Response[str]:
    """The datasets that it uses, and a search for others."""
    project = await queries.get_editable_project(session, member, project_id)
    words = request.query_params.get("q", "")[:LONGEST_TEXT]
    results = []
    if words:
        criteria = Criteria(text=words, size=MOST_RESULTS)
        thesaurus = thesaurus_of(territory.search)
        results = (
            await search_datasets(
                session, indexes_of(request), territory.id, criteria, thesaurus
            )
        ).lines
    used = await listing.list_used_datasets(session, project.id)
    used_ids = {dataset.id for dataset in used}
    return render(
        request,
        "projects/datasets.html",
        project=project,
        used=used,
        known=used_ids,
        results=results,
        words=words,
    )


@post(f"{ONE}/datasets", status_code=303)
async def choose_dataset(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Redirect:
    """Say that it uses one, or not any more (`remove`)."""
    project = await queries.get_editable_project(session, member, project_id, lock=True)
    form = await request.form()
    dataset_id = str(form.get("dataset") or form.get("remove") or "")
    if listing.is_identifier(dataset_id):
        dataset = UUID(dataset_id)
    else:
        dataset = UUID(int=0)
    if form.get("remove"):
        act = remove_project_dataset
    else:
        act = add_project_dataset
    await act(session, member, project, dataset)
    return Redirect(f"{listing.PATH}/{project.id}/datasets", status_code=303)


async def _render_form(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    described: ProjectInput,
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
        organisations=await _list_organisations(session, member, of),
        of=of,
        revision=revision,
        dataset=dataset,
        dataset_title=await queries.find_dataset_title(session, dataset),
        choices=listing.CHOICES,
        text_languages=describe_form_languages(
            request.scope["state"]["territory"].languages,
            described.language or request.scope["state"]["locale"],
            request.scope["state"]["locale"],
            has_translations=bool(described.translations),
        ),
        translations=flatten_translations(described.translations),
        errors=form_errors(request, error),
    )


async def _list_organisations(
    session: AsyncSession, member: Actor, of: Project | None
) -> Sequence[tuple[str, str]]:
    """Slug and name of the organisations in whose name the person may lead it."""
    own_organisations = await find_organisations(session, list(member.memberships))
    if of:
        current_organisation = await find_organisation(session, of.organisation_id)
    else:
        current_organisation = None
    organisations_by_slug = {
        **own_organisations,
        **(
            {current_organisation.slug: current_organisation}
            if current_organisation
            else {}
        ),
    }
    return sorted(
        (
            (slug, organisation.name)
            for slug, organisation in organisations_by_slug.items()
        ),
        key=lambda pair: pair[1].casefold(),
    )


routes = [show_new, create, show_edit, change, show_datasets, choose_dataset]
