"""A question as SQL for DuckDB: columns by rank (`c0`, `c1` …), so that no name is written; every value is bound.

The view `t` has `n`, the row's number from 0, `r`, the same from 1, and one column `c<rank>` a typed column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from udi.tabular.columns.column import TypedColumn
from udi.tabular.queries.query import (
    ROW,
    Aggregate,
    AnyOf,
    Condition,
    Filter,
    GroupStep,
    Measure,
    Operator,
    Query,
    Sort,
    StepUnit,
    Value,
    WordSearch,
    column_at,
    result_names,
    result_ranks,
)
from udi.tabular.queries.word_patterns import has_letters, word_pattern

Columns = tuple[TypedColumn, ...]
COMPARED = {
    Operator.EXACT: "=",
    Operator.DIFFERS: "IS DISTINCT FROM",
    Operator.LESS: "<=",
    Operator.GREATER: ">=",
    Operator.STRICTLY_LESS: "<",
    Operator.STRICTLY_GREATER: ">",
}


@dataclass(frozen=True)
class Statement:
    """SQL and the values of its question marks."""

    sql: str
    values: tuple[str | int | float | bool, ...] = ()


ALL_ROWS = Statement("")
"""The clause WHERE of a question that leaves everything."""


@dataclass(frozen=True)
class CellExpression:
    """Something of a row: as SQL, as DuckDB stores it, as the answer names it."""

    sql: str
    sql_type: str
    name: str = ""


class _SqlWriter:
    """Collects the values while the text is written."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.values: list[str | int | float | bool] = []

    def bind_value(self, value: Value) -> str:
        """A value's place."""
        if isinstance(value, bool):
            self.values.append(value)
            return "CAST(? AS BOOLEAN)"
        if isinstance(value, int | float):
            self.values.append(value)
            return f"CAST(? AS {'BIGINT' if isinstance(value, int) else 'DOUBLE'})"
        if isinstance(value, datetime | date | time):
            self.values.append(value.isoformat())
            return f"CAST(? AS {_moment_type(value)})"
        self.values.append(value)
        return "CAST(? AS VARCHAR)"

    def conditions(self, parts: Sequence[Condition]) -> str:
        """The clause WHERE, empty when everything is asked for."""
        if parts:
            return f" WHERE {' AND '.join(self._condition(part) for part in parts)}"
        return ""

    def _condition(self, part: Condition) -> str:
        if isinstance(part, Filter):
            return self._filter(part)
        if isinstance(part, WordSearch):
            return self._search(part)
        joint = " OR " if isinstance(part, AnyOf) else " AND "
        return f"({joint.join(self._condition(condition) for condition in part.parts)})"

    def _search(self, part: WordSearch) -> str:
        """One text of all columns, so that a cell is read once for each word; numbers first, which are quick and rare."""
        if not part.columns:
            return "false"
        cells = ", ".join(cell_of(rank) for rank in part.columns)
        text = f"concat_ws(chr(10), {cells})"
        words = [
            f"regexp_matches({text}, {self.bind_value(word_pattern(word))})"
            if has_letters(word)
            else f"contains({text}, {self.bind_value(word)})"
            for word in sorted(part.words, key=has_letters)
        ]
        return f"({' AND '.join(words)})"

    def _filter(self, part: Filter) -> str:
        cell = cell_of(part.column)
        if part.operator is Operator.IS_NULL:
            return f"{cell} IS NULL"
        if part.operator is Operator.IS_NOT_NULL:
            return f"{cell} IS NOT NULL"
        places = [self.bind_value(value) for value in part.values]
        if part.operator in {Operator.IN, Operator.NOT_IN}:
            return f"{cell} {'IN' if part.operator is Operator.IN else 'NOT IN'} ({', '.join(places)})"
        if part.operator in {Operator.CONTAINS, Operator.NOT_CONTAINS}:
            text = as_text(
                CellExpression(cell, column_at(self.columns, part.column).sql_type)
            )
            expression = f"contains(lower({text}), lower({places[0]}))"
            if part.operator is Operator.CONTAINS:
                return expression
            return f"NOT {expression}"
        return f"{cell} {COMPARED[part.operator]} {places[0]}"


def where_statement(parts: Sequence[Condition], columns: Columns) -> Statement:
    """The clause WHERE of rows that an agreement shows: every condition holds, and no empty cell passes any.

    What is no finite number is shown as an empty cell, and is one here too.
    """
    writer = _SqlWriter(columns)
    ranks = [part.column for part in parts if isinstance(part, Filter)]
    where = writer.conditions(
        [*(Filter(rank, Operator.IS_NOT_NULL) for rank in ranks), *parts]
    )
    numbers = [rank for rank in ranks if column_at(columns, rank).sql_type == "DOUBLE"]
    return Statement(
        where + "".join(f" AND isfinite({cell_of(rank)})" for rank in numbers),
        tuple(writer.values),
    )


def condition_statement(parts: Sequence[Condition], columns: Columns) -> Statement:
    """The clause WHERE of the rows that a question leaves; empty where it leaves all."""
    writer = _SqlWriter(columns)
    return Statement(writer.conditions(parts), tuple(writer.values))


def count_statement(query: Query, columns: Columns) -> Statement:
    """How many rows the whole answer has."""
    writer = _SqlWriter(columns)
    where = writer.conditions(query.where)
    if not query.is_grouped:
        return Statement(f"SELECT count(*) FROM t{where}", tuple(writer.values))
    if not query.groups:
        return Statement("SELECT 1")
    cells = ", ".join(group_cell(query, rank, columns).sql for rank in query.groups)
    return Statement(
        f"SELECT count(*) FROM (SELECT 1 FROM t{where} GROUP BY {cells})",
        tuple(writer.values),
    )


def page_statement(
    query: Query, columns: Columns, *, limit: int, offset: int, backwards: bool = False
) -> Statement:
    """Some rows of the answer; `backwards` counts from its end, and gives the last first."""
    if not query.where and not query.sort and not query.is_grouped:
        select_list = ", ".join(as_json(cell) for cell in result_cells(query, columns))
        return Statement(
            f"SELECT {select_list} FROM t WHERE n >= ? AND n < ? ORDER BY n",
            (offset, offset + limit),
        )
    whole = whole_statement(query, columns, as_json, backwards=backwards)
    return Statement(
        f"{whole.sql} LIMIT {int(limit)} OFFSET {int(offset)}", whole.values
    )


def whole_statement(
    query: Query,
    columns: Columns,
    write: Callable[[CellExpression], str],
    *,
    backwards: bool = False,
    placed: bool = False,
) -> Statement:
    """Every row of the answer, each cell as `write` puts it; `placed`: between its line and its place."""
    writer = _SqlWriter(columns)
    expressions = [write(cell) for cell in result_cells(query, columns)]
    select_list = ", ".join(
        ["line", *expressions, f"ST_AsWKB(c{len(columns)})"] if placed else expressions
    )
    if query.groups:
        keys = (group_cell(query, rank, columns).sql for rank in query.groups)
        grouped = f" GROUP BY {', '.join(keys)}"
    else:
        grouped = ""
    where = writer.conditions(query.where)
    order = _order(query, columns, backwards=backwards)
    return Statement(
        f"SELECT {select_list} FROM t{where}{grouped}{order}", tuple(writer.values)
    )


def result_cells(query: Query, columns: Columns) -> list[CellExpression]:
    """What a row of the answer holds."""
    called = result_names(query, columns)
    if not query.is_grouped:
        ranks = result_ranks(query, columns)
        plain = [(cell_of(rank), column_at(columns, rank).sql_type) for rank in ranks]
    else:
        keys = [group_cell(query, rank, columns) for rank in query.groups]
        plain = [(key.sql, key.sql_type) for key in keys]
        plain += [_aggregate_cell(measure, columns) for measure in query.measures]
    return [
        CellExpression(sql, stored, name)
        for (sql, stored), name in zip(plain, called, strict=True)
    ]


def _aggregate_cell(measure: Measure, columns: Columns) -> tuple[str, str]:
    stored = column_at(columns, measure.column).sql_type
    sql = _aggregate_sql(measure.aggregate, cell_of(measure.column))
    by_measure = {
        Aggregate.COUNT: "BIGINT",
        Aggregate.COUNT_DISTINCT: "BIGINT",
        Aggregate.AVG: "DOUBLE",
        Aggregate.MEDIAN: "DOUBLE",
        Aggregate.SUM: "DOUBLE" if stored == "DOUBLE" else "HUGEINT",
    }
    return sql, by_measure.get(measure.aggregate, stored)


def _aggregate_sql(aggregate: Aggregate, cell: str) -> str:
    if aggregate is Aggregate.COUNT_DISTINCT:
        return f"count(DISTINCT {cell})"
    if aggregate is Aggregate.MEDIAN:
        return f"CAST(median({cell}) AS DOUBLE)"
    return f"{aggregate}({cell})"


def group_cell(query: Query, rank: int, columns: Columns) -> CellExpression:
    """The value that a row's group has in one of the columns that form the groups."""
    cell = cell_of(rank)
    step = query.step_of(rank)
    if step is None:
        return CellExpression(cell, column_at(columns, rank).sql_type)
    if step.unit is StepUnit.BIN:
        return CellExpression(_bin_sql(step, cell), "DOUBLE")
    return CellExpression(f"CAST(date_trunc('{step.unit}', {cell}) AS DATE)", "DATE")


def _bin_sql(step: GroupStep, cell: str) -> str:
    """Where the bin of a cell begins, without the dust of binary fractions.

    The width is written, not bound: DuckDB takes two bound values for two expressions, and refuses the groups.
    """
    width = f"CAST({step.width!r} AS DOUBLE)"
    digits = len(step.width_text.partition(".")[2])
    return f"round(floor(CAST({cell} AS DOUBLE) / {width}) * {width}, {digits})"


def _order(query: Query, columns: Columns, *, backwards: bool) -> str:
    """Empty cells are the greatest; rows that are equal stay in the order of the file."""
    sorts = list(query.sort)
    if query.is_grouped:
        sorts += [Sort(rank) for rank in query.groups if Sort(rank) not in sorts]
    elif sorts or backwards:
        sorts.append(Sort(ROW))
    terms = []
    for sort in sorts:
        if sort.aggregate is not None:
            cell = _aggregate_sql(sort.aggregate, cell_of(sort.column))
        elif query.is_grouped:
            cell = group_cell(query, sort.column, columns).sql
        else:
            cell = "n" if sort.column == ROW else cell_of(sort.column)
        down = sort.descending != backwards
        terms.append(f"{cell} {'DESC NULLS FIRST' if down else 'ASC NULLS LAST'}")
    if terms:
        return f" ORDER BY {', '.join(terms)}"
    return ""


def cell_of(rank: int) -> str:
    """A column in SQL."""
    if rank == ROW:
        return "r"
    return f"c{int(rank)}"


def as_text(cell: CellExpression) -> str:
    """A cell as text: dates and times as ISO 8601 writes them."""
    if cell.sql_type == "TIMESTAMP":
        return f"replace(CAST({cell.sql} AS VARCHAR), ' ', 'T')"
    if cell.sql_type == "VARCHAR":
        return cell.sql
    return f"CAST({cell.sql} AS VARCHAR)"


def as_json(cell: CellExpression) -> str:
    """A cell as JSON takes it: dates as text, what is not a number as nothing."""
    if cell.sql_type in {"DATE", "TIME", "TIMESTAMP"}:
        return as_text(cell)
    return as_finite(cell)


def as_finite(cell: CellExpression) -> str:
    """A cell without what is not a number."""
    if cell.sql_type == "DOUBLE":
        return f"CASE WHEN isfinite({cell.sql}) THEN {cell.sql} END"
    return cell.sql


def _moment_type(value: date | time) -> str:
    if isinstance(value, datetime):
        return "TIMESTAMP"
    if isinstance(value, date):
        return "DATE"
    return "TIME"
