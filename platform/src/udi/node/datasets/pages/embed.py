"""A view of a table alone, made to stand in the pages of others: rows, groups, a chart, a map."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError, UdiError
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.default_view import read_default_view
from udi.node.datasets.pages.explore.explore_query import (
    CARDS,
    GROUP,
    TABLE,
    ExploreQuery,
    join_query,
)
from udi.node.datasets.pages.explore.query_words import (
    ExploredColumns,
    read_explore_query,
)
from udi.node.datasets.pages.explore.view_registry import VIEWS
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.restricted import RestrictedError, add_request_page
from udi.node.tables.addresses import TableAddresses
from udi.node.tables.requests import TableRequest, open_table, request_table
from udi.protocol.addresses import OPENING, PARTS, VIEW
from udi.tabular.queries.pool import QueryTooHeavyError
from udi.tabular.queries.query import PAGE_SIZE
from udi.tabular.queries.query_string import parse_parameters
from udi.tabular.queries.table import DatasetTable
from udi.ui.dependencies import CurrentTerritory, Routes
from udi.ui.embedding import LANGUAGE, language_of, on_embedded_error, render_embedded
from udi.ui.locale import choose_language, localise_title
from udi.ui.site import site_of

COST = 5
ROWS = 10
COLUMNS = 8
"""Of the table in a frame, which stays light, where the address does not say otherwise."""


@get("/datasets/{dataset_id:uuid}/{part:str}")
async def frame_part(
    request: PageRequest,
    territory: CurrentTerritory,
    dataset_id: FromPath[UUID],
    part: FromPath[str],
) -> Response[Any]:
    """One view of what everybody may see."""
    return await _frame_table(request, territory, dataset_id, part)


@get("/datasets/{dataset_id:uuid}/tables/{table_name:str}/{part:str}")
async def frame_named_part(
    request: PageRequest,
    territory: CurrentTerritory,
    dataset_id: FromPath[UUID],
    table_name: FromPath[str],
    part: FromPath[str],
) -> Response[Any]:
    """The same of a table beside the main one."""
    return await _frame_table(request, territory, dataset_id, part, table_name)


async def _frame_table(
    request: PageRequest,
    territory: Territory,
    dataset_id: UUID,
    part: str,
    table_name: str = "",
) -> Response[Any]:
    """One view of a table; the database is let go before the table is read."""
    if part not in PARTS:
        raise NotFoundError(
            "Only a table, a map or a chart can be embedded in another page."
        )

    async def find_table(session: AsyncSession) -> DatasetTable:
        tables = site_of(request).services[DATASET_TABLES]
        return await tables(session, None, dataset_id, table_name=table_name)

    table_request = await request_table(
        request, territory, None, dataset_id, find_table, cost=COST
    )
    await open_table(table_request, territory)
    page = await _render_own_view(table_request, territory, part)
    if page is None:
        view = TABLE if part == VIEW else part
        if not VIEWS[view].is_offered(table_request.table, territory):
            raise NotFoundError("This table has no such view.")
        query = await _read_query(table_request, territory, view)
        page = await _render(table_request, territory, query)
    page.headers.update(
        {
            name: value
            for name, value in table_request.headers.items()
            if name.startswith("RateLimit")
        }
    )
    return page


async def _render_own_view(
    table_request: TableRequest, territory: Territory, part: str
) -> Response[str] | None:
    """The view that the dataset's producer chose, where the frame asks for it; None where it cannot be shown."""
    parameters = parse_parameters(table_request.query_string)
    if part != VIEW and (part != TABLE or ("view", OPENING) not in parameters):
        return None
    query = read_default_view(table_request.table, territory).query
    if query is None:
        return None
    if query.view == CARDS:
        query = replace(query, view=TABLE)
    try:
        return await _render(table_request, territory, _shorten(query))
    except QueryTooHeavyError:
        return None


def _shorten(query: ExploreQuery) -> ExploreQuery:
    """The same with as many rows as a frame has room for, where rows are what it shows."""
    if query.view == TABLE:
        return replace(query, size=ROWS, query=replace(query.query, size=ROWS))
    return query


async def _read_query(
    table_request: TableRequest, territory: Territory, part: str
) -> ExploreQuery:
    """What the address asks of the frame; groups are framed as a table."""
    table = table_request.table
    parameters = parse_parameters(table_request.query_string)
    is_sized = any(name == "page_size" for name, _ in parameters)
    offered = (part, GROUP) if part == TABLE else (part,)
    query = await table_request.parse_query(
        partial(
            read_explore_query,
            [pair for pair in parameters if pair[0] != "view"] + [("view", part)],
            ExploredColumns(table.columns, table.hidden, offered),
        )
    )
    own_view = read_default_view(table, territory)
    query = replace(query, has_default=own_view.query is not None)
    if not is_sized:
        return _shorten(query)
    return query


async def _render(
    table_request: TableRequest, territory: Territory, query: ExploreQuery
) -> Response[str]:
    request = table_request.request
    table = table_request.table
    accepted = request.headers.get("accept-language", "")
    language = choose_language(language_of(request), accepted, territory.languages)
    title = localise_title(table.title, table.titles, language)
    table = replace(table, title=title)
    addresses = TableAddresses.of(table_request.dataset_id, table)
    page_path = f"{territory.origin}{addresses.page}"
    context = ExploreContext(
        request=request,
        territory=territory,
        dataset_id=table_request.dataset_id,
        table=table,
        query=replace(query, at=None),
        locale=language,
        path=page_path,
    )
    view = VIEWS[query.view]
    values = dict(await view.read(context))
    if query.view == TABLE and not query.columns:
        values = _narrow(values)
    whole_query = replace(query, page=1, size=PAGE_SIZE)
    whole_pairs = [pair for pair in whole_query.pairs if pair[0] != LANGUAGE]
    return render_embedded(
        request,
        territory,
        "datasets/framed.html",
        view=view,
        query=query,
        table=table,
        framed=True,
        page_path=page_path,
        whole=join_query(page_path, whole_pairs),
        **values,
    )


def _narrow(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same with as many columns as a frame has room for."""
    beyond = max(len(values["headings"]) - COLUMNS, 0)
    return {
        **values,
        "headings": values["headings"][:COLUMNS],
        "rows": [replace(row, cells=row.cells[:COLUMNS]) for row in values["rows"]],
        "left_out": values["left_out"] + beyond,
    }


def _on_restricted(request: PageRequest, error: RestrictedError) -> Response[Any]:
    add_request_page(request, error)
    return on_embedded_error(request, error)


routes: Routes = [
    Router(
        "/embed",
        route_handlers=[frame_part, frame_named_part],
        exception_handlers={
            RestrictedError: _on_restricted,
            UdiError: on_embedded_error,
        },
    )
]
