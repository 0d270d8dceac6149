"""Charts of tables: what a column is for, which chart comes first, its figures and its drawing."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.node.made_tables import write_table
from tests.node.test_drawings import HEAVIEST, PAGES, rendered, svg_of
from tests.rules.pages import check_page
from udi.node.datasets.pages.explore.picture_responses import encode_picture
from udi.tabular.columns.chosen_roles import ChosenRole
from udi.tabular.columns.column import ColumnType
from udi.tabular.overviews.chart_choice import choose_chart
from udi.tabular.overviews.chart_figures import (
    Chart,
    figures_parameters,
    plan_chart,
    read_chart,
)
from udi.tabular.overviews.chart_request import ChartKind, ChartRequest, parse_chart
from udi.tabular.overviews.chart_steps import MOST_PERIODS, choose_step
from udi.tabular.overviews.chart_svg import draw_chart
from udi.tabular.overviews.chart_view import ChartView
from udi.tabular.overviews.roles import ColumnProfile, ColumnRole, profile_columns
from udi.tabular.overviews.statistics import describe_columns
from udi.tabular.queries.query_string import read_query
from udi.tabular.queries.sql import Statement
from udi.tabular.queries.table import DatasetTable
from udi.tabular.sandbox import engine

TEXT = ColumnType.TEXT
INTEGER = ColumnType.INTEGER
NUMBER = ColumnType.NUMBER


class InProcessReader:
    """Asks the engine of the children without a child."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def fetch(self, statement: Statement) -> list[list[Any]]:
        rows = engine.fetch(self._path, statement.sql, statement.values)
        return list(json.loads(rows))


class Explored:
    """A table of a test, its roles, and its charts."""

    def __init__(self, table: DatasetTable) -> None:
        self.table = table
        described = describe_columns(table.path, table.columns)
        self.profiles: Sequence[ColumnProfile] = profile_columns(
            table.columns, described
        )

    @property
    def roles(self) -> dict[str, ColumnRole]:
        return {profile.name: profile.role for profile in self.profiles}

    @property
    def first(self) -> ChartRequest | None:
        return choose_chart(self.profiles)

    async def chart(self, words: Mapping[str, str] | None = None) -> Chart:
        request, unknown_words = parse_chart(words or {}, self.profiles, self.first)
        assert unknown_words == ()
        assert request is not None
        plan = plan_chart(request, self.profiles)
        assert plan is not None
        chart = await read_chart(InProcessReader(self.table.path), self.table, plan)  # type: ignore[arg-type]  # a reader without a child
        assert chart is not None
        return chart


def explored(
    folder: Path, columns: Mapping[str, ColumnType], rows: Sequence[Sequence[Any]]
) -> Explored:
    return Explored(write_table(folder / "t.parquet", list(columns.items()), rows))


BIRTHS = {"Année": ColumnType.YEAR, "Prénom": TEXT, "Sexe": TEXT, "Nombre": INTEGER}
BIRTH_ROWS = [
    [year, f"{sex}{name}", sex, name * 3 + 5]
    for year in (2019, 2020, 2022, 2023)
    for name in range(30)
    for sex in ("F", "M")
]


@pytest.fixture(scope="module")
def births(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    """Read by many tests, and changed by none."""
    return explored(tmp_path_factory.mktemp("births"), BIRTHS, BIRTH_ROWS)


@pytest.mark.parametrize(
    ("name", "kind", "values", "role"),
    [
        ("nb_autopartage", INTEGER, range(0, 90, 3), ColumnRole.EXTENSIVE),
        ("numero_alberi", INTEGER, [1, 2, 2, 5] * 9, ColumnRole.EXTENSIVE),
        ("n. attivita TM", INTEGER, [15, 30, 433], ColumnRole.EXTENSIVE),
        ("Einwohner", INTEGER, [900, 12, 40], ColumnRole.EXTENSIVE),
        ("total_cost", NUMBER, [0.5, 9.25, 3.0], ColumnRole.EXTENSIVE),
        ("taux de couverture", NUMBER, [40.5, 60.0, 12.5], ColumnRole.INTENSIVE),
        ("TXCOUVGLO_COM_2014", NUMBER, [40.5, 60.0, 12.5], ColumnRole.INTENSIVE),
        ("part", NUMBER, [0.5, 0.25, 0.125], ColumnRole.INTENSIVE),
        ("Prezzo medio", NUMBER, [4.5, 6.0, 1.5], ColumnRole.INTENSIVE),
        ("fips", INTEGER, range(31001, 31090), ColumnRole.IDENTIFIER),
        ("Vendor ID", INTEGER, [10, 10, 12], ColumnRole.IDENTIFIER),
        ("Code commune INSEE", INTEGER, [35001, 35238], ColumnRole.IDENTIFIER),
        ("arbre", INTEGER, range(1, 80), ColumnRole.IDENTIFIER),
        ("INTPTLAT", NUMBER, [42.5, 41.25, 40.0], ColumnRole.COORDINATE),
        ("CoordX", NUMBER, [1462762.5, 1481687.25], ColumnRole.COORDINATE),
        ("CP", ColumnType.POSTCODE, ["35000", "35200"], ColumnRole.IDENTIFIER),
        ("an", ColumnType.YEAR, [2019, 2020], ColumnRole.TIME),
        ("Mese", TEXT, ["Gennaio", "Aprile"], ColumnRole.TIME),
        ("solde", INTEGER, [-4, 3, 3], ColumnRole.UNSURE),
        ("type", TEXT, ["a", "b"] * 4, ColumnRole.CATEGORY),
        ("nom", TEXT, list("abcdefgh"), ColumnRole.LABEL),
    ],
)
def test_the_role_of_a_column_comes_from_its_type_its_values_and_its_name(
    name: str, kind: ColumnType, values: Sequence[Any], role: ColumnRole, tmp_path: Path
) -> None:
    table = explored(tmp_path, {name: kind}, [[value] for value in values])

    assert table.roles[name] is role


async def test_whole_numbers_that_are_dates_keep_their_own_values(
    tmp_path: Path,
) -> None:
    """The newest ones, as many as a line has periods."""
    rows = [[1800 + number // 2, number] for number in range(400)]
    table = explored(tmp_path, {"campagne": INTEGER, "relevé": INTEGER}, rows).table
    figures = describe_columns(table.path, table.columns)

    by_rule, _ = profile_columns(table.columns, figures)
    chosen = profile_columns(table.columns, figures, {"campagne": ChosenRole.DATE})
    plan = plan_chart(ChartRequest("campagne", step=choose_step(chosen[0])), chosen)
    assert plan is not None
    chart = await read_chart(InProcessReader(table.path), table, plan)  # type: ignore[arg-type]  # a reader without a child

    assert choose_step(by_rule).startswith("bin.")
    assert chart is not None
    assert chart.kind is ChartKind.LINE
    assert chart.points == tuple(range(2000 - MOST_PERIODS, 2000))


def test_a_column_of_codes_is_known_by_the_column_of_its_names(tmp_path: Path) -> None:
    columns = {"supply": INTEGER, "supply_name": TEXT}
    table = explored(tmp_path, columns, [[10, "a"], [23, "b"]] * 30)

    assert table.roles["supply"] is ColumnRole.IDENTIFIER


def test_births_are_summed_by_year_and_lines_are_not_counted(births: Explored) -> None:
    assert births.first is not None
    assert births.first.words() == [("by", "Année"), ("of", "Nombre"), ("how", "sum")]


ROWS = [[f"v{i % 4}", i % 90 + 1.5, f"2024-{i % 6 + 1:02}-05", i] for i in range(120)]
MIXED = {"type": TEXT, "hauteur": NUMBER, "jour": ColumnType.DATE, "id": INTEGER}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("type", "hauteur", "jour", "id"), "by=type&of=hauteur&how=median"),
        (("type", "jour", "id"), "by=jour&step=month"),
        (("type", "id"), "by=type"),
        (("hauteur", "id"), "by=hauteur&step=bin.10&draw=spread"),
    ],
)
def test_the_first_chart_is_the_first_rule_that_holds(
    names: Sequence[str], words: str, tmp_path: Path
) -> None:
    places = [list(MIXED).index(name) for name in names]
    columns = {name: MIXED[name] for name in names}
    rows = [[row[place] for place in places] for row in ROWS]

    first = explored(tmp_path, columns, rows).first

    assert first is not None
    assert first.query_string() == words


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ({"id": INTEGER}, [[number] for number in range(60)]),
        ({"nom": TEXT}, [["a"], ["b"], ["c"]]),
        ({"lat": ColumnType.LATITUDE}, [[48.5], [47.25], [48.75]]),
        ({"vide": ColumnType.EMPTY}, [[None]]),
    ],
)
def test_no_chart_of_what_compares_nothing(
    columns: Mapping[str, ColumnType], rows: Sequence[Sequence[Any]], tmp_path: Path
) -> None:
    assert explored(tmp_path, columns, rows).first is None


async def test_a_year_without_rows_stands_in_the_chart(births: Explored) -> None:
    chart = await births.chart()

    assert chart.points == (2019, 2020, 2021, 2022, 2023)
    assert chart.series[0].values == (2910.0, 2910.0, 0.0, 2910.0, 2910.0)
    assert (chart.rows, chart.missing, chart.total) == (240, 0, 11640.0)


async def test_colours_cut_the_same_sums(births: Explored) -> None:
    chart = await births.chart(
        {"by": "Année", "of": "Nombre", "how": "sum", "split": "Sexe"}
    )

    assert [(one.name, one.values[0]) for one in chart.series] == [
        ("F", 1455.0),
        ("M", 1455.0),
    ]
    assert chart.first_values == (2910.0, 2910.0, 0.0, 2910.0, 2910.0)


async def test_values_beyond_the_first_are_put_together(births: Explored) -> None:
    chart = await births.chart({"by": "Prénom", "measure": "sum.Nombre", "top": "5"})
    median = await births.chart({"by": "Prénom", "of": "Nombre", "how": "median"})

    assert len(chart.points) == 5
    assert chart.other_values == 55
    assert chart.others == 11640.0 - sum(filter(None, chart.series[0].values))
    assert (median.other_values, median.others) == (50, None)


@pytest.mark.thorough
async def test_colours_of_many_values_are_those_of_the_points(tmp_path: Path) -> None:
    columns = {"nom": TEXT, "sexe": TEXT, "montant": INTEGER}
    rows = [
        [f"nom {number}", sex, 100]
        for number in range(2_600)
        for sex in ("F", "M")
        if number
    ]
    table = explored(
        tmp_path, columns, [["nom 0", "F", 9_000], ["nom 0", "M", 1], *rows]
    )

    chart = await table.chart(
        {"by": "nom", "of": "montant", "how": "sum", "split": "sexe"}
    )

    assert chart.points[0] == "nom 0"
    assert {one.name: one.values[0] for one in chart.series} == {"F": 9000.0, "M": 1.0}
    assert chart.other_values == 2_590


@pytest.mark.thorough
async def test_the_newest_of_many_periods_are_drawn_and_the_others_counted(
    tmp_path: Path,
) -> None:
    newest = date(2024, 12, 31)
    days = [newest - timedelta(days=number) for number in range(5_200)]
    rows = [[day, 2] for day in (date(9999, 12, 31), *days)]
    table = explored(tmp_path, {"jour": ColumnType.DATE, "montant": INTEGER}, rows)
    words = {"by": "jour", "of": "montant", "how": "sum"}

    by_day = await table.chart({**words, "step": "day"})
    by_year = await table.chart({**words, "step": "year"})

    assert by_day.points[0] == (newest - timedelta(days=119)).isoformat()
    assert by_day.points[-1] == newest.isoformat()
    assert set(by_day.series[0].values) == {2.0}
    assert (by_day.other_values, by_day.others) == (5_081, 2.0 * 5_081)
    assert (by_year.points[0], by_year.points[-1]) == ("2010-01-01", "2024-01-01")
    assert (by_year.other_values, by_year.others) == (1, 2.0)


async def test_years_before_the_drawn_ones_are_counted(tmp_path: Path) -> None:
    columns = {"annee": ColumnType.YEAR, "montant": INTEGER}
    rows = [[year, 1] for year in (1600, *range(1991, 2021), 9999)]

    chart = await explored(tmp_path, columns, rows).chart(
        {"by": "annee", "of": "montant", "how": "sum"}
    )

    assert (chart.points[0], chart.points[-1]) == (1901, 2020)
    assert sum(filter(None, chart.series[0].values)) == 30.0
    assert (chart.other_values, chart.others) == (2, 2.0)


async def test_rows_without_value_are_counted_apart(tmp_path: Path) -> None:
    columns = {"type": TEXT, "montant": NUMBER}
    rows = [["a", 4.0], ["b", -1.5], ["a", None], [None, 3.0], ["b", 2.0], ["a", 1.0]]

    chart = await explored(tmp_path, columns, rows).chart()

    assert chart.points == ("a", "b")
    assert chart.series[0].values == (5.0, 0.5)
    assert (chart.rows, chart.missing) == (6, 2)


@pytest.mark.parametrize("label", ["Total", "Ensemble", "Schweiz"])
async def test_a_row_that_sums_the_others_is_named(label: str, tmp_path: Path) -> None:
    columns = {"Ville": TEXT, "Population": INTEGER}
    rows = [[label, 90], ["a", 40], ["b", 30], ["c", 20]]

    chart = await explored(tmp_path, columns, rows).chart(
        {"by": "Ville", "of": "Population"}
    )

    assert chart.total_rows == (label,)


async def test_months_in_words_follow_the_calendar(tmp_path: Path) -> None:
    columns = {"Mese": TEXT, "Ingressi": INTEGER}
    rows = [["Aprile", 3], ["Gennaio", 1], ["Febbraio", 2], ["Dicembre", 9]]

    chart = await explored(tmp_path, columns, rows).chart()

    assert chart.points == ("Gennaio", "Febbraio", "Aprile", "Dicembre")


@pytest.mark.parametrize(
    ("words", "unknown_word"),
    [
        ({"by": "nothing"}, "by"),
        ({"by": "Année", "of": "Nombre", "how": "count_distinct"}, "how"),
        ({"by": "Sexe", "of": "Année", "how": "avg"}, "of"),
        ({"by": "Année", "split": "Prénom"}, ""),
        ({"by": "Année", "split": "Nombre"}, "split"),
        ({"by": "Année", "top": "0"}, "top"),
        ({"by": "Année", "top": "00105"}, "top"),
        ({"by": "Année", "draw": "pie"}, "draw"),
    ],
)
def test_words_that_make_no_sense_are_named(
    words: Mapping[str, str], unknown_word: str, births: Explored
) -> None:
    _, unknown_words = parse_chart(words, births.profiles, births.first)

    assert unknown_words == ((unknown_word,) if unknown_word else ())


async def test_the_api_gives_the_same_figures(births: Explored) -> None:
    words = {"by": "Année", "of": "Nombre", "how": "sum", "split": "Sexe"}
    request, _ = parse_chart(words, births.profiles, None)
    assert request is not None
    plan = plan_chart(request, births.profiles)
    assert plan is not None
    address = "&".join(f"{name}={value}" for name, value in figures_parameters(plan))

    query = read_query(address, births.table.columns)

    assert query.groups == (0, 2)
    assert [(measure.column, measure.aggregate) for measure in query.measures] == [
        (3, "sum")
    ]


DRAWN = [
    {"by": "Année", "of": "Nombre"},
    {"by": "Année", "of": "Nombre", "split": "Sexe"},
    {"by": "Année", "of": "Nombre", "split": "Sexe", "draw": "line"},
    {"by": "Prénom", "of": "Nombre", "how": "median", "split": "Sexe"},
    {"by": "Sexe", "draw": "share"},
    {"by": "Prénom", "draw": "share", "split": "Sexe"},
    {"by": "Nombre", "draw": "spread"},
    {"by": "Nombre", "of": "Nombre", "draw": "dots"},
]


@pytest.mark.parametrize(
    "locale",
    [
        "fr",
        pytest.param("en", marks=pytest.mark.thorough),
        pytest.param("es", marks=pytest.mark.thorough),
    ],
)
async def test_drawings_are_light_and_stand_in_a_sound_page(
    locale: str, births: Explored
) -> None:
    for words in DRAWN:
        view = ChartView(await births.chart(words), locale)

        html = rendered("{{ drawn.chart(v) }}", locale, v=view)

        start = html.index('<svg width="100%"')
        svg_of(html[start:])
        assert len(html.encode()) < HEAVIEST
        page = (
            f'<!doctype html><html lang="{locale}"><head><title>Data – Demo</title><meta name="viewport"'
            f' content="width=device-width"></head><body><main><h1>Data</h1>{html}</main></body></html>'
        )
        faults = check_page(page, url="https://node.example/", headers={})
        assert [
            fault
            for fault in faults
            if not any(word in fault for word in ("Policy", "nosniff", "content type"))
        ] == []


async def test_values_below_zero_stand_on_the_other_side(tmp_path: Path) -> None:
    columns = {"type": TEXT, "montant": NUMBER}
    table = explored(tmp_path, columns, [["a", 4.0], ["b", -4.0]] * 3)

    body = draw_chart(await table.chart(), "fr").body

    assert 'class="scale" x1="50.0%"' in body
    assert 'x="50.0%" width="50.0%"' in body
    assert 'x="0.0%" width="50.0%"' in body


async def test_words_of_a_file_are_escaped(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>'
    columns = {evil: TEXT, "split": TEXT}
    table = explored(tmp_path, columns, [[evil, evil], ["b", "c"]] * 3)
    view = ChartView(await table.chart({"by": evil, "split": "split"}), "fr")

    html = rendered("{{ drawn.chart(v) }}", v=view)

    assert "<script" not in html


@pytest.mark.parametrize(
    ("locale", "label"), [("fr", "févr. 2024"), ("en", "Feb 2024"), ("es", "feb 2024")]
)
async def test_labels_are_in_the_language_of_the_reader(
    locale: str, label: str, tmp_path: Path
) -> None:
    columns = {"jour": ColumnType.DATE}
    rows = [[f"2024-{month:02}-1{day}"] for month in range(1, 6) for day in range(9)]

    chart = await explored(tmp_path, columns, rows).chart()

    assert ChartView(chart, locale).rows[1] == (label, ["9"])


async def test_a_picture_is_xml_whatever_its_words(tmp_path: Path) -> None:
    measure = "nombre " + "d'" * 40
    rows = [[f"l'\x0bîle {place % 3}", place] for place in range(30)]
    table = explored(tmp_path, {"lieu": TEXT, measure: INTEGER}, rows)
    chart = await table.chart({"by": "lieu", "of": measure, "how": "sum"})
    template = PAGES._environments["en"].get_template("datasets/explore/picture.html")

    picture = template.render(view=ChartView(chart, "en"), table=table.table)
    root = ET.fromstring(encode_picture(picture).decode())  # noqa: S314 - ours

    texts = list(root.itertext())
    assert f"Sum of {measure}"[:77] + "..." in texts
    assert "l'île 0" in texts
