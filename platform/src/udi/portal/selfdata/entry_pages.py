"""One service of a register, as the managers of an organisation write it, publish it and take it away."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.kit.errors import InvalidError, PreconditionFailedError
from udi.portal.organisations.models import Organisation
from udi.portal.projects.translated_texts import describe_form_languages
from udi.portal.selfdata.actions import (
    add_entries,
    delete_entry,
    publish_entries,
    withdraw_entry,
    write_entries,
)
from udi.portal.selfdata.forms import BASIS_NAMES, MOMENT_NAMES, read_entry_input
from udi.portal.selfdata.models import ProcessingEntry
from udi.portal.selfdata.pages import REGISTER, address_of, get_managed
from udi.portal.selfdata.queries import get_entry
from udi.portal.selfdata.register_input import LONGEST, EntryInput, entry_input_of
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render
from udi.ui.translated_texts import flatten_translations

NEW = f"{REGISTER}/new"
ENTRY = f"{REGISTER}/entries/{{entry_id:uuid}}"


@get(NEW)
async def show_new_entry(
    request: AnyRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[str]:
    """The empty form of a service."""
    organisation = await get_managed(session, member, slug)
    return _render_entry(request, organisation, EntryInput())


@post(NEW, status_code=303)
async def add_entry(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[Any]:
    """Add a service, as a draft."""
    organisation = await get_managed(session, member, slug, lock=True)
    language: str = request.scope["state"]["locale"]
    described = read_entry_input(
        await request.form(), territory.languages, language, {}
    )
    try:
        await add_entries(
            session, member, organisation, [described], today(territory.zone)
        )
    except InvalidError as error:
        return _render_entry(request, organisation, described, error=error)
    return Redirect(address_of(organisation), status_code=303)


@get(ENTRY)
async def show_entry(
    request: AnyRequest,
    session: Session,
    member: Member,
    slug: FromPath[str],
    entry_id: FromPath[UUID],
) -> Response[str]:
    """The form of a service as it stands."""
    organisation = await get_managed(session, member, slug)
    row = await get_entry(session, organisation, entry_id)
    return _render_entry(request, organisation, entry_input_of(row), row=row)


@post(ENTRY, status_code=303)
async def change_entry(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
    entry_id: FromPath[UUID],
) -> Response[Any]:
    """Change a service; of one that is published, everybody reads the change at once."""
    organisation = await get_managed(session, member, slug, lock=True)
    row = await get_entry(session, organisation, entry_id)
    form = await request.form()
    if form.get("changed_at") != row.changed_at.isoformat():
        raise PreconditionFailedError(
            "Somebody changed this service since you opened its form.",
            remedy="Open it again, and write your changes into what it says now.",
        )
    described = read_entry_input(
        form,
        territory.languages,
        row.language,
        row.translations,
        row.state,
    )
    try:
        await write_entries(
            session,
            member,
            organisation,
            [(row.id, described)],
            today(territory.zone),
        )
    except InvalidError as error:
        return _render_entry(request, organisation, described, row=row, error=error)
    return Redirect(address_of(organisation), status_code=303)


@post(f"{ENTRY}/publish", status_code=303, guards=[require_confirmation()])
async def publish_entry(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
    entry_id: FromPath[UUID],
) -> Response[Any]:
    """Let everybody read it."""
    organisation = await get_managed(session, member, slug, lock=True)
    row = await get_entry(session, organisation, entry_id)
    try:
        await publish_entries(
            session, member, organisation, [row], today(territory.zone)
        )
    except InvalidError as error:
        return _render_entry(
            request, organisation, entry_input_of(row), row=row, error=error
        )
    return Redirect(address_of(organisation), status_code=303)


@post(f"{ENTRY}/withdraw", status_code=303)
async def submit_withdrawal(
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
    entry_id: FromPath[UUID],
) -> Redirect:
    """Take it off the public page."""
    organisation, row = await _get_locked(session, member, slug, entry_id)
    await withdraw_entry(session, member, organisation, row, today(territory.zone))
    return Redirect(address_of(organisation), status_code=303)


@post(f"{ENTRY}/delete", status_code=303, guards=[require_confirmation()])
async def submit_deletion(
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
    entry_id: FromPath[UUID],
) -> Redirect:
    """Delete it, for good."""
    organisation, row = await _get_locked(session, member, slug, entry_id)
    await delete_entry(session, member, organisation, row, today(territory.zone))
    return Redirect(address_of(organisation), status_code=303)


async def _get_locked(
    session: AsyncSession, member: Member, slug: str, entry_id: UUID
) -> tuple[Organisation, ProcessingEntry]:
    organisation = await get_managed(session, member, slug, lock=True)
    return organisation, await get_entry(session, organisation, entry_id)


def _render_entry(
    request: AnyRequest,
    organisation: Organisation,
    described: EntryInput,
    *,
    row: ProcessingEntry | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    state = request.scope["state"]
    languages = state["territory"].languages
    reader_language: str = state["locale"]
    return render(
        request,
        "selfdata/entry-form.html",
        status=422 if error else 200,
        organisation=organisation,
        row=row,
        described=described,
        longest=LONGEST,
        basis_names=BASIS_NAMES,
        moment_names=MOMENT_NAMES,
        errors=form_errors(request, error),
        translations=flatten_translations(described.translations),
        text_languages=describe_form_languages(
            languages,
            described.language or reader_language,
            reader_language,
            has_translations=bool(described.translations),
        ),
    )


routes: Routes = [
    show_new_entry,
    add_entry,
    show_entry,
    change_entry,
    publish_entry,
    submit_withdrawal,
    submit_deletion,
]
