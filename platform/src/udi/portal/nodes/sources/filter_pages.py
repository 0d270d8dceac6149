"""The page on which the filters of a source are chosen: what they would take is shown before they are saved."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, field_error
from udi.portal.nodes.sources import actions, queries
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.filter_preview import (
    FilterPreview,
    MetRecords,
    find_met_records,
    preview_filters,
    read_first_page,
)
from udi.portal.nodes.sources.filters import (
    FACETS,
    SourceFilters,
    list_values,
    parse_filters,
    read_row,
)
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.nodes.sources.trial_limits import TRIAL_LIMITS
from udi.protocol.themes import EU_THEMES
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

PATH = "/sources/{source_id:uuid}/filters"
MOST_CHOICES = 12
LONGEST_LIST = 10_000
UNCONFIRMED = field_error(
    "confirmed",
    "These filters let much of this catalogue go, or take nothing of it.",
    "Change them, or confirm that this is what you want.",
    "unconfirmed",
)


@get(PATH)
async def show_filters(
    request: AnyRequest, session: Session, member: Member, source_id: FromPath[UUID]
) -> Response[str]:
    """The filters of a source, what its datasets may be chosen by, and what is taken today."""
    source, _ = await queries.get_source(session, member, source_id)
    met = await find_met_records(session, source)
    filters = read_row(source.filters)
    preview = await preview_filters(session, source, filters, met) if met else None
    return await _show(request, source, _texts(filters), filters, met, preview)


@post(f"{PATH}/preview", status_code=200)
async def show_preview(
    request: AnyRequest,
    member: Member,
    territory: CurrentTerritory,
    source_id: FromPath[UUID],
) -> Response[str]:
    """What the filters of the form would take; nothing is saved."""
    values = await _read_form(request)
    database = site_of(request).database
    limits = site_of(request).services[TRIAL_LIMITS]
    async with database.session(territory.id, person=member.person_id) as session:
        source, _ = await queries.get_source(session, member, source_id)
        met = await find_met_records(session, source)
    if met is None:
        met = await read_first_page(database, territory, member, limits, source)
    async with database.session(territory.id, person=member.person_id) as session:
        return await _check_and_show(request, session, source, values, met)


async def _check_and_show(
    request: AnyRequest,
    session: AsyncSession,
    source: CatalogueSource,
    values: Mapping[str, list[str]],
    met: MetRecords | None,
) -> Response[str]:
    try:
        filters = parse_filters(values, values["box"][0])
    except InvalidError as error:
        return await _show(request, source, values, None, met, None, error)
    preview = await preview_filters(session, source, filters, met) if met else None
    return await _show(request, source, _texts(filters), filters, met, preview)


@post(PATH, status_code=303)
async def save_filters(
    request: AnyRequest, session: Session, member: Member, source_id: FromPath[UUID]
) -> Response[Any]:
    """Take what the filters of the form take, from the next reading on, which is now; where much would go, once it is confirmed."""
    source, _ = await queries.get_source(session, member, source_id, lock=True)
    values = await _read_form(request)
    try:
        filters = parse_filters(values, values["box"][0])
    except InvalidError as error:
        met = await find_met_records(session, source)
        return await _show(request, source, values, None, met, None, error)
    if not values["confirmed"][0]:
        met = await find_met_records(session, source)
        preview = await preview_filters(session, source, filters, met) if met else None
        if preview and preview.must_confirm:
            return await _show(
                request, source, _texts(filters), filters, met, preview, UNCONFIRMED
            )
    await actions.change_filters(session, member, source, filters)
    return Redirect(f"/sources/{source_id}", status_code=303)


async def _read_form(request: AnyRequest) -> dict[str, list[str]]:
    """What is ticked, then what is written one a line."""
    form = await request.form()
    values: dict[str, list[str]] = {}
    for name in FACETS:
        ticked = [str(value) for value in form.getall(name, [])]
        more = str(form.get(f"{name}_more") or "")[:LONGEST_LIST]
        values[name] = [*ticked, *more.splitlines()]
    values["box"] = [str(form.get("box") or "")]
    values["confirmed"] = [str(form.get("confirmed") or "")]
    return values


def _texts(filters: SourceFilters) -> dict[str, list[str]]:
    box = ", ".join(f"{number:g}" for number in filters.box) if filters.box else ""
    return {**{name: getattr(filters, name) for name in FACETS}, "box": [box]}


async def _show(
    request: AnyRequest,
    source: CatalogueSource,
    values: Mapping[str, list[str]],
    filters: SourceFilters | None,
    met: MetRecords | None,
    preview: FilterPreview | None,
    error: InvalidError | None = None,
) -> Response[str]:
    records = met.records if met else ()
    choices = await asyncio.to_thread(list_values, records, limit=MOST_CHOICES)
    return render(
        request,
        "nodes/source-filters.html",
        status=error.status if error else 200,
        source=source,
        host=host_of(source.address),
        values=values,
        filters=filters,
        choices=choices,
        theme_names=_name_themes(request),
        met=met,
        preview=preview,
        errors=form_errors(request, error),
    )


def _name_themes(request: AnyRequest) -> dict[str, str]:
    """The EU's themes in the reader's language."""
    language: str = request.scope["state"]["locale"]
    return {code: names.get(language, code) for code, names in EU_THEMES.items()}


routes: Routes = [show_filters, show_preview, save_filters]
