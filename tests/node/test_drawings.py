"""Figures and maps of a table: right numbers, light and valid drawings, words in both languages."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.depth import examples
from tests.node.test_geo import (
    LINE,
    MANY,
    MIXED,
    POINT,
    POLYGON,
    dropped,
    feature,
    files,
    geojson,
)
from tests.rules.pages import check_page
from udi.node import site as node
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.geo.geo import profile_geo_file
from udi.tabular.geo.geo_conversion import convert_geo
from udi.tabular.overviews.map_drawing import MapDrawing, format_degrees
from udi.tabular.overviews.map_svg import draw_map
from udi.tabular.overviews.preview import preview_rows
from udi.tabular.overviews.statistics import ColumnStatistics, describe_columns
from udi.ui.domains import list_domains
from udi.ui.pages import PageRenderer

HEAVIEST = 20_000
TABLE = """
    SELECT i + 1 AS __line, ['Sport', 'Culture', 'Nature'][1 + i % 3] AS domain, (i * 1.5)::DOUBLE AS amount,
      i::BIGINT AS number, DATE '2020-01-31' + (i * 3)::INTEGER AS day, i % 2 = 0 AS open, NULL::VARCHAR AS nothing,
      'id' || i AS name, (2000 + i % 5)::INTEGER AS year, TIME '10:00:00' AS at
    FROM range(400) AS r(i)"""
COLUMNS = [
    TypedColumn("domain", ColumnType.TEXT), TypedColumn("amount", ColumnType.NUMBER),
    TypedColumn("number", ColumnType.INTEGER), TypedColumn("day", ColumnType.DATE),
    TypedColumn("open", ColumnType.BOOLEAN), TypedColumn("nothing", ColumnType.EMPTY),
    TypedColumn("name", ColumnType.TEXT), TypedColumn("year", ColumnType.YEAR), TypedColumn("at", ColumnType.TIME),
]  # fmt: skip
PAGES = PageRenderer(
    {domain.name: domain.folder / "templates" for domain in list_domains("node")},
    node.LOCALES,
)
IMPORTS = '{% import "tables/_drawn.html" as drawn with context %}{% import "tables/_preview.html" as tables with context %}'


def rendered(words: str, locale: str = "fr", **given: object) -> str:
    environment = PAGES._environments[locale]
    return environment.from_string(IMPORTS + words).render(**given)


def svg_of(html: str) -> ET.Element:
    """The drawing of a figure, which must be XML, named, and without style or script."""
    start = html.index("<svg ")
    end = html.rindex("</svg>") + len("</svg>")
    root = ET.fromstring(html[start:end])  # noqa: S314 - ours
    assert len(html[start:end].encode()) <= HEAVIEST
    assert root.get("role") == "img"
    assert all((root.find("title") is not None, (root.findtext("title") or "").strip()))
    elements = list(root.iter())
    attributes = [name for element in elements for name in element.attrib]
    assert len(elements) > 1
    assert {element.tag for element in elements} & {
        "script",
        "style",
        "foreignObject",
        "image",
    } == set()
    assert [
        name for name in attributes if name == "style" or name.startswith("on")
    ] == []
    return root


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drawn") / "table.parquet"
    duckdb.sql(f"COPY ({TABLE}) TO '{path}' (FORMAT parquet)")
    return path


@pytest.fixture(scope="module")
def statistics(table: Path) -> dict[str, ColumnStatistics]:
    return {
        column_statistics.name: column_statistics
        for column_statistics in describe_columns(table, COLUMNS)
    }


def test_figures_are_right(statistics: dict[str, ColumnStatistics]) -> None:
    amount = statistics["amount"]
    assert (amount.rows, amount.filled, amount.least, amount.greatest) == (
        400,
        400,
        0,
        598.5,
    )
    assert amount.mean == pytest.approx(299.25)
    assert amount.median == pytest.approx(299.25, rel=0.02)
    assert sum(interval.rows for interval in amount.bins) == 400
    assert [interval.low for interval in amount.bins] == list(range(0, 600, 50))
    assert statistics["domain"].top == (
        ("Sport", 134),
        ("Culture", 133),
        ("Nature", 133),
    )
    assert dict(statistics["open"].top) == {True: 200, False: 200}
    assert (statistics["day"].least, statistics["day"].greatest) == (
        "2020-01-31",
        "2023-05-12",
    )
    assert sum(rows for _, rows in statistics["day"].months) == 400
    assert (statistics["nothing"].filled, statistics["nothing"].top) == (0, ())
    assert (statistics["year"].distinct, statistics["year"].least) == (5, 2000)
    assert statistics["name"].distinct == pytest.approx(400, rel=0.05)


def test_an_empty_table_has_figures(tmp_path: Path) -> None:
    duckdb.sql(f"COPY ({TABLE} WHERE i < 0) TO '{tmp_path}/t.parquet' (FORMAT parquet)")

    described = describe_columns(tmp_path / "t.parquet", COLUMNS)

    assert {column_statistics.filled for column_statistics in described} == {0}
    assert preview_rows(tmp_path / "t.parquet", COLUMNS).rows == ()


NUMBERS = st.lists(
    st.none()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.integers(-9, 9).map(float),
    max_size=60,
)


@settings(
    max_examples=examples(8, 40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(values=NUMBERS)
def test_any_numbers_have_figures_that_json_can_write(
    values: list[float | None], tmp_path: Path
) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (__line BIGINT, x DOUBLE)")
        if values:
            connection.executemany(
                "INSERT INTO t VALUES (1, ?)", [[value] for value in values]
            )
        connection.execute(f"COPY t TO '{tmp_path}/t.parquet' (FORMAT parquet)")
    columns = [TypedColumn("x", ColumnType.NUMBER)]

    described = describe_columns(tmp_path / "t.parquet", columns)

    json.dumps(
        [described[0].least, described[0].mean, described[0].median], allow_nan=False
    )
    assert described[0].filled == sum(value is not None for value in values)


def test_degrees_are_in_the_language_of_the_reader() -> None:
    assert format_degrees(-1.5, "fr", is_meridian=True) == "1,5°\N{NO-BREAK SPACE}O"
    assert format_degrees(-1.5, "en", is_meridian=True) == "1.5°\N{NO-BREAK SPACE}W"


def drawn(places: list[Any], folder: Path) -> MapDrawing | None:
    shapes = (json.loads(shapely.to_geojson(place)) for place in places)
    source = dropped(folder, geojson(*(feature(shape, n=1) for shape in shapes)))
    convert_geo(source, "", folder / "map.parquet", folder)
    return draw_map(folder / "map.parquet")


def map_html(drawing: MapDrawing, locale: str = "fr") -> str:
    return rendered("{{ drawn.map(m) }}", locale, m=drawing)


@settings(
    max_examples=examples(8, 40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(point=POINT, places=st.lists(POINT | LINE | POLYGON | MANY | MIXED, max_size=11))
def test_any_places_make_a_valid_map(
    point: shapely.Point, places: list[shapely.Geometry], tmp_path: Path
) -> None:
    filled = [place for place in places if not place.is_empty]

    drawing = drawn([*places, point], tmp_path)

    assert drawing is not None
    assert drawing.places == len(filled) + 1
    assert svg_of(map_html(drawing)).findtext("desc")


def test_draw_map_makes_nothing_of_empty_places(tmp_path: Path) -> None:
    assert drawn([shapely.MultiPoint(), shapely.GeometryCollection()], tmp_path) is None


def test_a_single_place_has_a_scale(tmp_path: Path) -> None:
    drawing = drawn([shapely.Point(-1.68, 48.11)], tmp_path)

    assert drawing is not None
    assert drawing.scale == "100\N{NO-BREAK SPACE}m"
    assert "Un lieu, près de 48,11°" in map_html(drawing)
    assert "One place, near 48.11°" in map_html(drawing, "en")


def test_the_scale_is_true(tmp_path: Path) -> None:
    drawing = drawn([shapely.Point(-1.68, 48.0), shapely.Point(-1.68, 48.9)], tmp_path)

    assert drawing is not None
    pixels = 480 - 2 * 36
    assert drawing.scale_metres / (drawing.scale_share / 100 * 720) == pytest.approx(
        0.9 * 111_320 / pixels, rel=0.01
    )


def test_maps_of_all_real_files_are_light_and_valid(
    shared_data: Path, tmp_path: Path
) -> None:
    sizes = {}
    for path in files(shared_data)[:: examples(12, 1)]:
        if profile_geo_file(path, path.name, tmp_path).layers:
            convert_geo(path, "", tmp_path / "map.parquet", tmp_path, name=path.name)
            if (drawing := draw_map_or_none(tmp_path / "map.parquet")) is not None:
                html = map_html(drawing)
                svg_of(html)
                sizes[path.name] = len(html.encode())

    assert len(sizes) == examples(11, 128)
    assert max(sizes.values()) <= HEAVIEST, sizes


def draw_map_or_none(parquet: Path) -> MapDrawing | None:
    names = [row[0] for row in duckdb.sql(f"DESCRIBE FROM '{parquet}'").fetchall()]
    if "geometry" in names:
        return draw_map(parquet)
    return None


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_all_of_it_stands_in_a_sound_page(
    locale: str, table: Path, statistics: dict[str, ColumnStatistics], tmp_path: Path
) -> None:
    drawing = drawn([shapely.Point(1, 2)], tmp_path)
    words = "{{ drawn.map(m) }}{{ tables.preview(p) }}{{ tables.statistics(s) }}"
    html = rendered(
        words, locale, m=drawing,
        p=preview_rows(table, COLUMNS), s=list(statistics.values()),
    )  # fmt: skip

    page = (
        f'<!doctype html><html lang="{locale}"><head><title>Data – Demo</title><meta name="viewport"'
        f' content="width=device-width"></head><body><main><h1>Data</h1>{html}</main></body></html>'
    )
    faults = check_page(page, url="https://node.example/", headers={})
    assert [
        fault
        for fault in faults
        if "Policy" not in fault
        and "nosniff" not in fault
        and "content type" not in fault
    ] == []


def test_a_preview_shows_the_first_rows_cut(table: Path) -> None:
    preview = preview_rows(table, COLUMNS, 5)

    html = rendered("{{ tables.preview(p) }}", p=preview)

    assert (len(preview.rows), preview.total, preview.lines[0]) == (5, 400, 1)
    assert "Les 5 premières lignes sur 400" in html
    assert html.count("<tr>") == 6
    assert "<td>oui</td>" in html


def test_columns_in_figures_are_a_table(
    statistics: dict[str, ColumnStatistics],
) -> None:
    html = rendered("{{ tables.statistics(s) }}", s=list(statistics.values()))

    assert html.count('scope="row"') == len(COLUMNS)
    assert "Sport (134), Culture (133), Nature (133)" in html
    assert "31 janv. 2020" in html
    assert "100\N{NO-BREAK SPACE}%" in html.replace("&nbsp;", "\N{NO-BREAK SPACE}")
