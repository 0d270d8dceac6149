"""Report what somebody made with open data, in two fields."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, InvalidError
from udi.kit.identity import Actor
from udi.portal.projects import listing, queries
from udi.portal.projects.actions.report import ReuseInput, correct_reuse, report_reuse
from udi.portal.projects.models import Project
from udi.portal.projects.pages.project import ONE
from udi.portal.projects.translated_texts import (
    describe_form_languages,
    offered_languages,
    read_texts_by_language,
)
from udi.ui.dependencies import AnyRequest, Member, Session
from udi.ui.errors import form_errors
from udi.ui.site import render
from udi.ui.translated_texts import flatten_translations, swap_main_texts

REPORT = f"{listing.PATH}/report"


@get(REPORT)
async def show_report(
    request: AnyRequest,
    session: Session,
    member: Member,  # noqa: ARG001 - a passer-by is led to the login first
) -> Response[str]:
    """The form; `dataset` in the address is the one that was used."""
    return await _render_form(
        request,
        session,
        ReuseInput(language=request.scope["state"]["locale"]),
        dataset=request.query_params.get("dataset", ""),
    )


@post(REPORT, status_code=303)
async def send_report(
    request: AnyRequest, session: Session, member: Member
) -> Response[Any]:
    """Show it at once."""
    form = await request.form()
    reuse = _read_reuse(request, form)
    dataset = str(form.get("dataset") or "")
    datasets = [UUID(dataset)] if listing.is_identifier(dataset) else []
    try:
        async with session.begin_nested():
            project = await report_reuse(session, member, reuse, datasets=datasets)
    except InvalidError as error:
        return await _render_form(request, session, reuse, dataset=dataset, error=error)
    return Redirect(f"{listing.PATH}/{project.id}", status_code=303)


@get(f"{ONE}/correct")
async def show_correction(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """The two fields of a reuse that the person reported."""
    project = await _get_reported_reuse(session, member, project_id)
    reuse = ReuseInput(
        project.title, project.url, project.language, project.translations
    )
    return await _render_form(request, session, reuse, of=project)


@post(f"{ONE}/correct", status_code=303)
async def send_correction(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[Any]:
    """Correct them."""
    project = await _get_reported_reuse(session, member, project_id, lock=True)
    reuse = _read_reuse(request, await request.form(), project)
    try:
        await correct_reuse(session, member, project, reuse)
    except InvalidError as error:
        return await _render_form(request, session, reuse, of=project, error=error)
    return Redirect(f"{listing.PATH}/{project.id}", status_code=303)


def _read_reuse(
    request: AnyRequest, form: Any, project: Project | None = None
) -> ReuseInput:
    languages = request.scope["state"]["territory"].languages
    written = project.language if project else request.scope["state"]["locale"]
    form = swap_main_texts(form, ("title",), written, offered_languages(languages))
    language, translations = read_texts_by_language(
        form,
        ("title",),
        languages,
        written,
        project.translations if project else {},
    )
    return ReuseInput(
        str(form.get("title") or ""),
        str(form.get("url") or ""),
        language,
        translations,
    )


async def _get_reported_reuse(
    session: AsyncSession, member: Actor, id_: UUID, *, lock: bool = False
) -> Project:
    project = await queries.get_own_project(session, member, id_, lock=lock)
    if not project.reported:
        raise ForbiddenError(
            "This project has a leader.", remedy="Change it with its own form."
        )
    return project


async def _render_form(
    request: AnyRequest,
    session: AsyncSession,
    reuse: ReuseInput,
    *,
    dataset: str = "",
    of: Project | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    dataset = dataset if listing.is_identifier(dataset) else ""
    named = await queries.find_dataset_title(session, dataset)
    facts = {
        "reuse": reuse,
        "text_languages": describe_form_languages(
            request.scope["state"]["territory"].languages,
            reuse.language,
            request.scope["state"]["locale"],
            has_translations=bool(reuse.translations),
        ),
        "translations": flatten_translations(reuse.translations),
        "dataset": dataset,
        "dataset_title": named,
        "of": of,
    }
    return render(
        request,
        "projects/report.html",
        status=422 if error else 200,
        errors=form_errors(request, error),
        **facts,
    )


routes = [show_report, send_report, show_correction, send_correction]
