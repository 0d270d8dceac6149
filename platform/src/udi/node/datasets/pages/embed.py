"""The first rows of a table, its map or its chart alone, made to stand in the pages of others."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from udi.kit.errors import NotFoundError, UdiError
from udi.kit.rates import Rates
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.saying import PageRequest
from udi.node.datasets.tables import Tables
from udi.node.files.restricted import RestrictedError, tell_page
from udi.node.spaces.limits import admit
from udi.node.tables.asking import RATES, reader_of, together
from udi.node.tables.draw_chart import draw_chart, table_of
from udi.node.tables.preview import Preview
from udi.node.tables.shown import SHOWING, Showing, Shown
from udi.node.tables.table import FIND_TABLE, TableOfDataset
from udi.protocol.addresses import PARTS, NodeAddresses
from udi.ui.embedding import LANGUAGE, frame_line, language_of, on_framed_refusal, render_framed
from udi.ui.locale import choose_language
from udi.ui.site import site_of

COST = 5
ROWS, COLUMNS = 10, 8
"""Of the table in a frame, which stays light."""
HEIGHTS = {"table": 640, "map": 560, "chart": 480}
"""Pixels of each frame, in a narrow column."""


@get("/datasets/{dataset_id:uuid}/{part:str}")
async def frame_part(
    request: PageRequest, territory: NamedDependency[Territory], dataset_id: FromPath[UUID], part: FromPath[str]
) -> Response[Any]:
    """One part of what everybody may see; the database is let go before the table is read."""
    if part not in PARTS:
        raise NotFoundError("What can stand in another page is a table, a map or a chart.")
    site = site_of(request)
    rates: Rates = site.parts[RATES]
    limits = rates.take(reader_of(request, territory, None), COST)
    tables: Tables = site.parts[FIND_TABLE]
    async with site.database.session(territory.id, role="public") as session:
        table = await tables(session, None, dataset_id)
    limits = together(limits, await admit(request, UUID(table.space)))
    await table.bring()
    showing: Showing = site.parts[SHOWING]
    shown = await showing.show(table)
    if part not in list_parts(shown):
        raise NotFoundError("There is no such drawing of this table.")
    page = _render(request, territory, dataset_id, part, table, shown)
    page.headers.update(limits)
    return page


def list_parts(shown: Shown) -> list[str]:
    """Which parts a table has."""
    has = {"table": shown.preview and shown.preview.rows, "map": shown.map, "chart": shown.chart}
    return [part for part in PARTS if has[part]]


def frame_lines(
    shown: Shown, territory: Territory, dataset_id: UUID, title: str, language: str
) -> list[tuple[str, str]]:
    """(part, line of HTML that frames it) of what a table has."""
    at = NodeAddresses(territory.origin, dataset_id)
    return [
        (part, frame_line(f"{at.embed(part)}?{LANGUAGE}={language}", title, HEIGHTS[part]))
        for part in list_parts(shown)
    ]


def _render(
    request: PageRequest, territory: Territory, dataset_id: UUID, part: str, table: TableOfDataset, shown: Shown
) -> Response[str]:
    accepted = request.headers.get("accept-language", "")
    language = choose_language(language_of(request), accepted, territory.languages)
    chart = shown.chart
    return render_framed(
        request,
        territory,
        "datasets/framed.html",
        part=part,
        table=table,
        map=shown.map,
        chart=chart,
        chart_drawing=draw_chart(chart, language) if chart else None,
        chart_rows=table_of(chart, language) if chart else [],
        preview=_short(shown.preview) if shown.preview else None,
        whole=NodeAddresses(territory.origin, dataset_id).page,
    )


def _short(preview: Preview) -> Preview:
    """The same, no larger than a frame needs."""
    hidden = preview.hidden + max(len(preview.columns) - COLUMNS, 0)
    rows = tuple(row[:COLUMNS] for row in preview.rows[:ROWS])
    return replace(preview, columns=preview.columns[:COLUMNS], rows=rows, lines=preview.lines[:ROWS], hidden=hidden)


def _on_restricted(request: PageRequest, error: RestrictedError) -> Response[Any]:
    tell_page(request, error)
    return on_framed_refusal(request, error)


routes: Sequence[ControllerRouterHandler] = [
    Router(
        "/embed",
        route_handlers=[frame_part],
        exception_handlers={RestrictedError: _on_restricted, UdiError: on_framed_refusal},
    )
]
