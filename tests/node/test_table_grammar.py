"""How an address is read into a question, and how each thing that cannot be is named."""

from datetime import date, datetime, time
from urllib.parse import quote

import pytest

from udi.kit.errors import InvalidError
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.queries.query import (
    Aggregate,
    AllOf,
    AnyOf,
    Filter,
    GroupStep,
    Measure,
    Operator,
    Query,
    Sort,
    StepUnit,
)
from udi.tabular.queries.query_string import read_query

COLUMNS = tuple(
    TypedColumn(name, kind)
    for name, kind in [
        ("name", ColumnType.TEXT), ("score", ColumnType.NUMBER), ("count", ColumnType.INTEGER),
        ("open", ColumnType.BOOLEAN), ("since", ColumnType.DATE), ("seen", ColumnType.DATETIME),
        ("hour", ColumnType.TIME), ("a__b", ColumnType.TEXT), ("c.d", ColumnType.TEXT), ('q"', ColumnType.TEXT),
        ("score__avg", ColumnType.TEXT), ("e,f", ColumnType.TEXT),
    ]
)  # fmt: skip
NAME, SCORE, COUNT, OPEN, SINCE, SEEN, HOUR, A_B, C_D, QUOTE, SCORE_AVG, E_F = range(12)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("name__exact=x", Filter(NAME, Operator.EXACT, ("x",))),
        ("name__EXACT=a%3Db", Filter(NAME, Operator.EXACT, ("a=b",))),
        ("name__exact=", Filter(NAME, Operator.EXACT, ("",))),
        ("a__b__contains=x", Filter(A_B, Operator.CONTAINS, ("x",))),
        ("score__avg__exact=x", Filter(SCORE_AVG, Operator.EXACT, ("x",))),
        ("score__less=-1.5e2", Filter(SCORE, Operator.LESS, (-150.0,))),
        ("count__strictly_greater=9007199254740993", Filter(COUNT, Operator.STRICTLY_GREATER, (9007199254740993,))),
        ("count__greater=99999999999999999999", Filter(COUNT, Operator.GREATER, (1e20,))),
        ("count__less=2.5", Filter(COUNT, Operator.LESS, (2.5,))),
        ("count__in=1,2,3", Filter(COUNT, Operator.IN, (1, 2, 3))),
        ("name__notin=a,%22b,c%22,(d", Filter(NAME, Operator.NOT_IN, ("a", "b,c", "(d"))),
        ("open__differs=oui", Filter(OPEN, Operator.DIFFERS, (True,))),
        ("since__less=2026-01-31", Filter(SINCE, Operator.LESS, (date(2026, 1, 31),))),
        ("since__contains=2026-01", Filter(SINCE, Operator.CONTAINS, ("2026-01",))),
        ("seen__less=2026-01-31T12:00:00%2B02:00", Filter(SEEN, Operator.LESS, (datetime(2026, 1, 31, 10),))),  # noqa: DTZ001
        ("seen__less=2026-01-31", Filter(SEEN, Operator.LESS, (datetime(2026, 1, 31),))),  # noqa: DTZ001
        ("hour__exact=14:30", Filter(HOUR, Operator.EXACT, (time(14, 30),))),
        ("name__isnull", Filter(NAME, Operator.IS_NULL)),
        ("name__isnotnull=", Filter(NAME, Operator.IS_NOT_NULL)),
        ("__id__exact=3", Filter(-1, Operator.EXACT, (3,))),
    ],
)  # fmt: skip
def test_a_condition(address: str, expected: Filter) -> None:
    assert read_query(address, COLUMNS) == Query(where=(expected,))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("(name__exact.x)", AnyOf((Filter(NAME, Operator.EXACT, ("x",)),))),
        ("(__id__exact.3)", AnyOf((Filter(-1, Operator.EXACT, (3,)),))),
        ("(a__b__exact.x)", AnyOf((Filter(A_B, Operator.EXACT, ("x",)),))),
        ("(score__avg__exact.x)", AnyOf((Filter(SCORE_AVG, Operator.EXACT, ("x",)),))),
        (
            '(name__isnull,and(score__less.3.5,"c.d"__exact."a,\\"b"),c.d__in.(x,y))',
            AnyOf((
                Filter(NAME, Operator.IS_NULL),
                AllOf((Filter(SCORE, Operator.LESS, (3.5,)), Filter(C_D, Operator.EXACT, ('a,"b',)))),
                Filter(C_D, Operator.IN, ("x", "y")),
            )),
        ),
    ],
)  # fmt: skip
def test_conditions_of_which_one_is_enough(words: str, expected: AnyOf) -> None:
    assert read_query(f"or={quote(words)}", COLUMNS) == Query(where=(expected,))


def test_a_parameter_of_ours_that_is_empty_is_none() -> None:
    assert read_query("columns=&page=&page_size=&or=&q=", COLUMNS) == Query()


@pytest.mark.parametrize(
    "words",
    [
        '(name__in."a,b",e__exact.1)', "(name__exact.x", "name__exact.x", "()", "(page__exact.1)", "(name__sort.asc)",
        "(name)", '("name__exact.x)', "(or(or(or(or(or(name__isnull))))))",
    ],
)  # fmt: skip
def test_read_query_refuses_conditions_that_cannot_be_read(words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        read_query(f"or={quote(words)}", COLUMNS)

    assert refused.value.refusals[0].field == "or"


def test_order_groups_columns_and_pages() -> None:
    assert read_query(
        "name__sort=desc&score__sort=ASC&page=2&page_size=200", COLUMNS
    ) == Query(sort=(Sort(NAME, descending=True), Sort(SCORE)), page=2, size=200)
    assert read_query("columns=name,%22e,f%22,name,__id", COLUMNS) == Query(
        columns=(NAME, E_F, -1)
    )
    assert read_query(
        "name__groupby&count__sum&name__count&count__sum__sort=desc", COLUMNS
    ) == Query(
        sort=(Sort(COUNT, descending=True, aggregate=Aggregate.SUM),),
        groups=(NAME,),
        measures=(Measure(COUNT, Aggregate.SUM), Measure(NAME, Aggregate.COUNT)),
    )
    assert read_query("", COLUMNS) == Query()


def test_groups_by_periods_and_bins_and_measures_without_duplicates() -> None:
    assert read_query(
        "since__groupby=Month&score__groupby=bin.2.5&count__median&name__count_distinct",
        COLUMNS,
    ) == Query(
        groups=(SINCE, SCORE),
        measures=(
            Measure(COUNT, Aggregate.MEDIAN),
            Measure(NAME, Aggregate.COUNT_DISTINCT),
        ),
        steps=(
            GroupStep(SINCE, StepUnit.MONTH),
            GroupStep(SCORE, StepUnit.BIN, 2.5),
        ),
    )


@pytest.mark.parametrize(
    ("address", "code", "field", "near"),
    [
        ("nmae__exact=x", "unknown-column", "nmae__exact", "name"),
        ("zzzzzzzz__exact=x", "unknown-column", "zzzzzzzz__exact", None),
        ("name__exakt=x", "unknown-operator", "name__exakt", "exact"),
        ("name__sum", "unknown-operator", "name__sum", None),
        ("open__less=true", "unknown-operator", "open__less", None),
        ("score__contains=1", "unknown-operator", "score__contains", None),
        ("pages=1", "unknown-parameter", "pages", "page"), ("name=x", "no-operator", "name", None),
        ("score__less=1,5", "wrong-value", "score__less", None), ("score__less=nan", "wrong-value", "score__less", None),
        ("score__less=1e999", "wrong-value", "score__less", None), ("count__in=1,x", "wrong-value", "count__in", None),
        ("since__less=31/02/2024", "wrong-value", "since__less", None),
        ("since__less=2024-02-31", "wrong-value", "since__less", None),
        ("seen__less=x", "wrong-value", "seen__less", None), ("hour__less=25:00", "wrong-value", "hour__less", None),
        ("open__exact=maybe", "wrong-value", "open__exact", None), ("name__sort=up", "wrong-value", "name__sort", None),
        ("name__isnull=no", "wrong-value", "name__isnull", None), ("name__groupby=x", "wrong-value", "name__groupby", None),
        ("since__groupby=bin.2", "wrong-value", "since__groupby", None),
        ("since__groupby=decade", "wrong-value", "since__groupby", None),
        ("score__groupby=month", "wrong-value", "score__groupby", None),
        ("score__groupby=bin.0", "wrong-value", "score__groupby", None),
        ("hour__groupby=day", "wrong-value", "hour__groupby", None),
        ("name__median", "unknown-operator", "name__median", None),
        ("since__groupby=day&since__groupby=year", "contradiction", "since__groupby", None),
        ("name__exact=a%00", "wrong-value", "name__exact", None), ("page=0", "out-of-range", "page", None),
        ("page_size=201", "out-of-range", "page_size", None), ("page=%C2%B2", "out-of-range", "page", None),
        ("columns=nmae", "unknown-column", "columns", "name"), ("columns=name&name__count", "contradiction", "columns", None),
        ("name__groupby&count__sort=asc", "contradiction", "count__sort", None),
        ("name__groupby&count__sum__sort=asc", "contradiction", "count__sum__sort", None),
        ("name__exact=%ff", "unreadable", "", None), ("&".join(["name__isnull"] * 300), "too-long", "", None),
        ("name__exact=" + "x" * 20_000, "too-long", "", None), ("count__in=" + "1," * 2000, "wrong-value", "count__in", None),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_with_the_nearest_that_can(
    address: str, code: str, field: str, near: str | None
) -> None:
    with pytest.raises(InvalidError) as refused:
        read_query(address, COLUMNS)

    first = refused.value.refusals[0]
    assert (first.code, first.field, first.values.get("nearest")) == (code, field, near)
    assert first.reason[-1:] == "."
    assert first.remedy


def test_several_faults_are_told_together_and_not_without_end() -> None:
    with pytest.raises(InvalidError) as two:
        read_query("nmae__exact=x&score__less=a&name__exact=right", COLUMNS)
    with pytest.raises(InvalidError) as many:
        read_query("&".join(f"x{number}__exact=1" for number in range(100)), COLUMNS)

    assert [refusal.field for refusal in two.value.refusals] == [
        "nmae__exact",
        "score__less",
    ]
    assert len(many.value.refusals) == 5
