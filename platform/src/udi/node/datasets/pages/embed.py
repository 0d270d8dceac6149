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
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.restricted import RestrictedError, add_request_page
from udi.node.spaces.limits import enforce_rate_limit
from udi.node.tables.requests import RATES, join_rate_headers, reader_of
from udi.protocol.addresses import PARTS, NodeAddresses
from udi.tabular.overviews.chart_view import ChartView
from udi.tabular.overviews.overview import SHOWING, TableOverview
from udi.tabular.overviews.preview import Preview
from udi.tabular.queries.table import DatasetTable
from udi.ui.embedding import (
    LANGUAGE,
    iframe_html,
    language_of,
    on_embedded_error,
    render_embedded,
)
from udi.ui.locale import choose_language, localise_title
from udi.ui.maps.ground import Ground
from udi.ui.maps.grounds import GROUNDS
from udi.ui.site import site_of

COST = 5
ROWS = 10
COLUMNS = 8
"""Of the table in a frame, which stays light."""
HEIGHTS = {"table": 640, "map": 560, "chart": 480}
"""Pixels of each frame, in a narrow column."""


@get("/datasets/{dataset_id:uuid}/{part:str}")
async def frame_part(
    request: PageRequest,
    territory: NamedDependency[Territory],
    dataset_id: FromPath[UUID],
    part: FromPath[str],
) -> Response[Any]:
    """One part of what everybody may see; the database is let go before the table is read."""
    if part not in PARTS:
        raise NotFoundError(
            "Only a table, a map or a chart can be embedded in another page."
        )
    site = site_of(request)
    rates = site.services[RATES]
    limits = rates.count_request(reader_of(request, territory, None), COST)
    tables = site.services[DATASET_TABLES]
    async with site.database.session(territory.id, role="public") as session:
        table = await tables(session, None, dataset_id)
    limits = join_rate_headers(
        limits, await enforce_rate_limit(request, UUID(table.space))
    )
    await table.fetch_file()
    showing = site.services[SHOWING]
    overview = await showing.read_overview(table)
    if part not in list_parts(overview):
        raise NotFoundError("This table has no such view.")
    ground = None
    if part == "map" and overview.map:
        ground = await site.services[GROUNDS].draw(territory, overview.map.frame)
    page = _render(request, territory, dataset_id, part, table, overview, ground)
    page.headers.update(limits)
    return page


def list_parts(overview: TableOverview) -> list[str]:
    """Which parts a table has."""
    has = {
        "table": overview.preview and overview.preview.rows,
        "map": overview.map,
        "chart": overview.chart,
    }
    return [part for part in PARTS if has[part]]


def list_embed_codes(
    overview: TableOverview,
    territory: Territory,
    dataset_id: UUID,
    title: str,
    language: str,
) -> list[tuple[str, str]]:
    """(part, line of HTML that frames it) of what a table has."""
    at = NodeAddresses(territory.origin, dataset_id)
    return [
        (
            part,
            iframe_html(
                f"{at.embed(part)}?{LANGUAGE}={language}", title, HEIGHTS[part]
            ),
        )
        for part in list_parts(overview)
    ]


def _render(
    request: PageRequest,
    territory: Territory,
    dataset_id: UUID,
    part: str,
    table: DatasetTable,
    overview: TableOverview,
    ground: Ground | None,
) -> Response[str]:
    accepted = request.headers.get("accept-language", "")
    language = choose_language(language_of(request), accepted, territory.languages)
    title = localise_title(table.title, table.titles, language)
    table = replace(table, title=title)
    chart = overview.chart
    return render_embedded(
        request,
        territory,
        "datasets/framed.html",
        part=part,
        table=table,
        map=overview.map,
        ground=ground,
        chart_view=ChartView(chart, language) if chart else None,
        preview=_shorten_preview(overview.preview) if overview.preview else None,
        whole=NodeAddresses(territory.origin, dataset_id).page,
    )


def _shorten_preview(preview: Preview) -> Preview:
    """The same, no larger than a frame needs."""
    hidden = preview.hidden + max(len(preview.columns) - COLUMNS, 0)
    rows = tuple(row[:COLUMNS] for row in preview.rows[:ROWS])
    return replace(
        preview,
        columns=preview.columns[:COLUMNS],
        rows=rows,
        lines=preview.lines[:ROWS],
        hidden=hidden,
    )


def _on_restricted(request: PageRequest, error: RestrictedError) -> Response[Any]:
    add_request_page(request, error)
    return on_embedded_error(request, error)


routes: Sequence[ControllerRouterHandler] = [
    Router(
        "/embed",
        route_handlers=[frame_part],
        exception_handlers={
            RestrictedError: _on_restricted,
            UdiError: on_embedded_error,
        },
    )
]
