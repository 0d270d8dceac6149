"""Rows: a table, cards for a narrow screen, and one row alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.cells import RIGHT_ALIGNED, display_cell, shorten
from udi.node.datasets.pages.explore.explore_query import COLUMN, ROW, TABLE
from udi.node.datasets.pages.explore.pictures import Bar, draw_column
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.tables.api import ANSWERS
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.overviews.overview import SHOWING
from udi.tabular.overviews.statistics import ColumnStatistics
from udi.tabular.queries.query import ROW as ROW_RANK
from udi.tabular.queries.query import SORT
from udi.tabular.queries.row_pages import RowPage
from udi.tabular.queries.table import DatasetTable
from udi.ui.site import site_of

MOST_COLUMNS = 60
"""Columns of a table where none were chosen."""
MOST_FIELDS = 5
"""Of a card."""
ASCENDING = "asc"
DESCENDING = "desc"


@dataclass(frozen=True)
class Heading:
    """A column of the table: the addresses that sort by it and that describe it, and its picture."""

    name: str
    kind: ColumnType
    direction: str
    """How the table is sorted by it: `asc`, `desc`, or empty."""
    sort_address: str
    panel_address: str
    bars: tuple[Bar, ...] = ()
    statistics: ColumnStatistics | None = None

    @property
    def is_number(self) -> bool:
        """Whether its cells are aligned at their ends."""
        return self.kind in RIGHT_ALIGNED


@dataclass(frozen=True)
class RowLine:
    """A row: its place in the view, its own address, its cells."""

    place: int
    address: str
    cells: tuple[str, ...]


def always(_table: DatasetTable, _territory: Territory) -> bool:
    """Every table has rows to look at."""
    return True


async def read_table(context: ExploreContext) -> Mapping[str, Any]:
    """A page of rows, with how many there are in all."""
    ranks = visible_ranks(context)
    page = await _read_page(context, ranks)
    statistics = await _find_statistics(context)
    columns = [context.table.columns[rank] for rank in ranks]
    return {
        **_list_rows(context, page, columns),
        "headings": [_heading(context, column, statistics) for column in columns],
        "left_out": 0
        if context.query.columns
        else len(context.table.columns) - len(ranks),
    }


async def read_cards(context: ExploreContext) -> Mapping[str, Any]:
    """The same rows with few fields each."""
    ranks = visible_ranks(context)[:MOST_FIELDS]
    page = await _read_page(context, ranks)
    columns = [context.table.columns[rank] for rank in ranks]
    return {**_list_rows(context, page, columns), "row_columns": columns}


async def read_row(context: ExploreContext) -> Mapping[str, Any]:
    """One row of the view with all its columns, and the rows before and after it."""
    query = context.query
    ranks = tuple(range(len(context.table.columns)))
    page = await _read_page(context, ranks)
    table_page = -(-query.page // query.size)
    cells: list[tuple[TypedColumn, str]] = []
    if page.rows:
        cells = [
            (column, display_cell(value, column.type, context.locale))
            for column, value in zip(
                context.table.columns, page.rows[0][1:], strict=True
            )
        ]
    return {
        "total": page.total,
        "row_cells": cells,
        "row_number": page.rows[0][0] if page.rows else None,
        "table_address": query.address(context.path, view=TABLE, page=table_page),
        "previous_row": _row_address(context, query.page - 1) if query.page > 1 else "",
        "next_row": _row_address(context, query.page + 1)
        if query.page < page.total
        else "",
    }


def visible_ranks(context: ExploreContext) -> tuple[int, ...]:
    """The columns chosen, else the first ones."""
    if context.query.query.columns is not None:
        return tuple(rank for rank in context.query.query.columns if rank >= 0)
    return tuple(range(min(len(context.table.columns), MOST_COLUMNS)))


async def _read_page(context: ExploreContext, ranks: Sequence[int]) -> RowPage:
    answers = site_of(context.request).services[ANSWERS]
    query = replace(context.query.query, columns=(ROW_RANK, *ranks))
    return await answers.read_page(context.table, query)


def _list_rows(
    context: ExploreContext, page: RowPage, columns: Sequence[TypedColumn]
) -> Mapping[str, Any]:
    query = context.query
    first = query.query.offset + 1
    rows = [
        RowLine(
            place,
            _row_address(context, place),
            tuple(
                shorten(display_cell(value, column.type, context.locale))
                for column, value in zip(columns, row[1:], strict=True)
            ),
        )
        for place, row in enumerate(page.rows, first)
    ]
    return {
        "total": page.total,
        "rows": rows,
        "last_page": max(1, -(-page.total // query.size)),
    }


def _row_address(context: ExploreContext, place: int) -> str:
    return context.query.address(context.path, view=ROW, column="", page=place)


def _heading(
    context: ExploreContext,
    column: TypedColumn,
    statistics: Mapping[str, ColumnStatistics],
) -> Heading:
    figures = statistics.get(column.name)
    direction = sort_direction(context, column.name)
    return Heading(
        name=column.name,
        kind=column.type,
        direction=direction,
        sort_address=sort_address(context, column.name, direction),
        panel_address=context.query.address(
            context.path, view=COLUMN, column=column.name
        ),
        bars=draw_column(figures) if figures and figures.filled else (),
        statistics=figures,
    )


def sort_direction(context: ExploreContext, name: str) -> str:
    """How the view is sorted by a name first; empty where it is not."""
    for sorted_name, direction in context.query.sorts[:1]:
        if sorted_name == f"{name}__{SORT}":
            return direction
    return ""


def sort_address(context: ExploreContext, name: str, direction: str) -> str:
    """The view sorted by a name: ascending, then descending, then not at all."""
    following = {"": ASCENDING, ASCENDING: DESCENDING}.get(direction)
    sorts = ((f"{name}__{SORT}", following),) if following else ()
    return context.query.address(context.path, sorts=sorts)


async def _find_statistics(context: ExploreContext) -> Mapping[str, ColumnStatistics]:
    """The figures of every column over the whole table, once they are there."""
    showing = site_of(context.request).services[SHOWING]
    statistics = await showing.find_statistics(context.table)
    return {summary.name: summary for summary in statistics}
