"""The pages of sources, for the territory's team and the administrators of their producers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, InvalidError, NotFoundError, UdiError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.nodes.harvest.trial import LONGEST_ADDRESS
from udi.portal.nodes.sources import actions, queries
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.feeds import find_feed, renew_feed, write_addresses
from udi.portal.nodes.sources.filters import list_words, read_row
from udi.portal.nodes.sources.formats import format_name
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.nodes.sources.originals import send_original
from udi.portal.nodes.sources.publishers.queries import list_choices, list_publishers
from udi.portal.nodes.sources.renames import MOST_SHOWN, count_renames, list_renames
from udi.portal.nodes.sources.run_log import MOST_LOGGED_FAULTS, read_fault
from udi.portal.organisations.models import Organisation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.locale import LANGUAGES
from udi.ui.refresh import refreshing
from udi.ui.site import render, site_of

HOME = "/sources"
ONE = f"{HOME}/{{source_id:uuid}}"
MOST_REFUSED = 50
MOST_PUBLISHERS_SHOWN = 200
"""The API gives them all."""
ACTS = {
    "read": actions.schedule_reading,
    "pause": actions.pause_source,
    "resume": actions.resume_source,
    "accept": actions.accept_loss,
    "same": actions.accept_renames,
}


@get(HOME)
async def show_sources(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Every source that the person looks after."""
    return _render(
        request, "sources", lines=await queries.list_source_summaries(session, member)
    )


@get(f"{HOME}/new")
async def show_source_form(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[str]:
    """The form that registers a catalogue."""
    form_values = {"address": request.query_params.get("address", "")[:LONGEST_ADDRESS]}
    return await _show_form(request, session, member, territory, form_values)


async def _show_form(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    territory: Territory,
    form_values: Mapping[str, str],
    error: UdiError | None = None,
) -> Response[str]:
    say = site_of(request).pages.translator(request)
    errors = form_errors(request, error)
    if error and not errors:
        errors = {
            "address": f"{say(error.detail) % error.values} {say(error.remedy) % error.values}"
        }
    producers = await queries.list_managed_producers(session, member)
    return _render(
        request,
        "source-new",
        status=error.status if error else 200,
        producers=producers,
        form_values=form_values,
        errors=errors,
        languages=[(tag, LANGUAGES.get(tag, tag)) for tag in territory.languages],
    )


@post(HOME, status_code=303)
async def register_source(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[Any]:
    """Register it, and read it at once."""
    form = await request.form()
    form_values = {
        name: str(form.get(name) or "")[:LONGEST_ADDRESS]
        for name in ("address", "producer", "rhythm", "language", "is_paused")
    }
    is_paused = bool(form_values["is_paused"])
    producer = await queries.get_managed_producer(
        session, member, form_values["producer"]
    )
    if form_values["language"] in territory.languages:
        language = form_values["language"]
    else:
        language = territory.languages[0]
    try:
        source = await actions.register_source(
            session,
            member,
            producer,
            address=form_values["address"],
            rhythm=form_values["rhythm"],
            language=language,
            is_paused=is_paused,
        )
    except (InvalidError, ConflictError) as error:
        return await _show_form(request, session, member, territory, form_values, error)
    where = f"{HOME}/{source.id}/filters" if is_paused else f"{HOME}/{source.id}"
    return Redirect(where, status_code=303)


@get(ONE)
async def show_source(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    source_id: FromPath[UUID],
) -> Response[str]:
    """What is read there, its last readings, and what to correct."""
    source, producer = await queries.get_source(session, member, source_id)
    return await _show_source(request, session, member, territory, source, producer)


async def _show_source(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    territory: Territory,
    source: CatalogueSource,
    producer: Organisation,
    error: UdiError | None = None,
) -> Response[str]:
    runs = await queries.list_runs(session, source)
    reported_run = queries.find_reported_run(runs)
    feed = await find_feed(session, member)
    if reported_run:
        faults = await queries.list_faults(
            session, reported_run, refused=True, limit=MOST_REFUSED
        )
    else:
        faults = []
    reading = any(run.ended_at is None for run in runs)
    page = _render(
        request,
        "source",
        status=error.status if error else 200,
        address_error=_describe_error(request, error),
        renames=await list_renames(session, source, limit=MOST_SHOWN),
        rename_count=await count_renames(session, source),
        reading=reading,
        source=source,
        producer=producer,
        runs=runs,
        reported_run=reported_run,
        host=host_of(source.address),
        lessons=await queries.summarise_faults(session, reported_run)
        if reported_run
        else [],
        logged_faults_limit=MOST_LOGGED_FAULTS,
        refused=[(row, read_fault(row)) for row in faults],
        left_out=await queries.list_left_out(session, reported_run, limit=MOST_REFUSED)
        if reported_run
        else [],
        filter_words=list_words(read_row(source.filters)),
        publishers=(await list_publishers(session, source))[:MOST_PUBLISHERS_SHOWN],
        organisations=await list_choices(session),
        feeds=feed
        and write_addresses(
            site_of(request).settings, territory, feed, source, producer
        ),
    )
    return refreshing(request, page) if reading else page


@get(f"{ONE}/close")
async def show_close_form(
    request: AnyRequest, session: Session, member: Member, source_id: FromPath[UUID]
) -> Response[str]:
    """Ask what becomes of its datasets."""
    source, producer = await queries.get_source(session, member, source_id)
    return _render(
        request,
        "source-close",
        source=source,
        producer=producer,
        host=host_of(source.address),
    )


@post(f"{ONE}/close", status_code=303)
async def close_source(
    request: AnyRequest, session: Session, member: Member, source_id: FromPath[UUID]
) -> Redirect:
    """Read it no more."""
    source, _ = await queries.get_source(session, member, source_id, lock=True)
    withdraw = (await request.form()).get("datasets") == "withdraw"
    await actions.close_source(session, member, source, withdraw=withdraw)
    return Redirect(f"{HOME}/{source_id}", status_code=303)


@post(f"{ONE}/{{act:str}}", status_code=303)
async def act_on_source(
    session: Session, member: Member, source_id: FromPath[UUID], act: FromPath[str]
) -> Redirect:
    """Read it now, pause it, start it again, or let go what left it."""
    source, _ = await queries.get_source(session, member, source_id, lock=True)
    await _act(act)(session, member, source)
    return Redirect(f"{HOME}/{source_id}", status_code=303)


def _act(name: str) -> Any:
    if name not in ACTS:
        raise NotFoundError("This action does not exist.")
    return ACTS[name]


@get(f"{ONE}/records/{{record_id:uuid}}")
async def download_original(
    session: Session,
    member: Member,
    source_id: FromPath[UUID],
    record_id: FromPath[UUID],
) -> Response[bytes]:
    """A record as the source wrote it, to keep."""
    source, _ = await queries.get_source(session, member, source_id)
    return send_original(await queries.get_original(session, source, record_id))


@post(f"{ONE}/rhythm", status_code=303)
async def change_rhythm(
    request: AnyRequest, session: Session, member: Member, source_id: FromPath[UUID]
) -> Redirect:
    """Read it more or less often."""
    source, _ = await queries.get_source(session, member, source_id, lock=True)
    await actions.change_rhythm(
        session, member, source, str((await request.form()).get("rhythm") or "")
    )
    return Redirect(f"{HOME}/{source_id}", status_code=303)


@post(f"{ONE}/address", status_code=303)
async def change_address(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    source_id: FromPath[UUID],
) -> Response[Any]:
    """Read the catalogue where it is now; its datasets keep their addresses here."""
    source, producer = await queries.get_source(session, member, source_id, lock=True)
    address = str((await request.form()).get("address") or "")[:LONGEST_ADDRESS]
    try:
        await actions.change_address(session, member, producer, source, address)
    except (InvalidError, ConflictError) as error:
        return await _show_source(
            request, session, member, territory, source, producer, error
        )
    return Redirect(f"{HOME}/{source_id}", status_code=303)


def _describe_error(request: AnyRequest, error: UdiError | None) -> str:
    """Why an address was refused, in words for its field."""
    if error is None:
        return ""
    say = site_of(request).pages.translator(request)
    for words in form_errors(request, error).values():
        return words
    return f"{say(error.detail) % error.values} {say(error.remedy) % error.values}"


@post(f"{ONE}/feed", status_code=303)
async def make_feed(
    session: Session, member: Member, source_id: FromPath[UUID]
) -> Redirect:
    """New addresses of the person's feeds; those that they had answer no more."""
    await queries.get_source(session, member, source_id)
    await renew_feed(session, member)
    return Redirect(f"{HOME}/{source_id}#follow", status_code=303)


def _render(
    request: AnyRequest, page: str, *, status: int = 200, **facts: Any
) -> Response[str]:
    return render(
        request, f"nodes/{page}.html", status=status, format_name=format_name, **facts
    )


routes: Routes = [
    show_sources,
    show_source_form,
    register_source,
    show_source,
    show_close_form,
    close_source,
    change_rhythm,
    change_address,
    make_feed,
    act_on_source,
    download_original,
]
