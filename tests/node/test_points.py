"""Tables that say where their rows are become maps as well."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import udi
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.geo.points import write_with_places
from udi.tabular.geo.recognition import (
    PlaceColumns,
    PlaceNotation,
    find_place_columns,
)

PREPARED = """
import sys
from pathlib import Path
from udi.node.datasets.versions.preparation import prepare
assert prepare(Path(sys.argv[1]), "table.csv", {}, Path(sys.argv[2])).table
print(*sys.modules)
"""
ROWS = """
    SELECT i + 1 AS __line, 'n' || i AS nom,
      CASE WHEN i = 3 THEN 99 WHEN i <> 4 THEN 48 + i * 0.01 END::DOUBLE AS lat, (-1.5 + i * 0.01)::DOUBLE AS lon,
      CASE WHEN i = 5 THEN 'x' ELSE (48 + i * 0.01) || ', ' || -1.5 END AS geo,
      '[' || 100 + i || ', 2.5]' AS xy,
      CASE WHEN i = 2 THEN 'POINT (1' ELSE 'POLYGON ((0 0, 1 0, 1 1, 0 0))' END AS wkt,
      CASE WHEN i = 2 THEN 'POINT (x 2)' ELSE 'POINT (' || i || ' 48)' END AS spot,
      '{"type": "Point", "coordinates": [' || i || ', 2]}' AS shape
    FROM range(8) AS r(i)"""
CASES = {
    "latitude and longitude": (
        {"lat": ColumnType.LATITUDE, "lon": ColumnType.LONGITUDE},
        PlaceNotation.TWO_COLUMNS,
        [5, 4],
    ),
    "one cell": ({"geo": ColumnType.POINT}, PlaceNotation.ONE_CELL, [6]),
    "one cell, longitude first": ({"xy": ColumnType.POINT}, PlaceNotation.ONE_CELL, []),
    "WKT": ({"wkt": ColumnType.TEXT}, PlaceNotation.WKT, [3]),
    "WKT of points": ({"spot": ColumnType.POINT}, PlaceNotation.WKT, [3]),
    "GeoJSON": ({"shape": ColumnType.JSON}, PlaceNotation.GEOJSON, []),
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    duckdb.sql(f"COPY ({ROWS}) TO '{tmp_path}/in.parquet' (FORMAT parquet)")
    return tmp_path / "in.parquet"


@pytest.mark.parametrize("case", CASES)
def test_places_are_found_and_written(case: str, table: Path, tmp_path: Path) -> None:
    types, notation, faulty_lines = CASES[case]
    columns = [
        TypedColumn("nom", ColumnType.TEXT),
        *(TypedColumn(name, type_) for name, type_ in types.items()),
    ]

    placing = find_place_columns(table, columns)
    assert placing is not None
    gathered = write_with_places(
        table, columns, placing, tmp_path / "out.parquet", tmp_path
    )

    assert placing.notation is notation
    assert [error.line for error in gathered.errors] == faulty_lines
    rows = duckdb.sql(
        f"SELECT __line, nom, geometry IS NULL, __xmin FROM '{tmp_path}/out.parquet'"
    ).fetchall()
    assert [row[0] for row in rows if row[2]] == sorted(faulty_lines)
    assert [row[1] for row in rows] == [f"n{i}" for i in range(8)]
    assert gathered.bbox is not None
    assert gathered.bbox[0] == min(row[3] for row in rows if row[3] is not None)


def test_a_cell_beyond_ninety_comes_longitude_first(table: Path) -> None:
    assert find_place_columns(
        table, [TypedColumn("xy", ColumnType.POINT)]
    ) == PlaceColumns(PlaceNotation.ONE_CELL, ("xy",), longitude_first=True)


def test_a_table_without_places_is_no_map(table: Path) -> None:
    assert (
        find_place_columns(
            table,
            [
                TypedColumn("nom", ColumnType.TEXT),
                TypedColumn("lat", ColumnType.LATITUDE),
            ],
        )
        is None
    )


@pytest.mark.parametrize(
    ("file", "column", "read"),
    [("data-fair_wkt.csv", "geom", 1), ("fiona_curves_line.csv", "WKT", 5)],
)
def test_real_tables_with_places_as_text(
    shared_data: Path, tmp_path: Path, file: str, column: str, read: int
) -> None:
    source = tmp_path / "in.parquet"
    duckdb.sql(
        f"COPY (SELECT row_number() OVER () + 1 AS __line, * FROM read_csv('{shared_data}/data/geo/{file}', all_varchar = true))"
        f" TO '{source}' (FORMAT parquet)"
    )
    columns = [TypedColumn(column, ColumnType.TEXT)]

    placing = find_place_columns(source, columns)
    assert placing is not None
    gathered = write_with_places(
        source, columns, placing, tmp_path / "out.parquet", tmp_path
    )

    counts = duckdb.sql(
        f"SELECT count(geometry), count(*) FROM '{tmp_path}/out.parquet'"
    ).fetchall()[0]
    assert counts[0] == read
    assert counts[1] - counts[0] == len(gathered.errors)


@pytest.mark.programs
@pytest.mark.parametrize(
    ("names", "loaded"),
    [
        ("rue;arbres", set()),
        pytest.param("latitude;longitude", {"pyogrio"}, marks=pytest.mark.thorough),
    ],
)
def test_a_table_without_places_is_prepared_without_gdal(
    names: str, loaded: set[str], tmp_path: Path
) -> None:
    source = tmp_path / "table.csv"
    lines = [names, *(f"48.1{number};-1.2{number}" for number in range(20))]
    source.write_text("\n".join(lines) + "\n")

    done = subprocess.run(
        [sys.executable, "-P", "-c", PREPARED, source, tmp_path / "table.parquet"],
        env=os.environ | {"PYTHONPATH": str(Path(udi.__file__).parents[1])},
        check=True,
        capture_output=True,
        text=True,
    )

    assert {"pyogrio"} & set(done.stdout.split()) == loaded
