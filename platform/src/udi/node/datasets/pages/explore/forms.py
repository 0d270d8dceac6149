"""The fields of the page's forms, turned into the parameters of its address."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from udi.node.datasets.pages.explore.explore_query import quote_items
from udi.tabular.formats.quoted_lists import split_items
from udi.tabular.messages.query_errors import InvalidQueryError
from udi.tabular.queries.query import GROUP, SORT, VALUELESS, StepUnit

PREFIX = "f."
COLUMN_FIELD = "f.column"
OPERATION_FIELD = "f.op"
VALUE_FIELD = "f.value"
COLUMNS_FIELD = "f.columns"
GROUP_FIELD = "f.group"
MEASURE_FIELD = "f.measure"
SORT_FIELD = "f.sort"
FIELDS = frozenset(
    {
        COLUMN_FIELD,
        OPERATION_FIELD,
        VALUE_FIELD,
        COLUMNS_FIELD,
        GROUP_FIELD,
        MEASURE_FIELD,
        SORT_FIELD,
    }
)
STEP = re.compile(rf"(.*__{GROUP})=({'|'.join(StepUnit)})", re.DOTALL)
ORDER = re.compile(rf"(.*__{SORT})=(asc|desc)", re.DOTALL)
Parameters = list[tuple[str, str]]


@dataclass(frozen=True)
class FilterForm:
    """The filter that a form sends: a column, an operator and a value."""

    column: str = ""
    operation: str = ""
    value: str = ""

    @property
    def parameter(self) -> tuple[str, str]:
        """The same as a parameter of the API; an operator without a value takes none."""
        value = "" if self.operation in VALUELESS else self.value
        return f"{self.column}__{self.operation}", value


def read_forms(
    parameters: Sequence[tuple[str, str]], column_names: Sequence[str]
) -> tuple[Parameters, FilterForm | None]:
    """The parameters without fields of forms, and the filter that one asks for.

    The form of columns replaces the columns of the view (all of them where none or all are ticked), that of groups its
    groups, that of the order its order.
    """
    fields = [pair for pair in parameters if pair[0] in FIELDS]
    rest = [pair for pair in parameters if pair[0] not in FIELDS]
    if not fields:
        return rest, None
    names = {name for name, _ in fields}
    if COLUMNS_FIELD in names:
        ticked = [value for name, value in fields if name == COLUMNS_FIELD and value]
        rest = _replace_columns(rest, ticked, column_names)
    if {GROUP_FIELD, MEASURE_FIELD} & names:
        rest += _list_groups(fields)
    if SORT_FIELD in names:
        rest = [pair for pair in rest if not pair[0].endswith(f"__{SORT}")]
        rest += _split(fields, SORT_FIELD, ORDER)
    values = dict(fields)
    form = FilterForm(
        *(values.get(name, "") for name in (COLUMN_FIELD, OPERATION_FIELD, VALUE_FIELD))
    )
    return rest, form if form.column else None


def _replace_columns(
    parameters: Parameters, ticked: Sequence[str], column_names: Sequence[str]
) -> Parameters:
    """The ticked columns, those that the view had before in their order, then the new ones."""
    from_view = [value for name, value in parameters if name == "columns"]
    rest = [pair for pair in parameters if pair[0] != "columns"]
    before = list(column_names)
    if from_view:
        with suppress(InvalidQueryError):
            before = split_items(from_view[-1])
    ordered = [name for name in before if name in ticked]
    ordered += [name for name in ticked if name not in ordered]
    if ordered and ordered != list(column_names):
        rest.append(("columns", quote_items(ordered)))
    return rest


def _list_groups(fields: Sequence[tuple[str, str]]) -> Parameters:
    groups = _split(fields, GROUP_FIELD, STEP)
    measures = [
        (value, "") for name, value in fields if name == MEASURE_FIELD and value
    ]
    return [*groups, *(measures if groups else [])]


def _split(
    fields: Sequence[tuple[str, str]], field: str, pattern: re.Pattern[str]
) -> Parameters:
    """Choices that stand for a parameter with a value."""
    parameters = []
    for name, value in fields:
        if name == field and value:
            match = pattern.fullmatch(value)
            parameters.append((match[1], match[2]) if match else (value, ""))
    return parameters
