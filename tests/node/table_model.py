"""What a question means, in plain Python: the model that the engine is compared with; and how it is written."""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from udi.tabular.columns.column import TypedColumn
from udi.tabular.queries.query import (
    ROW,
    Aggregate,
    AllOf,
    AnyOf,
    Condition,
    Filter,
    Operator,
    Query,
    StepUnit,
    column_at,
    result_ranks,
)

Row = Sequence[Any]
Columns = tuple[TypedColumn, ...]


def answer(
    query: Query, columns: Columns, rows: Sequence[Row]
) -> tuple[int, list[list[Any]]]:
    """How many rows, and those of the page."""
    numbered = [(number, *row) for number, row in enumerate(rows, 1)]
    matching_rows = [
        row for row in numbered if all(_holds(part, row) for part in query.where)
    ]
    if query.is_grouped:
        result_rows = _groups(query, matching_rows)
    else:
        result_rows = _sorted(query, columns, matching_rows)
    page = result_rows[query.offset : query.offset + query.size]
    return len(result_rows), [[as_json(cell) for cell in row] for row in page]


def as_json(value: Any) -> Any:
    if isinstance(value, date | time):
        return value.isoformat()
    return value


def _cell(row: Row, rank: int) -> Any:
    if rank == ROW:
        return row[0]
    return row[rank + 1]


def _holds(part: Condition, row: Row) -> bool:
    if isinstance(part, AnyOf):
        return any(_holds(condition, row) for condition in part.parts)
    if isinstance(part, AllOf):
        return all(_holds(condition, row) for condition in part.parts)
    return _matches(part, _cell(row, part.column))


def _matches(part: Filter, cell: Any) -> bool:
    if part.operator in {Operator.IS_NULL, Operator.IS_NOT_NULL}:
        return (cell is None) == (part.operator is Operator.IS_NULL)
    if part.operator is Operator.DIFFERS:
        return bool(cell != part.values[0])
    return cell is not None and TESTS[part.operator](
        _comparable(cell), [_comparable(value) for value in part.values]
    )


TESTS: dict[Operator, Callable[[Any, list[Any]], bool]] = {
    Operator.EXACT: lambda cell, values: cell == values[0],
    Operator.CONTAINS: lambda cell, values: _words(values[0]) in _words(cell),
    Operator.NOT_CONTAINS: lambda cell, values: _words(values[0]) not in _words(cell),
    Operator.IN: lambda cell, values: cell in values,
    Operator.NOT_IN: lambda cell, values: cell not in values,
    Operator.LESS: lambda cell, values: cell <= values[0],
    Operator.GREATER: lambda cell, values: cell >= values[0],
    Operator.STRICTLY_LESS: lambda cell, values: cell < values[0],
    Operator.STRICTLY_GREATER: lambda cell, values: cell > values[0],
}


def _words(value: Any) -> str:
    text = value.decode() if isinstance(value, bytes) else as_json(value)
    return str(text).lower()


def _comparable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    return value


def _rank_of(cell: Any) -> tuple[bool, Any]:
    """Empty cells are the greatest."""
    if cell is None:
        return (True, 0)
    return (False, _comparable(cell))


def _sorted(query: Query, columns: Columns, rows: list[Any]) -> list[list[Any]]:
    for sort in reversed(query.sort):
        rows = sorted(
            rows,
            key=lambda row: _rank_of(_cell(row, sort.column)),
            reverse=sort.descending,
        )
    return [[_cell(row, rank) for rank in result_ranks(query, columns)] for row in rows]


def _groups(query: Query, rows: list[Any]) -> list[list[Any]]:
    groups: dict[tuple[Any, ...], list[Any]] = {} if query.groups else {(): []}
    for row in rows:
        key = tuple(
            _group_value(query, rank, _cell(row, rank)) for rank in query.groups
        )
        groups.setdefault(key, []).append(row)
    measured_groups = [(key, {(measure.column, measure.aggregate): _measure(measure, members) for measure in query.measures})
             for key, members in groups.items()]  # fmt: skip
    measured_groups.sort(key=lambda group: [_rank_of(cell) for cell in group[0]])
    for sort in reversed(query.sort):
        if sort.aggregate is None:
            place = query.groups.index(sort.column)
        else:
            place = -1
        measured_groups.sort(
            key=lambda group: _rank_of(
                group[0][place] if place >= 0 else group[1][sort.column, sort.aggregate]
            ),
            reverse=sort.descending,
        )
    return [
        [
            *key,
            *(
                measured[measure.column, measure.aggregate]
                for measure in query.measures
            ),
        ]
        for key, measured in measured_groups
    ]


def _group_value(query: Query, rank: int, cell: Any) -> Any:
    step = query.step_of(rank)
    if step is None or cell is None:
        return cell
    if step.unit is StepUnit.BIN:
        return float(f"{math.floor(float(cell) / step.width) * step.width:.9g}")
    day = cell.date() if isinstance(cell, datetime) else cell
    return {
        StepUnit.DAY: day,
        StepUnit.WEEK: day - timedelta(days=min(day.weekday(), day.toordinal() - 1)),
        StepUnit.MONTH: day.replace(day=1),
        StepUnit.QUARTER: day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1),
        StepUnit.YEAR: day.replace(day=1, month=1),
    }[step.unit]


def _measure(aggregation: Any, rows: list[Any]) -> Any:
    cells = [
        cell for row in rows if (cell := _cell(row, aggregation.column)) is not None
    ]
    if aggregation.aggregate is Aggregate.COUNT:
        return len(cells)
    if aggregation.aggregate is Aggregate.COUNT_DISTINCT:
        return len(set(cells))
    if not cells:
        return None
    if aggregation.aggregate is Aggregate.MEDIAN:
        return float(statistics.median(map(float, cells)))
    if aggregation.aggregate in {Aggregate.MIN, Aggregate.MAX}:
        return (min if aggregation.aggregate is Aggregate.MIN else max)(
            cells, key=_comparable
        )
    if aggregation.aggregate is Aggregate.SUM:
        return sum(cells)
    return sum(cells) / len(cells)


def written(query: Query, columns: Columns) -> str:
    """The question as an address says it."""
    return "&".join(_parameters(query, columns))


def _parameters(query: Query, columns: Columns) -> Iterator[str]:
    def name(rank: int) -> str:
        return column_at(columns, rank).name

    for part in query.where:
        if isinstance(part, Filter):
            listed = part.operator in {Operator.IN, Operator.NOT_IN}
            values = [_text(value, listed=listed) for value in part.values]
            yield _pair(f"{name(part.column)}__{part.operator}", ",".join(values))
        else:
            yield _pair("or", _combined(part, columns).removeprefix("or"))
    for sort in query.sort:
        measured = f"__{sort.aggregate}" if sort.aggregate else ""
        yield _pair(
            f"{name(sort.column)}{measured}__sort", "desc" if sort.descending else "asc"
        )
    for rank in query.groups:
        step = query.step_of(rank)
        group_name = quote(f"{name(rank)}__groupby", safe="")
        yield f"{group_name}={step}" if step else group_name
    yield from (
        quote(f"{name(measure.column)}__{measure.aggregate}", safe="")
        for measure in query.measures
    )
    if query.columns is not None:
        yield _pair("columns", ",".join(_quoted(name(rank)) for rank in query.columns))
    yield f"page={query.page}"
    yield f"page_size={query.size}"


def _combined(part: Condition, columns: Columns) -> str:
    if isinstance(part, Filter):
        values = [_text(value, listed=True) for value in part.values]
        if part.operator in {Operator.IN, Operator.NOT_IN}:
            listed = f"({','.join(values)})"
        else:
            listed = "".join(values)
        return f"{_quoted(column_at(columns, part.column).name)}__{part.operator}" + (
            f".{listed}" if values else ""
        )
    word = "or" if isinstance(part, AnyOf) else "and"
    return (
        f"{word}({','.join(_combined(condition, columns) for condition in part.parts)})"
    )


def _text(value: Any, *, listed: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, str):
        if listed:
            return _quoted(value)
        return value
    return repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _pair(name: str, value: str) -> str:
    return f"{quote(name, safe='')}={quote(value, safe='')}"
