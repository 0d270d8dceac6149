"""Several tables as one: the rows of each, in their order, with what the first column says of them."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.exports.union_writer import write_union
from udi.tabular.exports.unions import (
    ColumnDisagreement,
    TableUnion,
    UnionMember,
    compare_columns,
    merge_columns,
)

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
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE x (n BIGINT, a VARCHAR)")
        for row in rows:
            connection.execute("INSERT INTO x VALUES (?, ?)", list(row))
        names = "a, n" if swap else "n, a"
        connection.execute(
            f"COPY (SELECT row_number() OVER () AS __line, {names} FROM x) TO '{path}' (FORMAT parquet)"
        )


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
    with duckdb.connect() as connection:
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
