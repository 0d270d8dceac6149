"""The register of an organisation, as its managers keep it: the statement, its templates, files, and all services at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.serialization import encode_json
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.organisations.members.pages import PLACE
from udi.portal.organisations.members.queries import get_member_organisation
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata import register_templates
from udi.portal.selfdata.actions import (
    add_entries,
    publish_entries,
    review_register,
    state_processing,
    write_entries,
)
from udi.portal.selfdata.forms import BASIS_NAMES, MOMENT_NAMES, read_statement_input
from udi.portal.selfdata.queries import read_register
from udi.portal.selfdata.register_csv import read_register_file, write_register
from udi.portal.selfdata.register_input import (
    StatementInput,
    entry_input_of,
)
from udi.portal.selfdata.schemas import ProcessingRegister
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.downloads import csv_response
from udi.ui.errors import form_errors
from udi.ui.site import render

REGISTER = f"{PLACE}/processing"
TEMPLATE = f"{REGISTER}/templates/{{name:str}}"
TEMPLATE_NAMES = {
    "commune": "Commune",
    "school": "School",
    "association": "Association",
}
"""Templates of the register («sample lists» on pages), in English: messages of the catalogues."""


@dataclass(frozen=True)
class FileFault:
    """What is wrong in a file: where, and what to do."""

    line: str
    column: str
    message: str


def address_of(organisation: Organisation) -> str:
    """Where the register of an organisation is kept."""
    return f"/my-space/organisations/{organisation.slug}/processing"


async def get_managed(
    session: AsyncSession, member: Actor, slug: str, *, lock: bool = False
) -> Organisation:
    """The organisation, for those who manage it."""
    return await get_member_organisation(
        session, member, slug, managing=True, lock=lock
    )


@get(REGISTER)
async def show_register(
    request: AnyRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[str]:
    """What the organisation says of itself and of its services, drafts too."""
    organisation = await get_managed(session, member, slug)
    return await _render_register(request, session, organisation)


@post(f"{REGISTER}/statement", status_code=303, guards=[require_confirmation()])
async def submit_statement(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[Any]:
    """Say whether it holds personal data, and where its data protection officer is reached."""
    organisation = await get_managed(session, member, slug, lock=True)
    described = read_statement_input(await request.form())
    try:
        await state_processing(
            session, member, organisation, described, today(territory.zone)
        )
    except InvalidError as error:
        errors = form_errors(request, error)
        return await _render_register(
            request, session, organisation, described=described, errors=errors
        )
    return Redirect(address_of(organisation), status_code=303)


@post(f"{REGISTER}/review", status_code=303)
async def submit_review(
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Redirect:
    """Say that all of it is right today."""
    organisation = await get_managed(session, member, slug, lock=True)
    await review_register(session, member, organisation, today(territory.zone))
    return Redirect(address_of(organisation), status_code=303)


@post(f"{REGISTER}/publish", status_code=303, guards=[require_confirmation()])
async def publish_drafts(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[Any]:
    """Let everybody read all the drafts, or none where one of them lacks something."""
    organisation = await get_managed(session, member, slug, lock=True)
    drafts = (await read_register(session, organisation)).drafts
    try:
        if drafts:
            await publish_entries(
                session, member, organisation, drafts, today(territory.zone)
            )
    except InvalidError as error:
        return await _render_register(
            request, session, organisation, faults=_list_faults(request, error)
        )
    return Redirect(address_of(organisation), status_code=303)


@get(TEMPLATE)
async def show_template(
    request: AnyRequest,
    session: Session,
    member: Member,
    slug: FromPath[str],
    name: FromPath[str],
) -> Response[str]:
    """What such an organisation usually holds, to be ticked."""
    organisation = await get_managed(session, member, slug)
    entries = _read_template(name)
    return render(
        request,
        "selfdata/register-template.html",
        organisation=organisation,
        name=name,
        template_name=TEMPLATE_NAMES[name],
        entries=entries,
        is_empty=False,
    )


@post(TEMPLATE, status_code=303)
async def add_from_template(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
    name: FromPath[str],
) -> Response[Any]:
    """Take the ticked services into the register, as drafts."""
    organisation = await get_managed(session, member, slug, lock=True)
    entries = _read_template(name)
    ticked = set(map(str, (await request.form()).getall("entry", [])))
    chosen = [
        entry.write_in(territory.languages)
        for position, entry in enumerate(entries)
        if str(position) in ticked
    ]
    if not chosen:
        return render(
            request,
            "selfdata/register-template.html",
            status=422,
            organisation=organisation,
            name=name,
            template_name=TEMPLATE_NAMES[name],
            entries=entries,
            is_empty=True,
        )
    await add_entries(session, member, organisation, chosen, today(territory.zone))
    return Redirect(address_of(organisation), status_code=303)


def _read_template(name: str) -> Sequence[register_templates.TemplateEntry]:
    try:
        return register_templates.read_template(name)
    except KeyError:
        raise NotFoundError("There is no such list.") from None


@post(f"{REGISTER}/import", status_code=303, guards=[require_confirmation()])
async def import_file(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[Any]:
    """Take the services of a CSV into the register: all of them, or none where something is wrong."""
    organisation = await get_managed(session, member, slug, lock=True)
    sent = (await request.form()).get("file")
    content = await sent.read() if isinstance(sent, UploadFile) else b""
    register = await read_register(session, organisation)
    existing = {entry.id: entry_input_of(entry) for entry in register.entries}
    try:
        rows = read_register_file(
            content, territory.languages, territory.languages[0], existing
        )
    except InvalidError as error:
        return await _render_register(
            request, session, organisation, faults=_list_faults(request, error)
        )
    await write_entries(session, member, organisation, rows, today(territory.zone))
    return Redirect(address_of(organisation), status_code=303)


def _list_faults(request: AnyRequest, error: InvalidError) -> list[FileFault]:
    """Each refusal with its line and column, or with the name of the service."""
    faults = []
    for refusal in error.refusals:
        place, _, column = refusal.field.rpartition(":")
        alone = InvalidError(refusals=[refusal])
        [message] = form_errors(request, alone).values()
        faults.append(FileFault(place, column.strip(), message))
    return faults


@get(f"{REGISTER}/export.csv")
async def export_csv(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[bytes]:
    """The register as a table, to be changed and imported again."""
    organisation = await get_managed(session, member, slug)
    register = await read_register(session, organisation)
    locale: str = request.scope["state"]["locale"]
    content = write_register(register.entries, territory.languages, locale)
    return csv_response(content, "processing.csv")


@get(f"{REGISTER}/export.json")
async def export_json(
    session: Session, member: Member, slug: FromPath[str]
) -> Response[bytes]:
    """The register as the API gives it, drafts too."""
    organisation = await get_managed(session, member, slug)
    register = await read_register(session, organisation)
    headers = {
        "Content-Disposition": 'attachment; filename="processing.json"',
        "Cache-Control": "no-store",
    }
    content = encode_json(ProcessingRegister.of(register))
    return Response(content, media_type="application/json", headers=headers)


async def _render_register(
    request: AnyRequest,
    session: AsyncSession,
    organisation: Organisation,
    *,
    described: StatementInput | None = None,
    errors: Mapping[str, str] | None = None,
    faults: Sequence[FileFault] = (),
) -> Response[str]:
    register = await read_register(session, organisation)
    statement = register.statement
    if described is None and statement is not None:
        described = StatementInput(
            holds_data=statement.holds_data,
            officer_email=statement.officer_email,
            officer_address=statement.officer_address,
        )
    return render(
        request,
        "selfdata/register.html",
        status=422 if errors or faults else 200,
        organisation=organisation,
        register=register,
        described=described or StatementInput(),
        register_templates=TEMPLATE_NAMES,
        basis_names=BASIS_NAMES,
        moment_names=MOMENT_NAMES,
        errors=dict(errors or {}),
        faults=faults,
    )


routes: Routes = [
    show_register,
    submit_statement,
    submit_review,
    publish_drafts,
    show_template,
    add_from_template,
    import_file,
    export_csv,
    export_json,
]
