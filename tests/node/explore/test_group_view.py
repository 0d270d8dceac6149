"""The rows of a group, as filters of an address; the words of its heading; the boxes of the form of columns."""

import re

import pytest

from tests.node.test_drawings import PAGES
from udi.node.datasets.pages.explore.explore_query import ExploreQuery
from udi.node.datasets.pages.explore.group_view import group_filters
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.queries.query import PERIODS, GroupStep, StepUnit

END = TypedColumn("fin", ColumnType.DATE)


@pytest.mark.parametrize("unit", PERIODS)
def test_the_last_period_of_the_calendar_has_no_end(unit: StepUnit) -> None:
    day = "9999-12-31"

    last = group_filters(END, GroupStep(0, unit), day)
    usual = group_filters(END, GroupStep(0, unit), "2024-01-01")

    assert last == [("fin__greater", day)]
    assert [name for name, _ in usual] == ["fin__greater", "fin__strictly_less"]


@pytest.mark.parametrize(
    ("step", "heading"),
    [("quarter", "fin, par trimestre"), ("week", "fin, par semaine"), ("day", "fin, par jour"), ("bin.5", "fin, par intervalles égaux")],
)  # fmt: skip
def test_the_heading_of_a_group_is_in_the_language_of_the_reader(
    step: str, heading: str
) -> None:
    template = PAGES._environments["fr"].from_string(
        '{% import "datasets/explore/_words.html" as words with context %}'
        "{{ words.grouped(column, step)|trim }}"
    )

    assert template.render(column="fin", step=step) == heading


@pytest.mark.parametrize(
    ("count", "chosen", "ticked"), [(100, (), 100), (101, (), 0), (101, ("c3",), 1)]
)
def test_the_form_of_columns_sends_no_more_than_a_hundred_unasked(
    count: int, chosen: tuple[str, ...], ticked: int
) -> None:
    template = PAGES._environments["fr"].from_string(
        '{% import "ui/components.html" as ui %}'
        '{% import "datasets/explore/_words.html" as words with context %}'
        '{% include "datasets/explore/_columns_form.html" %}'
    )

    form = template.render(
        query=ExploreQuery(columns=chosen),
        page_path="/data",
        all_columns_address="/data",
        column_options=[(f"c{place}", f"c{place}") for place in range(count)],
    )

    assert len(re.findall(r'name="f.columns"[^>]* checked', form)) == ticked
