"""Rows: a table, cards for a narrow screen, and one row alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.cells import (
    MOMENTS,
    ORDERED,
    RIGHT_ALIGNED,
    display_cell,
    shorten,
)
from udi.node.datasets.pages.explore.explore_query import COLUMN, ROW, TABLE
from udi.node.datasets.pages.explore.pictures import Bar, draw_column
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.tables.api import ANSWERS
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.overviews.overview import SHOWING
from udi.tabular.overviews.roles import ColumnRole, profile_columns
from udi.tabular.overviews.statistics import ColumnStatistics
from udi.tabular.queries.query import ROW as ROW_RANK
from udi.tabular.queries.query import SORT
from udi.tabular.queries.row_pages import RowPage
from udi.tabular.queries.table import DatasetTable
from udi.ui.site import site_of

MOST_COLUMNS = 60
"""Columns of a table where none were chosen."""
ROUND = 100
"""Different values from which their number is given in two digits."""
MOST_FIELDS = 5
"""Of a card."""
MEASURED_TYPES = frozenset({ColumnType.INTEGER, ColumnType.NUMBER})
BAR_WIDTH = 44
"""Pixels of the bar of the greatest value, beside the figures of the column that the rows are sorted by."""
BARRED = frozenset({ColumnRole.EXTENSIVE, ColumnRole.INTENSIVE})
MOST_LABELLED = 8
"""Cells of a row that a narrow screen shows, each under the name of its column."""
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
    ends: tuple[str, str] | None = None
    """Its least and its greatest value, of a column that has an order."""
    values: int = 0
    """How many different ones it has, in round numbers beyond a hundred; 0: unknown, or none."""

    @property
    def has_many_values(self) -> bool:
        """Whether the number of its values is a round one."""
        return self.values > ROUND

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
    bar: int = 0
    """How wide the bar beside its cell of the barred column is; 0: there is none."""


def always(_table: DatasetTable, _territory: Territory) -> bool:
    """Every table has rows to look at."""
    return True


async def read_table(context: ExploreContext) -> Mapping[str, Any]:
    """A page of rows, with how many there are in all."""
    ranks = visible_ranks(context)
    page = await _read_page(context, ranks)
    statistics = await _find_statistics(context)
    codes = _list_codes(context, statistics)
    columns = [context.table.columns[rank] for rank in ranks]
    barred, greatest = _find_bars(context, columns, statistics)
    listed = _list_rows(context, page, columns, codes)
    if greatest:
        values = [row[barred + 1] for row in page.rows]
        listed["rows"] = [
            replace(line, bar=round(BAR_WIDTH * ((value or 0) / greatest)))
            for line, value in zip(listed["rows"], values, strict=True)
        ]
    return {
        **listed,
        "barred": barred,
        "bar_width": BAR_WIDTH,
        "most_labelled": MOST_LABELLED,
        "headings": [
            _heading(context, column, statistics, codes) for column in columns
        ],
        "left_out": 0
        if context.query.columns
        else len(context.table.columns) - len(ranks),
    }


def _find_bars(
    context: ExploreContext,
    columns: Sequence[TypedColumn],
    statistics: Mapping[str, ColumnStatistics],
) -> tuple[int, float]:
    """The column whose cells have bars, and its greatest value: that which the rows are sorted by, of amounts or rates.

    -1 and 0 for none: bars beside codes, years, coordinates or values below zero would say nothing.
    """
    for place, column in enumerate(columns):
        figures = statistics.get(column.name)
        is_sorted = sort_direction(context, column.name) != ""
        if figures is None or not is_sorted or column.type not in MEASURED_TYPES:
            continue
        [profile] = profile_columns([column], [figures], context.table.roles)
        least = figures.least
        greatest = figures.greatest
        if isinstance(least, str) or isinstance(greatest, str) or not greatest:
            continue
        if profile.role in BARRED and least is not None and least >= 0:
            return place, greatest
    return -1, 0.0


async def read_cards(context: ExploreContext) -> Mapping[str, Any]:
    """The same rows with few fields each."""
    ranks = visible_ranks(context)[:MOST_FIELDS]
    page = await _read_page(context, ranks)
    columns = [context.table.columns[rank] for rank in ranks]
    codes = _list_codes(context, await _find_statistics(context))
    return {**_list_rows(context, page, columns, codes), "row_columns": columns}


async def read_row(context: ExploreContext) -> Mapping[str, Any]:
    """One row of the view with all its columns, and the rows before and after it."""
    query = context.query
    ranks = tuple(range(len(context.table.columns)))
    page = await _read_page(context, ranks)
    table_page = -(-query.page // query.size)
    cells: list[tuple[TypedColumn, str]] = []
    if page.rows:
        codes = _list_codes(context, await _find_statistics(context))
        cells = [
            (column, _write_cell(context, value, column, codes))
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


def _list_codes(
    context: ExploreContext, statistics: Mapping[str, ColumnStatistics]
) -> frozenset[str]:
    """Names of the columns of whole numbers that name something: such numbers have no marks of thousands."""
    profiles = profile_columns(
        [
            column
            for column in context.table.columns
            if column.type is ColumnType.INTEGER
        ],
        list(statistics.values()),
        context.table.roles,
    )
    return frozenset(
        profile.name for profile in profiles if profile.role is ColumnRole.IDENTIFIER
    )


def _write_cell(
    context: ExploreContext, value: Any, column: TypedColumn, codes: frozenset[str]
) -> str:
    if value is not None and column.name in codes:
        return str(value)
    return display_cell(value, column.type, context.locale)


def _list_rows(
    context: ExploreContext,
    page: RowPage,
    columns: Sequence[TypedColumn],
    codes: frozenset[str],
) -> dict[str, Any]:
    query = context.query
    first = query.query.offset + 1
    rows = [
        RowLine(
            place,
            _row_address(context, place),
            tuple(
                shorten(_write_cell(context, value, column, codes))
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
    codes: frozenset[str],
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
        ends=_write_ends(context, column, figures, codes) if figures else None,
        values=_round_count(figures) if figures else 0,
    )


def _write_ends(
    context: ExploreContext,
    column: TypedColumn,
    figures: ColumnStatistics,
    codes: frozenset[str],
) -> tuple[str, str] | None:
    """The least and the greatest value; of days of several years, these years."""
    is_code = column.name in codes
    if is_code or column.type not in ORDERED or figures.least is None:
        return None
    least = _write_cell(context, figures.least, column, codes)
    greatest = _write_cell(context, figures.greatest, column, codes)
    if column.type in MOMENTS:
        years = str(figures.least)[:4], str(figures.greatest)[:4]
        if years[0] != years[1]:
            return years
    return least, greatest


def _round_count(figures: ColumnStatistics) -> int:
    """How many different values a column has: those of many are counted nearly, and not said to the last."""
    if figures.distinct <= ROUND:
        return figures.distinct
    return round(figures.distinct, 1 - int(math.log10(figures.distinct)))


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
