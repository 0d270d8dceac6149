"""Groups: one row for each value of one or two columns, with what is computed of each; each leads to its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from udi.node.datasets.pages.explore.cells import display_cell, write_value
from udi.node.datasets.pages.explore.explore_query import TABLE
from udi.node.datasets.pages.explore.query_words import COUNTED
from udi.node.datasets.pages.explore.row_views import sort_address, sort_direction
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.tables.api import ANSWERS
from udi.tabular.columns.chosen_roles import ChosenRole, Roles, is_unmeasured
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.queries.query import (
    GROUP,
    Aggregate,
    GroupStep,
    Operator,
    StepUnit,
    allowed_operations,
    allowed_steps,
    column_at,
    result_names,
)
from udi.ui.site import site_of

MOST_GROUPED_BY = 2
"""Columns that the form offers at once."""
DAYS = {StepUnit.DAY: 1, StepUnit.WEEK: 7}
MONTHS = {StepUnit.MONTH: 1, StepUnit.QUARTER: 3, StepUnit.YEAR: 12}
FORM_STEPS = (StepUnit.MONTH, StepUnit.YEAR)


@dataclass(frozen=True)
class GroupHeading:
    """A column of the groups: what it groups by, or what it computes (`aggregate`) of which column."""

    name: str
    column: str
    aggregate: str
    step: str
    direction: str
    sort_address: str


@dataclass(frozen=True)
class GroupLine:
    """A group: its values, the address of its rows, what is computed of it, and its share of the largest count."""

    values: tuple[str, ...]
    address: str
    figures: tuple[str, ...]
    share: float = 0.0


@dataclass(frozen=True)
class GroupChoice:
    """A choice of the form: the parameter that it stands for, the column and the step or aggregate."""

    parameter: str
    column: str
    detail: str = ""


async def read_groups(context: ExploreContext) -> Mapping[str, Any]:
    """A page of groups, with how many there are; without a choice, the form alone."""
    query = context.query.query
    choices = {
        "group_choices": list_group_choices(context.table.columns),
        "measure_choices": list_measure_choices(
            context.table.columns, context.table.roles
        ),
        "chosen_groups": _chosen(context, groups=True),
        "chosen_measures": _chosen(context, groups=False),
        "group_limit": MOST_GROUPED_BY,
    }
    if not query.is_grouped:
        return {**choices, "total": None, "last_page": 1, "groups": [], "headings": []}
    answers = site_of(context.request).services[ANSWERS]
    page = await answers.read_page(context.table, query)
    counted = page.names.index(COUNTED) if COUNTED in page.names else None
    most = max((row[counted] for row in page.rows if counted is not None), default=0)
    return {
        **choices,
        "total": page.total,
        "last_page": max(1, -(-page.total // query.size)),
        "headings": _headings(context),
        "groups": [_line(context, row, counted, most) for row in page.rows],
    }


def list_group_choices(columns: Sequence[TypedColumn]) -> list[GroupChoice]:
    """What groups may be formed by: each column, and the periods of days."""
    choices = []
    for column in columns:
        if column.type not in {ColumnType.JSON, ColumnType.POINT}:
            choices.append(GroupChoice(f"{column.name}__{GROUP}", column.name))
        if StepUnit.MONTH in allowed_steps(column):
            choices += [
                GroupChoice(f"{column.name}__{GROUP}={step}", column.name, step)
                for step in FORM_STEPS
            ]
    return choices


def list_measure_choices(
    columns: Sequence[TypedColumn], roles: Roles
) -> list[GroupChoice]:
    """What may be computed of a group: its rows, and what numbers have in common, as far as their producer says so."""
    choices = [GroupChoice(COUNTED, "", Aggregate.COUNT)]
    for column in columns:
        is_number = column.type in {ColumnType.INTEGER, ColumnType.NUMBER}
        if is_number and not is_unmeasured(roles, column.name):
            operations = set(allowed_operations(column))
            if roles.get(column.name) is ChosenRole.MEAN:
                operations.discard(Aggregate.SUM)
            choices += [
                GroupChoice(f"{column.name}__{aggregate}", column.name, aggregate)
                for aggregate in (
                    Aggregate.SUM,
                    Aggregate.AVG,
                    Aggregate.MEDIAN,
                    Aggregate.MIN,
                    Aggregate.MAX,
                )
                if aggregate in operations
            ]
    return choices


def _chosen(context: ExploreContext, *, groups: bool) -> list[str]:
    """The parameters of the view that group, or those that compute."""
    return [
        f"{name}={value}" if value else name
        for name, value in context.query.groups
        if name.endswith(f"__{GROUP}") == groups
    ]


def _headings(context: ExploreContext) -> list[GroupHeading]:
    query = context.query.query
    columns = context.table.columns
    names = result_names(query, columns)
    headings = []
    for place, name in enumerate(names):
        aggregate = ""
        step = ""
        if place < len(query.groups):
            column = name
            step = str(query.step_of(query.groups[place]) or "")
        else:
            measure = query.measures[place - len(query.groups)]
            column = column_at(columns, measure.column).name
            aggregate = str(measure.aggregate)
        direction = sort_direction(context, name)
        address = sort_address(context, name, direction)
        headings.append(GroupHeading(name, column, aggregate, step, direction, address))
    return headings


def _line(
    context: ExploreContext, row: Sequence[Any], counted: int | None, most: int
) -> GroupLine:
    query = context.query.query
    count = len(query.groups)
    values = tuple(
        _display_group(context, rank, value)
        for rank, value in zip(query.groups, row[:count], strict=True)
    )
    figures = tuple(
        display_cell(value, _measure_type(context, place), context.locale)
        for place, value in enumerate(row[count:])
    )
    share = row[counted] / most if counted is not None and most else 0.0
    return GroupLine(values, _rows_address(context, row[:count]), figures, share)


def _measure_type(context: ExploreContext, place: int) -> ColumnType:
    measure = context.query.query.measures[place]
    column = column_at(context.table.columns, measure.column)
    if measure.aggregate in {Aggregate.MIN, Aggregate.MAX}:
        return column.type
    return ColumnType.NUMBER


def _display_group(context: ExploreContext, rank: int, value: Any) -> str:
    column = column_at(context.table.columns, rank)
    step = context.query.query.step_of(rank)
    if step is None or value is None:
        return display_cell(value, column.type, context.locale)
    if step.unit is StepUnit.BIN:
        end = display_cell(value + step.width, ColumnType.NUMBER, context.locale)
        return f"{display_cell(value, ColumnType.NUMBER, context.locale)} – {end}"
    if step.unit is StepUnit.YEAR:
        return str(value)[:4]
    if step.unit is StepUnit.MONTH:
        return str(value)[:7]
    return display_cell(value, ColumnType.DATE, context.locale)


def _rows_address(context: ExploreContext, values: Sequence[Any]) -> str:
    """The rows of a group: the filters of the view and the values of the group."""
    query = context.query
    filters = list(query.filters)
    for rank, value in zip(query.query.groups, values, strict=True):
        column = column_at(context.table.columns, rank)
        filters += group_filters(column, query.query.step_of(rank), value)
    return query.address(
        context.path,
        view=TABLE,
        groups=(),
        sorts=(),
        filters=tuple(dict.fromkeys(filters)),
    )


def group_filters(
    column: TypedColumn, step: GroupStep | None, value: Any
) -> list[tuple[str, str]]:
    """The filters that leave the rows of one group."""
    name = column.name
    if value is None:
        return [(f"{name}__{Operator.IS_NULL}", "")]
    if step is None:
        return [(f"{name}__{Operator.EXACT}", write_value(value))]
    if step.unit is StepUnit.BIN:
        end: Any = value + step.width
    else:
        end = end_of_period(date.fromisoformat(value), step.unit)
    filters = [(f"{name}__{Operator.GREATER}", write_value(value))]
    if end is not None:
        filters.append((f"{name}__{Operator.STRICTLY_LESS}", write_value(end)))
    return filters


def end_of_period(start: date, unit: StepUnit) -> date | None:
    """The first day after a period; None where the calendar ends with it, in 9999."""
    try:
        if unit in DAYS:
            return start + timedelta(days=DAYS[unit])
        months = start.year * 12 + start.month - 1 + MONTHS[unit]
        return date(months // 12, months % 12 + 1, 1)
    except (OverflowError, ValueError):
        return None
