"""One column under the filters of the view: how it is filled, its most frequent values, its spread; each is a filter."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from udi.node.datasets.pages.explore.cells import ORDERED, display_cell, shorten
from udi.node.datasets.pages.explore.explore_query import GROUP, TABLE
from udi.node.datasets.pages.explore.group_view import group_filters
from udi.node.datasets.pages.explore.query_words import COUNTED
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.tables.api import ANSWERS
from udi.tabular.columns.area_names import KINDS, SOURCE
from udi.tabular.columns.chosen_roles import is_unmeasured, list_role_choices
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.overviews.overview import SHOWING
from udi.tabular.queries.pool import QueryTooHeavyError
from udi.tabular.queries.query import GROUP as GROUP_OPERATION
from udi.tabular.queries.query import (
    NUMBERS,
    ROW,
    Aggregate,
    Filter,
    GroupStep,
    Measure,
    Operator,
    Query,
    Sort,
    StepUnit,
    allowed_operations,
)
from udi.ui.site import site_of

MOST_VALUES = 20
MOST_INTERVALS = 20
MOST_COUNTED = 1_000_000
"""Rows of a table of which the single values of a measure are counted; of a longer one its intervals say enough."""
MEASURED = frozenset({ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.DATETIME})
DAYS = frozenset({ColumnType.DATE, ColumnType.DATETIME})
YEARS_BY_MONTH = 2


@dataclass(frozen=True)
class ValueLine:
    """A value or an interval of a column: its rows, its share of the most frequent, the view that it leaves."""

    label: str
    rows: int
    share: float
    address: str


async def read_column(context: ExploreContext) -> Mapping[str, Any]:
    """A column that the address names; without one, every column in figures."""
    query = context.query
    rank = next(
        (
            rank
            for rank, column in enumerate(context.table.columns)
            if column.name == query.column
        ),
        None,
    )
    if rank is None:
        showing = site_of(context.request).services[SHOWING]
        statistics = await showing.find_statistics(context.table)
        unmeasured = [
            name
            for name in context.table.roles
            if is_unmeasured(context.table.roles, name)
        ]
        return {
            "column": None,
            "statistics": statistics,
            "unmeasured": unmeasured,
            "total": None,
        }
    column = context.table.columns[rank]
    summary = await _summarise(context, rank, column)
    values = await _list_values(context, rank, column)
    return {
        "column": column,
        "role": context.table.roles.get(column.name, ""),
        "names_source": SOURCE if column.type in KINDS else "",
        "role_choices": list_role_choices(column),
        **summary,
        "values": values,
        "intervals": await _list_intervals(context, rank, column, summary),
        "is_ordered": column.type in ORDERED,
        "is_searched": Operator.CONTAINS in allowed_operations(column),
        **_addresses(context, column),
    }


async def _read(context: ExploreContext, query: Query) -> list[list[Any]]:
    answers = site_of(context.request).services[ANSWERS]
    return (await answers.read_page(context.table, query)).rows


async def _summarise(
    context: ExploreContext, rank: int, column: TypedColumn
) -> Mapping[str, Any]:
    measures = [Measure(ROW, Aggregate.COUNT), Measure(rank, Aggregate.COUNT)]
    if column.type in ORDERED:
        measures += [Measure(rank, Aggregate.MIN), Measure(rank, Aggregate.MAX)]
    where = context.query.query.where
    [row] = await _read(context, Query(where=where, measures=tuple(measures)))
    rows, filled, *ends = row
    return {
        "total": rows,
        "filled": filled,
        "least": ends[0] if ends else None,
        "greatest": ends[1] if ends else None,
        "least_text": display_cell(ends[0], column.type, context.locale)
        if ends
        else "",
        "greatest_text": display_cell(ends[1], column.type, context.locale)
        if ends
        else "",
    }


async def _list_values(
    context: ExploreContext, rank: int, column: TypedColumn
) -> list[ValueLine] | None:
    """The most frequent values; None where it would take too much to count them, none where none comes twice."""
    if column.type in MEASURED and context.table.rows > MOST_COUNTED:
        return []
    query = Query(
        where=(
            *context.query.query.where,
            *_is_filled(rank),
        ),
        groups=(rank,),
        measures=(Measure(ROW, Aggregate.COUNT),),
        sort=(Sort(ROW, descending=True, aggregate=Aggregate.COUNT),),
        size=MOST_VALUES,
    )
    try:
        rows = await _read(context, query)
    except QueryTooHeavyError:
        return None
    if column.type in ORDERED and rows and rows[0][1] == 1:
        return []
    return _lines(context, column, None, rows)


def _is_filled(rank: int) -> tuple[Filter, ...]:
    return (Filter(rank, Operator.IS_NOT_NULL),)


async def _list_intervals(
    context: ExploreContext,
    rank: int,
    column: TypedColumn,
    summary: Mapping[str, Any],
) -> list[ValueLine]:
    """The spread of numbers and days, where they differ."""
    step = choose_step(rank, column, summary["least"], summary["greatest"])
    if step is None:
        return []
    query = Query(
        where=(*context.query.query.where, *_is_filled(rank)),
        groups=(rank,),
        steps=(step,),
        measures=(Measure(ROW, Aggregate.COUNT),),
        size=MOST_INTERVALS * 5,
    )
    return _lines(context, column, step, await _read(context, query))


def choose_step(
    rank: int, column: TypedColumn, least: Any, greatest: Any
) -> GroupStep | None:
    """Intervals that show how values are spread: about twelve of a round width, months, or years."""
    if least is None or least == greatest:
        return None
    if column.type in DAYS:
        years = (
            date.fromisoformat(greatest[:10]).year - date.fromisoformat(least[:10]).year
        )
        unit = StepUnit.MONTH if years < YEARS_BY_MONTH else StepUnit.YEAR
        return GroupStep(rank, unit)
    if column.type not in NUMBERS or not math.isfinite(greatest - least):
        return None
    ideal = (greatest - least) / 12
    power = 10.0 ** math.floor(math.log10(ideal))
    width = next(step * power for step in (1, 2, 5, 10) if step * power >= ideal)
    if column.type in {ColumnType.INTEGER, ColumnType.YEAR}:
        width = max(width, 1)
    if not 1e-9 <= width < 1e12:  # noqa: PLR2004 - what an address can write
        return None
    return GroupStep(rank, StepUnit.BIN, width)


def _lines(
    context: ExploreContext,
    column: TypedColumn,
    step: GroupStep | None,
    rows: Sequence[Sequence[Any]],
) -> list[ValueLine]:
    most = max((count for _, count in rows), default=0) or 1
    return [
        ValueLine(
            _label(context, column, step, value),
            count,
            count / most,
            _filtered_address(context, group_filters(column, step, value)),
        )
        for value, count in rows
    ]


def _label(
    context: ExploreContext, column: TypedColumn, step: GroupStep | None, value: Any
) -> str:
    if step is None:
        return shorten(display_cell(value, column.type, context.locale))
    if step.unit is StepUnit.BIN:
        if column.type is ColumnType.YEAR:
            return f"{value:.0f} – {value + step.width:.0f}"
        kind = column.type
        start = display_cell(value, kind, context.locale)
        end = display_cell(value + step.width, kind, context.locale)
        return f"{start} – {end}"
    return str(value)[: 4 if step.unit is StepUnit.YEAR else 7]


def _filtered_address(
    context: ExploreContext, filters: Sequence[tuple[str, str]]
) -> str:
    together = tuple(dict.fromkeys((*context.query.filters, *filters)))
    return context.query.address(context.path, view=TABLE, column="", filters=together)


def _addresses(context: ExploreContext, column: TypedColumn) -> Mapping[str, Any]:
    """What else may be done with a column."""
    query = context.query
    names = list(query.columns or (other.name for other in context.table.columns))
    place = names.index(column.name) if column.name in names else None
    moves: dict[str, str] = {}
    if place is not None and len(names) > 1:
        others = [name for name in names if name != column.name]
        moves["hide"] = _columns_address(context, others)
        if place > 0:
            earlier = [*names]
            earlier[place - 1], earlier[place] = names[place], names[place - 1]
            moves["before"] = _columns_address(context, earlier, stay=True)
        if place < len(names) - 1:
            later = [*names]
            later[place + 1], later[place] = names[place], names[place + 1]
            moves["after"] = _columns_address(context, later, stay=True)
    name = column.name
    return {
        "moves": moves,
        "empty_address": _filtered_address(
            context, [(f"{name}__{Operator.IS_NULL}", "")]
        ),
        "filled_address": _filtered_address(
            context, [(f"{name}__{Operator.IS_NOT_NULL}", "")]
        ),
        "grouped_address": query.address(
            context.path,
            view=GROUP,
            column="",
            columns=(),
            groups=((f"{name}__{GROUP_OPERATION}", ""), (COUNTED, "")),
            sorts=((f"{COUNTED}__sort", "desc"),),
        ),
        "table_address": query.address(context.path, view=TABLE, column=""),
    }


def _columns_address(
    context: ExploreContext, names: Sequence[str], *, stay: bool = False
) -> str:
    """The view with these columns in this order; on the page of the column still, or back at the table."""
    whole = tuple(column.name for column in context.table.columns)
    columns = () if tuple(names) == whole else tuple(names)
    if stay:
        return context.query.address(context.path, columns=columns)
    return context.query.address(context.path, view=TABLE, column="", columns=columns)
