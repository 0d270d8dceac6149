"""Reads the parameters of the page: those of the tabular API, then the words of the view; what is not understood is named."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from udi.kit.errors import Refusal
from udi.node.datasets.pages.explore.explore_query import (
    CHART,
    COLUMN,
    GROUP,
    LANGUAGE,
    ROW,
    TABLE,
    VERSION,
    ChartWords,
    ExploreQuery,
    MapFrame,
    Pairs,
)
from udi.node.datasets.pages.explore.forms import FilterForm
from udi.tabular.columns.column import ROW_NAME, TypedColumn
from udi.tabular.messages.query_errors import (
    HiddenColumnError,
    InvalidQueryError,
    unknown_column,
)
from udi.tabular.queries.query import (
    PAGE_SIZE,
    SEARCH,
    VALUELESS,
    Aggregate,
    Filter,
    Measure,
    Operator,
    Query,
    Sort,
    WordSearch,
)
from udi.tabular.queries.query import ROW as ROW_RANK
from udi.tabular.queries.query_string import read_parameters

HOW = ("sum", "avg", "median", "count", "count_distinct", "min", "max")
STEPS = ("day", "week", "month", "quarter", "year", "bin")
BIN = re.compile(r"bin\.[0-9]{1,12}(?:\.[0-9]{1,9})?")
DRAWINGS = ("bars", "line", "dots", "spread", "share")
MEASURE = "measure"
"""What the form of a chart sends for `how` and `of` at once: `sum.population`, `count`."""
MOST_TOP = 50
LONGEST_TOP = 4
"""Digits, with zeros before them."""
SETTINGS = (VERSION, LANGUAGE, "disposition", "expires", "signature")
CHART_COLUMNS = ("by", "split", "of")
CHART_CHOICES = {"how": HOW, "step": STEPS, "draw": DRAWINGS}
NUMBER = r"-?[0-9]{1,3}(?:\.[0-9]{1,9})?"
FRAME = re.compile(rf"({NUMBER})/({NUMBER})/({NUMBER})")
ALL_OPERATORS = list(Operator)
EMPTY_OPERATIONS = frozenset({"less", "greater", "contains", "strictly_less"})
"""Operators that an empty field of a form asks nothing with."""
FIRST = -2
FARTHEST = 10**6
COUNTED = f"{ROW_NAME}__{Aggregate.COUNT}"
"""The measure that counts rows: that of groups of which nothing else is computed."""


@dataclass(frozen=True)
class ExploredColumns:
    """The columns of a table, those that an agreement does not show, and the views that the table has."""

    columns: tuple[TypedColumn, ...]
    hidden: Collection[str] = ()
    views: Collection[str] = (TABLE,)


@dataclass(frozen=True)
class _Filter:
    """A filter as it stands in an address, and its place among the others."""

    order: tuple[int, int]
    name: str
    value: str


def read_explore_query(
    parameters: Sequence[tuple[str, str]], table: ExploredColumns
) -> ExploreQuery:
    """What an address says; what it says in vain is in `refusals`.

    Raises:
        HiddenColumnError: it names a column that this reader has not.
    """
    words = [pair for pair in parameters if pair[0] in WORDS]
    rows = [
        (name, value)
        for name, value in parameters
        if name not in WORDS and not _is_empty(name, value)
    ]
    reader = _RowParameters()
    for (name, value), part in zip(
        rows, read_parameters(rows, table.columns, table.hidden), strict=True
    ):
        reader.add(name, value, part)
    view, refusals = _read_words(words, table)
    return _compose(reader, view, [*reader.refusals, *refusals], table)


def find_refusal(form: FilterForm, table: ExploredColumns) -> Refusal | None:
    """Why the filter of a form cannot be; None where it can.

    Raises:
        HiddenColumnError: it names a column that this reader has not.
    """
    name, value = form.parameter
    if not value.strip() and form.operation not in VALUELESS:
        return Refusal(name, "Nothing to compare with.", "Write a value.")
    [part] = read_parameters([(name, value)], table.columns, table.hidden)
    if isinstance(part, Refusal):
        return part
    if not part.where:
        return Refusal(name, "This is no filter.", "Choose what the cells must be.")
    return None


def _is_empty(name: str, value: str) -> bool:
    """Whether it is a field of a form that nobody filled."""
    return not value and name.rpartition("__")[2] in EMPTY_OPERATIONS


class _RowParameters:
    """The parameters of the API, sorted by what they say."""

    def __init__(self) -> None:
        self.search = ""
        self.filters: list[_Filter] = []
        self.groups: list[tuple[str, str]] = []
        self.sorts: list[tuple[str, str]] = []
        self.columns: tuple[str, ...] | None = None
        self.refusals: list[Refusal] = []
        self.page = 1
        self.size = PAGE_SIZE
        self.parts: list[Query] = []
        self.sorted_by: dict[str, tuple[str, Sort]] = {}

    def add(self, name: str, value: str, part: Query | Refusal) -> None:
        """Put one parameter where it belongs."""
        if isinstance(part, Refusal):
            self.refusals.append(part)
            return
        operation = name.rpartition("__")[2]
        lowered = name.removesuffix(operation) + operation.lower()
        if name == SEARCH:
            self.search = " ".join(value.split())
            self.parts = [other for other in self.parts if not _is_search(other)]
        elif name == "page":
            self.page = part.page
        elif name == "page_size":
            self.size = part.size
        elif part.sort:
            self.sorted_by[lowered] = (value.lower(), part.sort[0])
        elif part.groups or part.measures:
            step = value.lower() if part.steps else ""
            self.groups.append((lowered, step))
        elif part.where:
            if operation.lower() in VALUELESS:
                value = ""
            self.filters.append(_Filter(_order(part), lowered, value))
        self.parts.append(part)

    @property
    def filter_pairs(self) -> Pairs:
        ordered = sorted(self.filters, key=lambda condition: condition.order)
        return tuple(
            dict.fromkeys((condition.name, condition.value) for condition in ordered)
        )


def _order(part: Query) -> tuple[int, int]:
    """The search, then filters in the order of the columns and of the operators, then combinations."""
    condition = part.where[0]
    if isinstance(condition, Filter):
        return condition.column, ALL_OPERATORS.index(condition.operator)
    if _is_search(part):
        return FIRST, 0
    return FARTHEST, 0


def _is_search(part: Query) -> bool:
    return bool(part.where) and isinstance(part.where[0], WordSearch)


def _read_words(
    words: Sequence[tuple[str, str]], table: ExploredColumns
) -> tuple[dict[str, Any], list[Refusal]]:
    """The words of the view as attributes of a query."""
    values: dict[str, Any] = {"chart": {}, "settings": {}}
    refusals = []
    for name, value in words:
        if not value:
            continue
        try:
            _read_word(name, value, values, table)
        except InvalidQueryError as error:
            refusal = error.refusal
            refusals.append(replace_field(refusal, name))
    return values, refusals


def _read_word(
    name: str, value: str, values: dict[str, Any], table: ExploredColumns
) -> None:
    if name == "view":
        values["view"] = _choose(value, table.views)
    elif name == COLUMN:
        values[COLUMN] = _name_column(value, table)
    elif name == "at":
        values["at"] = _read_frame(value)
    elif name in CHART_COLUMNS:
        values["chart"][name] = _name_column(value, table)
    elif name == MEASURE:
        how, _, of = value.partition(".")
        if of:
            values["chart"]["how"] = _choose(how, HOW)
            values["chart"]["of"] = _name_column(of, table)
    elif name == "step" and BIN.fullmatch(value):
        values["chart"][name] = value
    elif name in CHART_CHOICES:
        values["chart"][name] = _choose(value, CHART_CHOICES[name])
    elif name == "top":
        values["chart"][name] = _read_top(value)
    else:
        values["settings"][name] = value


WORDS = frozenset(
    {"view", COLUMN, "at", MEASURE, *CHART_COLUMNS, *CHART_CHOICES, "top", *SETTINGS}
)


def _compose(
    reader: _RowParameters,
    words: dict[str, Any],
    refusals: list[Refusal],
    table: ExploredColumns,
) -> ExploreQuery:
    """The whole; groups make the view one of groups, and sorts that the view has not are named."""
    query = _join(reader.parts)
    view = words.get("view", TABLE)
    if query.is_grouped and view != CHART:
        view = GROUP
    if query.groups and not query.measures:
        query = replace(query, measures=(Measure(ROW_RANK, Aggregate.COUNT),))
        reader.groups.append((COUNTED, ""))
    sorts = []
    for name, (direction, sort) in reader.sorted_by.items():
        if view == GROUP:
            is_known = _sorts_groups(sort, query)
        else:
            is_known = sort.aggregate is None
        if is_known:
            sorts.append(((name, direction), sort))
        else:
            refusals.append(_unsortable(name))
    columns = tuple(
        table.columns[rank].name for rank in query.columns or () if rank >= 0
    )
    if columns == tuple(column.name for column in table.columns):
        columns = ()
    settings = words["settings"]
    return ExploreQuery(
        view=view,
        search=reader.search,
        filters=reader.filter_pairs,
        groups=tuple(dict(reader.groups).items()) if view == GROUP else (),
        sorts=tuple(dict(sorts)),
        columns=columns,
        column=words.get(COLUMN, ""),
        chart=ChartWords(**words["chart"]),
        at=words.get("at"),
        page=reader.page,
        size=reader.size,
        settings=tuple((name, settings[name]) for name in SETTINGS if name in settings),
        query=replace(
            query,
            sort=tuple(sort for _, sort in sorts),
            groups=query.groups if view == GROUP else (),
            measures=query.measures if view == GROUP else (),
            steps=query.steps if view == GROUP else (),
            columns=query.columns if columns and view != GROUP else None,
            page=reader.page,
            size=1 if view == ROW else reader.size,
        ),
        refusals=tuple(refusals),
    )


def _join(parts: Sequence[Query]) -> Query:
    """The conditions, groups and columns of every part."""
    conditional = sorted((part for part in parts if part.where), key=_order)
    where = dict.fromkeys(condition for part in conditional for condition in part.where)
    groups = dict.fromkeys(rank for part in parts for rank in part.groups)
    measures = dict.fromkeys(measure for part in parts for measure in part.measures)
    columns = [
        tuple(rank for rank in part.columns if rank != ROW_RANK)
        for part in parts
        if part.columns
    ]
    steps = {step.column: step for part in parts for step in part.steps}
    return Query(
        where=tuple(where),
        groups=tuple(groups),
        steps=tuple(steps.values()),
        measures=tuple(measures),
        columns=columns[-1] if columns else None,
    )


def _sorts_groups(sort: Sort, query: Query) -> bool:
    if sort.aggregate is not None:
        return Measure(sort.column, sort.aggregate) in query.measures
    return sort.column in query.groups


def _unsortable(name: str) -> Refusal:
    return Refusal(
        name,
        "This view cannot be sorted by this.",
        "Sort by a column that it shows.",
        "contradiction",
    )


def replace_field(refusal: Refusal, name: str) -> Refusal:
    """The same about a parameter."""
    return replace(refusal, field=name)


def _choose(value: str, choices: Collection[str]) -> str:
    if value in choices:
        return value
    raise InvalidQueryError(
        Refusal(
            "",
            "This cannot be chosen for this table.",
            "Choose among: %(choices)s.",
            "wrong-value",
            {"choices": ", ".join(choices)},
        )
    )


def _name_column(value: str, table: ExploredColumns) -> str:
    names = [column.name for column in table.columns]
    if value in names:
        return value
    if value in table.hidden:
        raise HiddenColumnError(value)
    raise unknown_column(value, names)


def _read_top(value: str) -> int:
    is_short = value.isascii() and value.isdigit() and len(value) <= LONGEST_TOP
    if is_short and 1 <= int(value) <= MOST_TOP:
        return int(value)
    raise InvalidQueryError(
        Refusal(
            "",
            "This is not a number in range.",
            "Send a whole number from 1 to %(most)s.",
            "out-of-range",
            {"most": MOST_TOP},
        )
    )


def _read_frame(value: str) -> MapFrame:
    match = FRAME.fullmatch(value)
    if match:
        zoom, latitude, longitude = map(float, match.groups())
        if 0 <= zoom <= 22 and abs(latitude) <= 90 and abs(longitude) <= 180:  # noqa: PLR2004 - degrees, and the deepest zoom
            return MapFrame(zoom, latitude, longitude)
    raise InvalidQueryError(
        Refusal(
            "",
            "This is no place on a map.",
            "Write zoom/latitude/longitude: 12/48.11/-1.68.",
            "wrong-value",
        )
    )
