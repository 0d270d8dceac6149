"""The figures of a chart: groups of the same questions as the tabular API answers, and what is left out of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from udi.tabular.columns.column import ROW_NAME, ColumnType
from udi.tabular.overviews import role_words as words
from udi.tabular.overviews.chart_request import ChartKind, ChartRequest
from udi.tabular.overviews.chart_steps import MOST_PERIODS, read_chart_step
from udi.tabular.overviews.roles import ColumnProfile, ColumnRole
from udi.tabular.overviews.statistics import Scalar
from udi.tabular.queries.literals import read_value
from udi.tabular.queries.pool import ParquetReader
from udi.tabular.queries.query import (
    ROW,
    Aggregate,
    Condition,
    Filter,
    GroupStep,
    Measure,
    Operator,
    Query,
    Sort,
    StepUnit,
)
from udi.tabular.queries.query import Value as QueryValue
from udi.tabular.queries.sql import count_statement, page_statement
from udi.tabular.queries.table import DatasetTable

MOST_SERIES = 5
MOST_DOTS = 1_000
MOST_BINS = 240
MOST_ROWS = 5_000
"""Groups that a chart reads at most; of each colour as many."""
LAST_YEAR = 9_000
"""Later years are a usual «no end» of what lasts, not times of data."""
DATED = frozenset({ColumnType.YEAR, ColumnType.DATE, ColumnType.DATETIME})
MOMENTS = frozenset({ColumnType.DATE, ColumnType.DATETIME, ColumnType.TIME})
TOTAL_TOLERANCE = 0.005
DUST = 1e-9
Value = float | None


@dataclass(frozen=True)
class ChartSeries:
    """The values of one colour; `name` is None for the only one, and empty for all that have none of their own."""

    name: Scalar | None
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Chart:
    """What is drawn: one point of each series for each value of the dimension.

    `rows` are those counted, `missing` those of them without a value of the dimension or of the measure. `others` is
    what the values that are not drawn hold together, `other_values` how many they are; None where it cannot be added.
    `total` is that of all rows, None where values do not add up. For dots, `points` are abscissas.
    """

    request: ChartRequest
    kind: ChartKind
    points: tuple[Scalar, ...]
    series: tuple[ChartSeries, ...]
    rows: int
    missing: int = 0
    others: Value = None
    other_values: int = 0
    total: Value = None
    total_rows: tuple[Scalar, ...] = ()
    """Values of the dimension that seem to be the sum of the others."""
    width: float = 0.0
    """Of a bin."""
    is_time: bool = False
    by_type: ColumnType = ColumnType.TEXT
    """Of the dimension: codes of areas are written with their names."""

    @property
    def first_values(self) -> tuple[Value, ...]:
        """The values of all series of each point together, where they add up."""
        if len(self.series) == 1:
            return self.series[0].values
        return tuple(
            sum(filter(None, point), 0.0)
            for point in zip(*(series.values for series in self.series), strict=True)
        )


@dataclass(frozen=True)
class ChartPlan:
    """A request with the ranks of its columns."""

    request: ChartRequest
    kind: ChartKind
    by: ColumnProfile
    of: ColumnProfile | None
    split: ColumnProfile | None
    step: GroupStep | None
    where: tuple[Condition, ...] = ()

    @property
    def measure(self) -> Measure:
        """What is said of a group."""
        if self.of is None:
            return Measure(ROW, Aggregate.COUNT)
        return Measure(self.of.rank, self.request.how)

    @property
    def is_ordered(self) -> bool:
        """Whether points follow the dimension, not the measure."""
        return self.kind in {ChartKind.LINE, ChartKind.SPREAD} or (
            self.step is not None or self.by.role is ColumnRole.TIME
        )

    @property
    def is_newest_first(self) -> bool:
        """Whether the last points are read first, since they say most."""
        return self.is_ordered and self.by.role is ColumnRole.TIME


def plan_chart(
    request: ChartRequest,
    profiles: Sequence[ColumnProfile],
    where: tuple[Condition, ...] = (),
) -> ChartPlan | None:
    """What is to be asked for a chart; None when the table has not its columns."""
    by_name = {profile.name: profile for profile in profiles}
    by = by_name.get(request.by)
    of = by_name.get(request.of)
    if by is None or (request.of and of is None):
        return None
    step = read_chart_step(by, request.step)
    kind = request.draw or _usual_kind(by, step)
    if kind is ChartKind.DOTS and (of is None or not _is_number(by, of)):
        kind = _usual_kind(by, step)
    if kind is ChartKind.SPREAD and (step is None or step.unit is not StepUnit.BIN):
        kind = _usual_kind(by, step)
    if kind is ChartKind.SHARE and not request.is_additive:
        kind = _usual_kind(by, step)
    split = by_name.get(request.split) if request.split else None
    return ChartPlan(request, kind, by, of, split, step, where)


def _usual_kind(by: ColumnProfile, step: GroupStep | None) -> ChartKind:
    if step is not None and step.unit is StepUnit.BIN:
        return ChartKind.SPREAD
    if by.role is ColumnRole.TIME:
        return ChartKind.LINE
    return ChartKind.BARS


def _is_number(*profiles: ColumnProfile) -> bool:
    return all(
        profile.column.type in {ColumnType.INTEGER, ColumnType.NUMBER}
        for profile in profiles
    )


def chart_query(plan: ChartPlan) -> Query:
    """The question of the tabular API whose answer is what the chart draws."""
    groups = [plan.by.rank]
    if plan.split is not None:
        groups.append(plan.split.rank)
    measure = plan.measure
    if plan.is_ordered:
        sort = (Sort(plan.by.rank),)
    else:
        sort = (Sort(measure.column, descending=True, aggregate=measure.aggregate),)
    return Query(
        where=plan.where,
        sort=sort,
        groups=tuple(groups),
        measures=(measure,),
        steps=(plan.step,) if plan.step else (),
    )


def figures_parameters(plan: ChartPlan) -> list[tuple[str, str]]:
    """The parameters of the same question in an address, but for the filters."""
    by = plan.by.name
    parameters = [(f"{by}__groupby", str(plan.step or ""))]
    if plan.split is not None:
        parameters.append((f"{plan.split.name}__groupby", ""))
    name = plan.of.name if plan.of else ROW_NAME
    measure = f"{name}__{plan.measure.aggregate}"
    order = f"{by}__sort" if plan.is_ordered else f"{measure}__sort"
    direction = "asc" if plan.is_ordered else "desc"
    return [*parameters, (measure, ""), (order, direction)]


async def read_chart(
    reader: ParquetReader, table: DatasetTable, plan: ChartPlan
) -> Chart | None:
    """The figures of a chart; None when there is nothing to draw.

    Raises:
        QueryTooHeavyError: they take more time or memory than a question may.
        UnavailableError: the child died, or had no processor to work with.
    """
    if plan.kind is ChartKind.DOTS:
        return await _read_dots(reader, table, plan)
    totals = await _read_totals(reader, table, plan)
    rows = await _read_groups(reader, table, replace(plan, split=None))
    if not rows:
        return None
    unread_groups = 0
    if len(rows) == MOST_ROWS:
        unread_groups = await _count_groups(reader, table, plan) - MOST_ROWS
    chart = _assemble(plan, rows, totals, unread_groups)
    if plan.split is not None:
        chart = await _add_series(reader, table, plan, chart)
    return chart


@dataclass(frozen=True)
class _Totals:
    """Of all rows that pass the filters: how many, how many with both values, the measure of all."""

    rows: int
    filled: int
    value: Value


async def _read_totals(
    reader: ParquetReader, table: DatasetTable, plan: ChartPlan
) -> _Totals:
    count = Measure(ROW, Aggregate.COUNT)
    all_rows = await _fetch(reader, table, Query(plan.where, measures=(count,)), 1)
    filled = await _fetch(
        reader,
        table,
        Query(_filled_conditions(plan), measures=(count, plan.measure)),
        1,
    )
    value = filled[0][1] if plan.request.is_additive else None
    return _Totals(int(all_rows[0][0]), int(filled[0][0]), _number(value))


def _filled_conditions(plan: ChartPlan) -> tuple[Condition, ...]:
    """The filters, and a value of the dimension and of the measure."""
    ranks = [plan.by.rank]
    if plan.of is not None:
        ranks.append(plan.of.rank)
    return (*plan.where, *(Filter(rank, Operator.IS_NOT_NULL) for rank in ranks))


async def _read_groups(
    reader: ParquetReader,
    table: DatasetTable,
    plan: ChartPlan,
    limit: int = MOST_ROWS,
) -> list[list[Any]]:
    """The groups in the order of the chart; where they are too many, the newest ones or the first."""
    query = replace(chart_query(plan), where=_filled_conditions(plan))
    rows = await _fetch(reader, table, query, limit, backwards=plan.is_newest_first)
    if plan.is_newest_first:
        rows = rows[::-1]
    return [row for row in rows if row[0] is not None]


async def _fetch(
    reader: ParquetReader,
    table: DatasetTable,
    query: Query,
    limit: int,
    *,
    backwards: bool = False,
) -> list[list[Any]]:
    return await reader.fetch(
        page_statement(query, table.columns, limit=limit, offset=0, backwards=backwards)
    )


async def _count_groups(
    reader: ParquetReader, table: DatasetTable, plan: ChartPlan
) -> int:
    query = replace(
        chart_query(replace(plan, split=None)), where=_filled_conditions(plan)
    )
    return int((await reader.fetch(count_statement(query, table.columns)))[0][0])


def _assemble(
    plan: ChartPlan, rows: list[list[Any]], totals: _Totals, unread_groups: int
) -> Chart:
    if plan.is_ordered:
        visible_points = _ordered(plan, _leave_out_no_end(plan, rows))
    else:
        visible_points = [(row[0], _number(row[1])) for row in rows[: plan.request.top]]
    others = None
    visible_values = {point for point, _ in visible_points}
    hidden_groups = [row for row in rows if row[0] not in visible_values]
    other_values = len(hidden_groups) + unread_groups
    if other_values and plan.request.is_additive and totals.value is not None:
        others = totals.value - sum(value or 0 for _, value in visible_points)
    return Chart(
        plan.request,
        plan.kind,
        tuple(point for point, _ in visible_points),
        (ChartSeries(None, tuple(value for _, value in visible_points)),),
        totals.rows,
        totals.rows - totals.filled,
        others,
        other_values,
        totals.value,
        _total_rows(plan, rows),
        plan.step.width if plan.step else 0.0,
        plan.by.role is ColumnRole.TIME,
        plan.by.column.type,
    )


def _total_rows(plan: ChartPlan, rows: list[list[Any]]) -> tuple[Scalar, ...]:
    """Values that are called totals, or whose measure is the sum of all the others' where these are three or more."""
    if plan.of is None or plan.is_ordered:
        return ()
    named = tuple(row[0] for row in rows if words.is_total(str(row[0])))
    amounts = [_number(row[1]) or 0.0 for row in rows]
    if named or plan.request.how is not Aggregate.SUM or len(rows) < 4:  # noqa: PLR2004 - one total and three parts
        return named
    rest = sum(amounts[1:])
    if rest > 0 and abs(amounts[0] - rest) <= rest * TOTAL_TOLERANCE:
        return (rows[0][0],)
    return ()


def _leave_out_no_end(plan: ChartPlan, rows: list[list[Any]]) -> list[list[Any]]:
    """The groups but those of a far «no end» in time; all where there is nothing else."""
    if plan.by.column.type not in DATED:
        return rows
    return [row for row in rows if _year(row[0]) <= LAST_YEAR] or rows


def _year(value: Scalar) -> int:
    """The year of a day, a moment or a year; zero before our era."""
    digits = str(value).partition("-")[0]
    if digits.isdigit():
        return int(digits)
    return 0


def _ordered(plan: ChartPlan, rows: list[list[Any]]) -> list[tuple[Scalar, Value]]:
    """Points in the order of the dimension; periods and bins without rows stand in it too."""
    values = {row[0]: _number(row[1]) for row in rows}
    empty = 0.0 if plan.request.is_additive else None
    if plan.step is not None and plan.step.unit is StepUnit.BIN:
        points = _bins(list(values), plan.step)
    elif plan.step is not None:
        points = _periods(str(rows[0][0]), str(rows[-1][0]), plan.step.unit)
    elif plan.by.column.type is ColumnType.YEAR:
        first, last = int(rows[0][0]), int(rows[-1][0])
        points = list(range(max(first, last - MOST_PERIODS + 1), last + 1))
    elif plan.by.role is ColumnRole.TIME and isinstance(rows[0][0], str):
        points = sorted(values, key=lambda text: words.month_number(str(text)))
    elif plan.by.role is ColumnRole.TIME:
        points = list(values)[-MOST_PERIODS:]
    else:
        points = list(values)
    return [(point, values.get(point, empty)) for point in points[:MOST_ROWS]]


def _bins(starts: list[float], step: GroupStep) -> list[Scalar]:
    digits = len(step.width_text.partition(".")[2])
    first, last = min(starts), max(starts)
    count = round((last - first) / step.width) + 1
    if count > MOST_BINS:
        return list(sorted(starts)[:MOST_BINS])
    return [round(first + place * step.width, digits) for place in range(count)]


def _periods(first: str, last: str, unit: StepUnit) -> list[Scalar]:
    """The first days of all periods between two, the newest 120 at most."""
    start = date.fromisoformat(first)
    end = date.fromisoformat(last)
    if unit in {StepUnit.DAY, StepUnit.WEEK}:
        length = 7 if unit is StepUnit.WEEK else 1
        ordinals = range(start.toordinal(), end.toordinal() + 1, length)
        return [date.fromordinal(day).isoformat() for day in ordinals[-MOST_PERIODS:]]
    length = {StepUnit.MONTH: 1, StepUnit.QUARTER: 3, StepUnit.YEAR: 12}[unit]
    numbers = range(_month(start), _month(end) + 1, length)
    return [
        date(number // 12, number % 12 + 1, 1).isoformat()
        for number in numbers[-MOST_PERIODS:]
    ]


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


async def _add_series(
    reader: ParquetReader, table: DatasetTable, plan: ChartPlan, chart: Chart
) -> Chart:
    """The chart cut by the values of another column: the five largest, then all others where they add up."""
    assert plan.split is not None  # noqa: S101 - the caller looked
    by_split = replace(plan, by=plan.split, split=None, step=None, kind=ChartKind.BARS)
    names = [row[0] for row in await _read_groups(reader, table, by_split)]
    series_names = names[:MOST_SERIES]
    where = (*plan.where, *_cell_filters(plan, chart.points, series_names))
    rows = await _read_groups(
        reader, table, replace(plan, where=where), MOST_ROWS * MOST_SERIES
    )
    cells = {(row[0], row[1]): _number(row[2]) for row in rows}
    empty = 0.0 if plan.request.is_additive else None
    series = [
        ChartSeries(
            name, tuple(cells.get((point, name), empty) for point in chart.points)
        )
        for name in series_names
    ]
    if plan.request.is_additive:
        rest = tuple(
            _subtract(whole or 0.0, [one.values[place] or 0.0 for one in series])
            for place, whole in enumerate(chart.series[0].values)
        )
        if any(rest):
            series.append(ChartSeries("", rest))
    return replace(chart, series=tuple(series))


def _cell_filters(
    plan: ChartPlan, points: Sequence[Scalar], series_names: Sequence[Scalar]
) -> list[Condition]:
    """The filters that leave the rows of the series and, where points are chosen by their values, of the points."""
    assert plan.split is not None  # noqa: S101 - the caller looked
    chosen = [(plan.split, series_names)]
    if not plan.is_ordered:
        chosen.append((plan.by, points))
    return [
        Filter(
            profile.rank,
            Operator.IN,
            tuple(_query_value(profile, value) for value in values),
        )
        for profile, values in chosen
        if values
    ]


def _query_value(profile: ColumnProfile, value: Scalar) -> QueryValue:
    """The value of a group as a filter takes it: moments are texts in an answer."""
    if profile.column.type in MOMENTS:
        return read_value(profile.column, Operator.IN, str(value))
    return value


async def _read_dots(
    reader: ParquetReader, table: DatasetTable, plan: ChartPlan
) -> Chart | None:
    """A point for each of the first thousand rows that have both numbers."""
    assert plan.of is not None  # noqa: S101 - dots are planned with a measure alone
    totals = await _read_totals(
        reader, table, replace(plan, request=ChartRequest(plan.by.name))
    )
    query = Query(_filled_conditions(plan), columns=(plan.by.rank, plan.of.rank))
    rows = await _fetch(reader, table, query, MOST_DOTS)
    pairs = [(float(row[0]), float(row[1])) for row in rows if None not in row]
    if not pairs:
        return None
    return Chart(
        plan.request,
        ChartKind.DOTS,
        tuple(x for x, _ in pairs),
        (ChartSeries(None, tuple(y for _, y in pairs)),),
        totals.rows,
        totals.rows - totals.filled,
        other_values=totals.filled - len(pairs),
    )


def _number(value: Any) -> Value:
    if value is None:
        return None
    return float(value)


def _subtract(whole: float, parts: Sequence[float]) -> float:
    """What is left of a whole, without the dust of binary fractions."""
    rest = whole - sum(parts)
    if abs(rest) <= abs(whole) * DUST:
        return 0.0
    return rest
