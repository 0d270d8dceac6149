"""Several tables as one: the rows of each, in their order, with what the first column says of them."""

from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cursors import open_cursor
from tests.depth import examples
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.exports.union_writer import InexactNumbersError, write_union
from udi.tabular.exports.unions import (
    ColumnDisagreement,
    TableUnion,
    UnionMember,
    compare_columns,
    merge_columns,
    merge_units,
)
from udi.tabular.geo.geoparquet import geo_key, geo_metadata

N = TypedColumn("n", ColumnType.INTEGER)
TEXT = TypedColumn("a", ColumnType.TEXT)
UPPER = TypedColumn("A", ColumnType.TEXT)
YEAR = TypedColumn("period", ColumnType.YEAR)
EMPTY = TypedColumn("n", ColumnType.EMPTY)
CELLS = st.one_of(st.none(), st.text("aé'\"\n;", max_size=5))
ROWS = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(-(2**62), 2**62)), CELLS), max_size=6
)


def write(path: Path, rows: list[tuple[int | None, str | None]], *, swap: bool) -> None:
    """A typed table with the columns n and a, the other way round if asked."""
    with open_cursor() as connection:
        connection.execute("CREATE TEMP TABLE x (n BIGINT, a VARCHAR)")
        for row in rows:
            connection.execute("INSERT INTO x VALUES (?, ?)", list(row))
        names = "a, n" if swap else "n, a"
        connection.execute(
            f"COPY (SELECT row_number() OVER () AS __line, {names} FROM x) TO '{path}' (FORMAT parquet)"
        )


@settings(max_examples=examples(8, 100))
@given(tables=st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=4))
def test_the_rows_are_those_of_each_table_in_order(
    tables: list[tuple[list[Any], bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("union")
    paths = [folder / f"{number}.parquet" for number in range(len(tables))]
    for path, (rows, swap) in zip(paths, tables, strict=True):
        write(path, rows, swap=swap)
    members = tuple(
        UnionMember(str(2000 + number), (1, 0) if swap else (0, 1))
        for number, (_, swap) in enumerate(tables)
    )
    output = folder / "union.parquet"

    count = write_union(output, TableUnion((YEAR, N, TEXT), members), *paths)

    expected = [
        (2000 + number, *row) for number, (rows, _) in enumerate(tables) for row in rows
    ]
    with open_cursor() as connection:
        written = connection.execute(f"SELECT * FROM '{output}'").fetchall()
    assert count == len(expected)
    assert [row[0] for row in written] == list(range(1, count + 1))
    assert [row[1:] for row in written] == expected


@pytest.mark.parametrize(
    ("columns", "others", "disagreement"),
    [
        ((N, TEXT), (TEXT, N), None),
        ((N,), (TypedColumn("n", ColumnType.NUMBER),), None),
        ((N,), (EMPTY,), None),
        ((N,), (TypedColumn("n", ColumnType.YEAR),), None),
        ((TEXT,), (TypedColumn("a", ColumnType.POSTCODE),), None),
        ((N, TEXT), (N,), ColumnDisagreement(missing=("a",))),
        ((N,), (N, TEXT), ColumnDisagreement(added=("a",))),
        (
            (TEXT,),
            (UPPER,),
            ColumnDisagreement(missing=("a",), added=("A",)),
        ),
        (
            (N,),
            (TypedColumn("n", ColumnType.CODE),),
            ColumnDisagreement(other_type=("n",)),
        ),
        (
            (TypedColumn("d", ColumnType.DATE),),
            (TypedColumn("d", ColumnType.DATETIME),),
            ColumnDisagreement(other_type=("d",)),
        ),
    ],
)
def test_columns_agree_by_their_names_and_what_they_store(
    columns: tuple[TypedColumn, ...],
    others: tuple[TypedColumn, ...],
    disagreement: ColumnDisagreement | None,
) -> None:
    assert compare_columns(columns, others) == disagreement


def test_a_differing_unit_is_a_disagreement_and_one_that_a_table_lacks_is_none() -> (
    None
):
    other = compare_columns((N, TEXT), (N, TEXT), {"n": "€"}, {"n": "k€"})
    unsaid = compare_columns((N, TEXT), (N, TEXT), {"n": "€"}, {})

    assert other == ColumnDisagreement(other_unit=("n",))
    assert unsaid is None
    assert merge_units([((N,), {"n": "€"}), ((N,), {})]) == {}
    assert merge_units([((N,), {"n": "€"}), ((EMPTY,), {}), ((N,), {"n": "€"})]) == {
        "n": "€"
    }


@pytest.mark.parametrize(
    "types",
    [("integer", "text"), ("date", "datetime"), ("number", "empty", "boolean")],
)
def test_types_that_do_not_agree_are_not_merged(types: tuple[str, ...]) -> None:
    tables = [(TypedColumn("x", ColumnType(name)),) for name in types]

    with pytest.raises(ValueError, match="no type holds"):
        merge_columns(tables)


def write_column(path: Path, values: list[Any], sql_type: str) -> None:
    with open_cursor() as connection:
        connection.execute(f"CREATE TEMP TABLE x (n {sql_type})")
        for value in values:
            connection.execute("INSERT INTO x VALUES (?)", [value])
        connection.execute(
            f"COPY (SELECT row_number() OVER () AS __line, n FROM x) TO '{path}' (FORMAT parquet)"
        )


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1])
def test_whole_numbers_that_decimals_do_not_hold_are_refused_beside_them(
    tmp_path: Path, value: int
) -> None:
    paths = [tmp_path / f"{number}.parquet" for number in range(3)]
    write_column(paths[0], [value], "BIGINT")
    write_column(paths[1], [1.5], "DOUBLE")
    write_column(paths[2], [2**53], "BIGINT")
    number = TypedColumn("n", ColumnType.NUMBER)
    members = (UnionMember("2022", (0,)), UnionMember("2023", (0,)))
    union = TableUnion((YEAR, number), members)
    output = tmp_path / "union.parquet"

    with pytest.raises(InexactNumbersError):
        write_union(output, union, paths[0], paths[1])

    assert write_union(output, union, paths[2], paths[1]) == 2


def write_places(path: Path, wkt: str, *types: str) -> None:
    box = ['"__xmin"', '"__ymin"', '"__xmax"', '"__ymax"']
    boxes = ", ".join(f"0.0::DOUBLE AS {name}" for name in box)
    with open_cursor() as connection:
        place = shapely.to_wkb(shapely.from_wkt(wkt))
        connection.execute("CREATE TEMP TABLE x AS SELECT ?::BLOB AS geometry", [place])
        connection.execute(
            f"COPY (SELECT 1::BIGINT AS __line, 1::BIGINT AS n, geometry, {boxes} FROM x) TO '{path}' "
            f"(FORMAT parquet, KV_METADATA {{geo: '{geo_key(types, None)}'}})"
        )


@pytest.mark.parametrize(
    ("second", "types"),
    [
        (("Polygon", "MultiPolygon"), ["MultiPolygon", "Point", "Polygon"]),
        ((), []),
    ],
)
def test_the_types_of_places_are_those_of_all_tables(
    tmp_path: Path, second: tuple[str, ...], types: list[str]
) -> None:
    paths = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    write_places(paths[0], "POINT (0 0)", "Point")
    write_places(paths[1], "POLYGON ((0 0, 1 0, 1 1, 0 0))", *second)
    union = TableUnion(
        (YEAR, N),
        (UnionMember("2022", (0,), 1), UnionMember("2023", (0,), 1)),
        has_places=True,
    )
    output = tmp_path / "union.parquet"

    write_union(output, union, *paths)

    metadata = geo_metadata(output)
    assert metadata is not None
    assert metadata["columns"]["geometry"]["geometry_types"] == types


@pytest.mark.parametrize(
    ("types", "merged"),
    [
        (("integer", "number"), "number"),
        (("year", "integer"), "integer"),
        (("number", "year", "empty"), "number"),
        (("latitude", "latitude"), "latitude"),
        (("text", "postcode"), "text"),
        (("empty", "date"), "date"),
        (("empty", "empty"), "empty"),
    ],
)
def test_the_type_of_a_column_holds_the_values_of_each_table(
    types: tuple[str, ...], merged: str
) -> None:
    tables = [(TypedColumn("x", ColumnType(name)),) for name in types]

    [column] = merge_columns(tables)

    assert column.type == merged
