"""The address of the page of a table: read, written in its one spelling, and read again."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.node.datasets.pages.explore.explore_query import ExploreQuery
from udi.node.datasets.pages.explore.forms import read_forms
from udi.node.datasets.pages.explore.query_words import (
    ExploredColumns,
    find_refusal,
    read_explore_query,
)
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.messages.query_errors import HiddenColumnError
from udi.tabular.queries.query import ROW as ROW_RANK
from udi.tabular.queries.query import Measure, Operator, WordSearch
from udi.tabular.queries.query_string import parse_parameters

COLUMNS = (
    TypedColumn("essence", ColumnType.TEXT),
    TypedColumn("hauteur, en m", ColumnType.NUMBER),
    TypedColumn("plantation", ColumnType.DATE),
    TypedColumn("view", ColumnType.TEXT),
)
TREES = ExploredColumns(
    COLUMNS,
    {"note"},
    ("table", "cards", "group", "row", "column", "chart", "map"),
)
NAMES = [column.name for column in COLUMNS]
Pairs = list[tuple[str, str]]


def read(address: str) -> ExploreQuery:
    return read_explore_query(parse_parameters(address), TREES)


def codes(query: ExploreQuery) -> list[tuple[str, str]]:
    return [(refusal.field, refusal.code) for refusal in query.refusals]


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("", ""),
        ("view=table&page=1&page_size=20&q=", ""),
        ("page=3&essence__exact=Tilleul", "?essence__exact=Tilleul&page=3"),
        (
            "plantation__greater=2001-01-01&essence__EXACT=Tilleul&q=  grand   chêne",
            "?q=grand%20ch%C3%AAne&essence__exact=Tilleul&plantation__greater=2001-01-01",
        ),
        ("essence__isnull=1&essence__isnull=true", "?essence__isnull="),
        ("hauteur, en m__greater=&hauteur, en m__less=", ""),
        (
            'columns="hauteur, en m",essence',
            "?columns=%22hauteur%2C%20en%20m%22%2Cessence",
        ),
        ("columns=__id,essence", "?columns=essence"),
        ('columns=essence,"hauteur, en m",plantation,view', ""),
        (
            "page=2&view=chart&draw=bars&by=essence&how=sum&of=view",
            "?view=chart&by=essence&of=view&how=sum&draw=bars&page=2",
        ),
        ("at=12.50/48.1000/-1.6&view=map", "?view=map&at=12.5%2F48.1%2F-1.6"),
        ("at=10/0.00001/-0.0&view=map", "?view=map&at=10%2F0.00001%2F0"),
        (
            "essence__groupby=1",
            "?essence__groupby=&__id__count=&view=group",
        ),
        (
            "plantation__groupby=MONTH&hauteur, en m__sum",
            "?plantation__groupby=month&hauteur%2C%20en%20m__sum=&view=group",
        ),
        ("lang=fr&version=2&view=map", "?view=map&version=2&lang=fr"),
    ],
)
def test_an_address_has_one_spelling(address: str, canonical: str) -> None:
    query = read(address)

    assert query.refusals == ()
    assert query.address(page=query.page) == (canonical or "?")
    assert read(canonical.removeprefix("?")) == query


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("nothing__exact=1", [("nothing__exact", "unknown-column")]),
        ("utm_source=mail", [("utm_source", "unknown-parameter")]),
        (
            "hauteur, en m__contains=1",
            [("hauteur, en m__contains", "unknown-operator")],
        ),
        ("hauteur, en m__exact=tall", [("hauteur, en m__exact", "wrong-value")]),
        ("view=picture", [("view", "wrong-value")]),
        ("view=chart&by=nothing", [("by", "unknown-column")]),
        ("top=51", [("top", "out-of-range")]),
        ("top=00105", [("top", "out-of-range")]),
        (f"q=chêne {'a' * 201}", [("q", "wrong-value")]),
        ("at=1/2", [("at", "wrong-value")]),
        ("at=23/48/1", [("at", "wrong-value")]),
        ("page_size=201", [("page_size", "out-of-range")]),
        ("view__sort=asc&essence__groupby", [("view__sort", "contradiction")]),
        ("essence__count__sort=asc", [("essence__count__sort", "contradiction")]),
    ],
)
def test_what_is_not_understood_is_named_and_the_rest_holds(
    address: str, expected: Pairs
) -> None:
    query = read(f"{address}&essence__exact=Tilleul")

    assert codes(query) == expected
    assert ("essence__exact", "Tilleul") in query.filters


@pytest.mark.parametrize(
    "address",
    ["note__exact=1", "note__sort=asc", "by=note", "column=note", "columns=note", "or=(note__exact.1,essence__isnull)"],
)  # fmt: skip
def test_a_column_that_an_agreement_does_not_open_is_refused(address: str) -> None:
    with pytest.raises(HiddenColumnError):
        read(address)


def test_words_are_searched_in_columns_of_text() -> None:
    assert read("q=grand chêne grand").query.where == (
        WordSearch(("grand", "chêne"), (0, 3)),
    )


def test_groups_count_rows_where_nothing_else_is_computed() -> None:
    assert read("essence__groupby").query.measures == (Measure(ROW_RANK, "count"),)  # type: ignore[arg-type]  # a StrEnum


def test_a_chart_and_a_row_leave_groups_and_sizes_aside() -> None:
    chart = read("view=chart&essence__groupby&essence__sort=asc")
    row = read("view=row&page=7&page_size=50")

    assert (chart.query.is_grouped, chart.groups) == (False, ())
    assert (row.query.offset, row.query.size, row.size) == (6, 1, 50)


@pytest.mark.parametrize(
    ("fields", "canonical"),
    [
        ("f.columns=plantation&f.columns=essence", "?columns=essence%2Cplantation"),
        ("f.columns=", "?"),
        ("columns=view&f.columns=essence&f.columns=view", "?columns=view%2Cessence"),
        (
            "f.group=plantation__groupby=year&f.group=&f.measure=__id__count&f.measure=",
            "?plantation__groupby=year&__id__count=&view=group",
        ),
        ("f.measure=__id__count&f.group=", "?"),
        ("view__sort=asc&f.sort=essence__sort=desc", "?essence__sort=desc"),
        ("view__sort=asc&f.sort=", "?"),
    ],
)
def test_forms_become_an_address(fields: str, canonical: str) -> None:
    parameters, form = read_forms(parse_parameters(fields), NAMES)

    assert form is None
    assert read_explore_query(parameters, TREES).address() == canonical


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("f.column=essence&f.op=exact&f.value=Tilleul", None),
        ("f.column=essence&f.op=isnull&f.value=whatever", None),
        ("f.column=essence&f.op=exact&f.value=", ""),
        ("f.column=hauteur, en m&f.op=contains&f.value=1", "unknown-operator"),
        ("f.column=hauteur, en m&f.op=less&f.value=tall", "wrong-value"),
        ("f.column=essence&f.op=sort&f.value=asc", ""),
    ],
)
def test_the_form_of_a_filter_is_judged_before_it_counts(
    fields: str, code: str | None
) -> None:
    _, form = read_forms(parse_parameters(fields), NAMES)
    assert form is not None

    refusal = find_refusal(form, TREES)

    assert (refusal.code if refusal else None) == code


TEXTS = st.text(min_size=1, max_size=5)
PARAMETERS: list[st.SearchStrategy[tuple[str, str]]] = [
    st.tuples(st.just("essence__exact"), TEXTS),
    st.tuples(st.just("essence__in"), TEXTS),
    st.tuples(st.just("hauteur, en m__less"), st.integers(-5, 5).map(str)),
    st.tuples(st.just("plantation__isnotnull"), st.sampled_from(["", "1"])),
    st.tuples(st.sampled_from(["essence__sort", "view__sort"]), st.just("DESC")),
    st.tuples(st.just("q"), TEXTS),
    st.tuples(st.just("view"), st.sampled_from([*TREES.views])),
    st.tuples(st.just("column"), st.sampled_from(NAMES)),
    st.tuples(st.just("by"), st.sampled_from(NAMES)),
    st.tuples(st.just("top"), st.integers(1, 50).map(str)),
    st.tuples(st.just("page"), st.integers(1, 99).map(str)),
    st.tuples(st.just("page_size"), st.integers(1, 200).map(str)),
    st.tuples(st.just("essence__groupby"), st.just("")),
    st.tuples(TEXTS, TEXTS),
]


@settings(max_examples=examples(100, 2000), database=None, deadline=None)
@given(st.lists(st.one_of(PARAMETERS), max_size=8))
def test_what_was_written_is_read_again(parameters: list[Any]) -> None:
    query = read_explore_query(parameters, TREES)

    again = read_explore_query(list(query.pairs), TREES)

    assert again.pairs == query.pairs
    assert again.refusals == ()
    assert again.query == query.query


def test_every_operator_is_offered_by_the_form() -> None:
    for operator in Operator:
        _, form = read_forms(
            [("f.column", "essence"), ("f.op", str(operator)), ("f.value", "x")], NAMES
        )
        assert form is not None
        assert find_refusal(form, TREES) is None
