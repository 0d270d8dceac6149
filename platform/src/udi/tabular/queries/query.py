"""A question about a typed table, whatever it was written in: columns by their rank, values of their type."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from udi.tabular.columns.column import ROW_NAME, TEXT_STORED, ColumnType, TypedColumn

ROW = -1
"""Rank of the column `__id`: the row's number in the table, from 1."""
ROW_COLUMN = TypedColumn(ROW_NAME, ColumnType.INTEGER)
PAGE_SIZE = 20
LARGEST_PAGE = 200
LAST_PAGE = 10**9
Value = str | int | float | bool | date | datetime | time
NUMBERS = frozenset(
    {
        ColumnType.INTEGER,
        ColumnType.NUMBER,
        ColumnType.YEAR,
        ColumnType.LATITUDE,
        ColumnType.LONGITUDE,
    }
)
WHOLE = frozenset({ColumnType.INTEGER, ColumnType.YEAR})


class Operator(StrEnum):
    """What may be asked of a cell."""

    EXACT = "exact"
    DIFFERS = "differs"
    CONTAINS = "contains"
    NOT_CONTAINS = "notcontains"
    IN = "in"
    NOT_IN = "notin"
    LESS = "less"
    GREATER = "greater"
    STRICTLY_LESS = "strictly_less"
    STRICTLY_GREATER = "strictly_greater"
    IS_NULL = "isnull"
    IS_NOT_NULL = "isnotnull"


class Aggregate(StrEnum):
    """What may be said of many cells at once."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    AVG = "avg"
    MEDIAN = "median"
    MIN = "min"
    MAX = "max"
    SUM = "sum"


class StepUnit(StrEnum):
    """How the cells of a group's column are put together: by period, or by intervals of equal width."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    BIN = "bin"


PERIODS = tuple(unit for unit in StepUnit if unit is not StepUnit.BIN)
GROUP = "groupby"
SORT = "sort"
VALUELESS = frozenset({Operator.IS_NULL, Operator.IS_NOT_NULL})
ORDERED = frozenset(
    {Operator.LESS, Operator.GREATER, Operator.STRICTLY_LESS, Operator.STRICTLY_GREATER}
)
SEARCHED = frozenset({Operator.CONTAINS, Operator.NOT_CONTAINS})
SEARCH = "q"
"""The parameter whose words are searched in every column of text."""
MOST_SEARCHED = 40
"""Columns of text in which words are searched: the first ones."""
MOST_WORDS = 10
LONGEST_WORD = 200
"""Characters of a word that is searched."""


@dataclass(frozen=True)
class Filter:
    """A condition on one cell."""

    column: int
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """At least one holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class AllOf:
    """Each holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class WordSearch:
    """Each of the words stands in some of the columns, whatever its capitals and accents; there is at least one word."""

    words: tuple[str, ...]
    columns: tuple[int, ...]


Condition = Filter | AnyOf | AllOf | WordSearch


@dataclass(frozen=True)
class Sort:
    """An order; of groups, it may be by what is said of them. Empty cells are the greatest, as in PostgreSQL."""

    column: int
    descending: bool = False
    aggregate: Aggregate | None = None


@dataclass(frozen=True)
class Measure:
    """Something said of a group."""

    column: int
    aggregate: Aggregate


@dataclass(frozen=True)
class GroupStep:
    """The step of a column that forms groups; `width` is that of a bin, whose value is where it begins.

    The value of a period is its first day; weeks begin on Monday (ISO 8601).
    """

    column: int
    unit: StepUnit
    width: float = 0.0

    def __str__(self) -> str:
        """As an address writes it: `month`, `bin.10`."""
        if self.unit is StepUnit.BIN:
            return f"{self.unit}.{self.width_text}"
        return str(self.unit)

    @property
    def width_text(self) -> str:
        """The width in digits, nine decimals at most."""
        return f"{self.width:.9f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Query:
    """Which rows, in which order, which part of them; with groups or measures, one row a group."""

    where: tuple[Condition, ...] = ()
    sort: tuple[Sort, ...] = ()
    groups: tuple[int, ...] = ()
    measures: tuple[Measure, ...] = ()
    columns: tuple[int, ...] | None = None
    """None: the row's number, then all."""
    page: int = 1
    size: int = PAGE_SIZE
    steps: tuple[GroupStep, ...] = ()
    """Of some of the groups, at most one each."""

    @property
    def is_grouped(self) -> bool:
        """Whether a row of the answer is a group."""
        return bool(self.groups or self.measures)

    def step_of(self, rank: int) -> GroupStep | None:
        """The step of a group's column; None: each of its values is a group."""
        return next((step for step in self.steps if step.column == rank), None)

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return (self.page - 1) * self.size


def searched_columns(columns: tuple[TypedColumn, ...]) -> tuple[int, ...]:
    """The ranks of the columns in which words are searched: the first forty of text."""
    ranks = [
        rank for rank, column in enumerate(columns) if column.sql_type == TEXT_STORED
    ]
    return tuple(ranks[:MOST_SEARCHED])


def column_at(columns: tuple[TypedColumn, ...], rank: int) -> TypedColumn:
    """The column of a rank."""
    if rank == ROW:
        return ROW_COLUMN
    return columns[rank]


def result_names(query: Query, columns: tuple[TypedColumn, ...]) -> list[str]:
    """The keys of a row of the answer, in order."""
    if query.is_grouped:
        groups = [column_at(columns, rank).name for rank in query.groups]
        return groups + [
            f"{column_at(columns, measure.column).name}__{measure.aggregate}"
            for measure in query.measures
        ]
    return [column_at(columns, rank).name for rank in result_ranks(query, columns)]


def result_ranks(query: Query, columns: tuple[TypedColumn, ...]) -> tuple[int, ...]:
    """The ranks of the columns of the answer; a column of the file that is named as the row's number replaces it."""
    if query.columns is not None:
        return query.columns
    every = tuple(range(len(columns)))
    if any(column.name == ROW_NAME for column in columns):
        return every
    return (ROW, *every)


def allowed_steps(column: TypedColumn) -> tuple[StepUnit, ...]:
    """The steps that groups of a column may have."""
    if column.type in {ColumnType.DATE, ColumnType.DATETIME}:
        return PERIODS
    if column.type in NUMBERS:
        return (StepUnit.BIN,)
    return ()


def allowed_operations(column: TypedColumn) -> Mapping[str, bool]:
    """Each thing that may be asked of a column, and whether it takes a value."""
    kind = column.type
    no_order = ORDERED if kind is ColumnType.BOOLEAN else frozenset()
    if kind in NUMBERS or kind in {ColumnType.BOOLEAN, ColumnType.TIME}:
        no_words = SEARCHED
    else:
        no_words = frozenset()
    if kind in NUMBERS:
        no_sums = frozenset[Aggregate]()
    else:
        no_sums = frozenset({Aggregate.AVG, Aggregate.MEDIAN, Aggregate.SUM})
    operators = {
        str(operator): operator not in VALUELESS
        for operator in Operator
        if operator not in no_order | no_words
    }
    aggregates = {
        str(aggregate): False for aggregate in Aggregate if aggregate not in no_sums
    }
    return {**operators, SORT: True, GROUP: False, **aggregates}
