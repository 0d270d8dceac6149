"""Filters by date, period, place and keyword: what they find, count, refuse, and how their addresses read."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.portal.catalogue.test_search_index import Row, Written
from udi.kit.clock import now
from udi.kit.errors import InvalidError
from udi.portal.catalogue.maps.area import draw_area
from udi.portal.catalogue.results import FilterLabels
from udi.portal.catalogue.search.counts import USUAL
from udi.portal.catalogue.search.criteria import (
    Criteria,
    read_criteria,
    read_strict_criteria,
)
from udi.portal.catalogue.search.extent import (
    read_box,
    read_period,
    write_box,
    write_period,
)


@dataclass(frozen=True)
class Aged(Row):
    """A row updated some days ago."""

    age: int = 0
    unstated: tuple[str, ...] = ()
    frequency: str = ""
    places: tuple[str, ...] = ()

    @property
    def record(self) -> dict[str, Any]:
        return {
            **super().record,
            "dataset_dates": {"unstated": list(self.unstated)},
            "update_frequency": self.frequency,
            "dcat": {"places": [{"label": name} for name in self.places]},
        }

    @property
    def modified_at(self) -> datetime:
        return now() - timedelta(days=self.age)


def year(number: int) -> datetime:
    return datetime(number, 6, 1, tzinfo=UTC)


ROWS = [
    Aged(1, "Rennes", ["Vélo", "mobilité"], age=1, frequency="ANNUAL", places=("Rennes", "Cesson"), west=-1.75, south=48.05, east=-1.6, north=48.15, period_start=year(2015), period_end=year(2018)),
    Aged(2, "Bretagne", ["vélo"], age=10, frequency="ANNUAL", places=("Rennes",), west=-5.2, south=47.2, east=-1.0, north=48.9, period_start=year(2020)),
    Aged(3, "Fidji", ["île"], age=100, west=177.0, south=-20.0, east=-178.0, north=-16.0, period_end=year(2016)),
    Aged(4, "Nulle part", age=1000),
    Aged(5, "Jour inconnu", age=1, unstated=("created", "updated")),
]  # fmt: skip


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory) -> Written:
    index = Written(tmp_path_factory.mktemp("filters"))
    index.start("first", ROWS)
    return index


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        (("week",), {1}),
        (("month",), {1, 2}),
        (("year",), {1, 2, 3}),
        (("older",), {4}),
        (("week", "older"), {1, 4}),
    ],
)
def test_updates_are_counted_back_from_today(
    filtered: Written, ages: tuple[str, ...], expected: set[int]
) -> None:
    page = filtered.find(updated=ages)

    assert set(page.seqs) == expected
    assert page.facets["updated"] == {"week": 1, "month": 2, "year": 3, "older": 1}


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2016..2017", {1, 3}),
        ("2019..", {2}),
        ("..2014", {3}),
        ("2017..2019", {1}),
        ("2018..2020", {1, 2}),
    ],
)
def test_a_period_finds_data_about_some_part_of_it(
    filtered: Written, period: str, expected: set[int]
) -> None:
    assert set(filtered.find(period=(period,)).seqs) == expected


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("-1.7,48.1,-1.69,48.11", {1, 2}),
        ("-4,47.5,-3,48", {2}),
        ("10,10,11,11", set()),
        ("-1.6,48.15,0,49", {1, 2}),
        ("178,-19,179,-17", {3}),
        ("-179.5,-19,-179,-17", {3}),
        ("170,-25,-170,-10", {3}),
    ],
)
def test_a_rectangle_finds_what_it_touches_on_both_sides_of_the_180th_meridian(
    filtered: Written, box: str, expected: set[int]
) -> None:
    assert set(filtered.find(bbox=(box,)).seqs) == expected


def test_frequencies_and_named_places_are_filtered_and_counted(
    filtered: Written,
) -> None:
    everything = filtered.find()

    assert everything.facets["frequency"] == {"ANNUAL": 2}
    assert everything.facets["location"] == {"Rennes": 2, "Cesson": 1}
    assert set(filtered.find(frequency=("ANNUAL",)).seqs) == {1, 2}
    assert filtered.find(location=("Cesson",)).seqs == [1]
    assert filtered.find(frequency=("DAILY",)).seqs == []


@pytest.mark.parametrize(
    ("language", "label"),
    [("fr", "Chaque année"), ("en", "Every year"), ("es", "Cada año")],
)
def test_a_frequency_has_a_name_in_each_language(language: str, label: str) -> None:
    assert FilterLabels(language, {})("frequency", "ANNUAL") == label


def test_an_unknown_frequency_is_refused() -> None:
    with pytest.raises(InvalidError) as refused:
        read_strict_criteria([("frequency", "yearly")])

    assert [refusal.field for refusal in refused.value.refusals] == ["frequency"]


def test_keywords_are_one_whatever_their_capitals_and_counted_on_demand(
    filtered: Written,
) -> None:
    assert set(filtered.find(keyword=("VÉLO",)).seqs) == {1, 2}
    assert "keyword" not in filtered.find().facets
    assert filtered.find(facets=("keyword",)).facets["keyword"] == {
        "vélo": 2,
        "mobilité": 1,
        "île": 1,
    }


def test_of_many_values_the_most_frequent_are_told_and_those_in_use_and_all_where_asked(
    tmp_path: Path,
) -> None:
    many = USUAL + 20
    frequent = ("town-3", "town-7")
    rows = [
        Row(number, "Budget", producer=f"town-{number}")
        for number in range(1, many + 1)
    ]
    rows += [
        Row(many + place, "Budget", producer=slug)
        for place, slug in enumerate(frequent, 1)
    ]
    index = Written(tmp_path)
    index.start("first", rows)
    rare = next(
        f"town-{number}"
        for number in range(1, many)
        if f"town-{number}" not in index.find().facets["producer"]
    )

    usual, selected_facet, whole = (
        index.find(**criteria).facets["producer"]
        for criteria in ({}, {"producer": (rare,)}, {"facets": ("producer",)})
    )

    assert list(usual)[:2] == list(frequent)
    assert len(usual) == USUAL
    assert (len(selected_facet), selected_facet[rare]) == (USUAL + 1, 1)
    assert (len(whole), sum(whole.values())) == (many, len(rows))


def test_filters_add_up_and_counts_follow(filtered: Written) -> None:
    page = filtered.find(keyword=("vélo",), updated=("month",), bbox=("-4,47.5,-3,48",))

    assert page.seqs == [2]
    assert page.facets["updated"] == {"month": 1, "year": 1}


def test_new_on_the_portal_is_an_order(filtered: Written) -> None:
    assert filtered.find(sort="published").seqs == [5, 4, 3, 2, 1]


def test_an_address_says_the_criteria_and_reads_back(filtered: Written) -> None:
    criteria = Criteria(
        "vélo",
        keyword=("a",),
        updated=("week",),
        period=("2015..2020",),
        bbox=("-1.75,48,-1.6,48.2",),
    )
    address = criteria.address("/data")

    assert (
        address
        == "/data?q=v%C3%A9lo&keyword=a&updated=week&from=2015&to=2020&bbox=-1.75%2C48%2C-1.6%2C48.2"
    )
    assert read_criteria(list(criteria.pairs())) == criteria
    assert "from" not in criteria.without("period", "2015..2020").address("/data")


@given(st.text(), st.lists(st.text(), max_size=3))
def test_an_address_is_written_as_a_form_is_sent(text: str, themes: list[str]) -> None:
    criteria = Criteria(text=text, theme=tuple(themes), page=2)

    assert criteria.address("/data", "page") == criteria.with_changes().address("/data")
    query = urlencode([("q", text)] * bool(text) + [("theme", one) for one in themes])
    assert criteria.address("/data") == f"/data?{query}&page=2".replace("?&", "?")


def test_one_search_has_one_canonical_address() -> None:
    first = read_criteria(
        [
            ("q", "x"),
            ("theme", "housing"),
            ("theme", "culture"),
            ("sort", "relevance"),
            ("facets", "keyword"),
        ]
    )
    second = read_criteria(
        [("theme", "culture"), ("theme", "housing"), ("q", " x "), ("licence", "")]
    )

    assert first.canonical() == second.canonical()
    assert first.canonical().address("/data") == "/data?q=x&theme=culture&theme=housing"


def test_four_fields_make_a_rectangle_with_commas_or_points() -> None:
    fields = [("w", "-1,75"), ("s", "48.0"), ("e", " −1,6"), ("n", "48,2")]

    assert read_criteria(fields).bbox == ("-1.75,48,-1.6,48.2",)
    assert read_criteria([("w", ""), ("s", ""), ("e", ""), ("n", "")]).bbox == ()


@pytest.mark.parametrize(
    ("pairs", "unread"),
    [
        ([("w", "1"), ("s", "2"), ("e", "3")], ("bbox",)),
        ([("bbox", "1,50,2,40")], ("bbox",)),
        ([("bbox", "nan,1,2,3")], ("bbox",)),
        ([("bbox", "-181,1,2,3")], ("bbox",)),
        ([("from", "l'an dernier")], ("from",)),
        ([("from", "2015"), ("to", "20155")], ("to",)),
    ],
)
def test_what_makes_no_sense_is_left_out_of_a_page_and_named(
    pairs: list[tuple[str, str]], unread: tuple[str, ...]
) -> None:
    criteria = read_criteria(pairs)

    assert (
        tuple(name for name in criteria.mistyped_values if name not in "wsen") == unread
    )
    assert criteria.bbox == ()


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("bbox", "1,2,3")], "not-a-box"),
        ([("from", "MMXV")], "not-a-year"),
        ([("updated", "yesterday")], "unknown-value"),
        ([("facets", "access")], "unknown-value"),
        ([("place", "1")], "unknown-parameter"),
    ],
)
def test_what_makes_no_sense_is_refused_to_a_program(
    pairs: list[tuple[str, str]], code: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        read_strict_criteria(pairs)

    assert [refusal.code for refusal in caught.value.refusals] == [code]


def test_years_in_the_wrong_order_are_put_right() -> None:
    assert read_criteria([("from", "2020"), ("to", "2015")]).period == ("2015..2020",)


@given(st.tuples(*[st.floats(-180, 180)] * 2), st.tuples(*[st.floats(-90, 90)] * 2))
def test_a_rectangle_that_is_written_is_read_back_the_same(
    wide: tuple[float, ...], high: tuple[float, ...]
) -> None:
    text = write_box((wide[0], min(high), wide[1], max(high)))
    box = read_box(text)

    assert box is not None
    assert write_box(box) == text


@given(st.none() | st.integers(1, 9998), st.none() | st.integers(1, 9998))
def test_a_period_that_is_written_is_read_back(
    first: int | None, last: int | None
) -> None:
    years = {year for year in (first, last) if year}

    assert {year for year in read_period(write_period(first, last)) if year} == years


NUMBER = st.floats(-400, 400).map("{:.3f}".format)


@given(st.text(max_size=40) | st.lists(NUMBER, min_size=4, max_size=4).map(",".join))
def test_no_text_is_a_rectangle_by_accident_nor_breaks(text: str) -> None:
    west, south, east, north = read_box(text) or (0.0, 0.0, 0.0, 0.0)

    assert -90 <= south <= north <= 90
    assert max(abs(west), abs(east)) <= 180


def test_the_drawing_keeps_the_rectangle_inside_its_frame() -> None:
    drawing = draw_area((-4.5, 48.3, -4.4, 48.4), (-4.68, 48.22, -4.21, 48.49))

    assert drawing is not None
    assert drawing.data is not None
    assert drawing.territory is not None
    assert 0 < drawing.territory.x < drawing.data.x
    right = drawing.territory.x + drawing.territory.width
    assert drawing.data.x + drawing.data.width < right < drawing.width
    assert (
        drawing.territory.y
        < drawing.data.y
        < drawing.data.y + drawing.data.height
        < drawing.height
    )


def test_nothing_is_drawn_of_nothing_and_a_rectangle_across_the_180th_meridian_is_drawn_whole() -> (
    None
):
    assert draw_area(None, None) is None
    drawing = draw_area((170.0, -20.0, -170.0, -10.0), None)
    assert drawing is not None
    assert drawing.data is not None
    assert drawing.data.width > drawing.data.height
