"""Random views of real files: the rows, groups and counts that the page asks for are DuckDB's own."""

import math
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest

from tests.depth import examples
from tests.node.made_tables import table_at
from tests.node.tables.reading import converted
from udi.node.datasets.pages.explore.cells import write_value
from udi.node.datasets.pages.explore.explore_query import quote_items
from udi.node.datasets.pages.explore.query_words import (
    ExploredColumns,
    read_explore_query,
)
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.profiles.profile import profile_path
from udi.tabular.queries.pool import PoolLimits, QueryPool
from udi.tabular.queries.query_string import parse_parameters
from udi.tabular.queries.row_pages import RowPageReader
from udi.tabular.queries.table import DatasetTable

pytestmark = pytest.mark.programs
FILES = examples(2, 30)
VIEWS = examples(3, 7)
"""Of each file; 12 views of 4 files, or 210 of 30."""
SEED = 20261130
LARGEST_FILE = 2_000_000
WHOLE = {ColumnType.INTEGER, ColumnType.YEAR}
TEXT = {ColumnType.TEXT, ColumnType.CODE, ColumnType.POSTCODE, ColumnType.COMMUNE}
SIZE = 50


@dataclass(frozen=True)
class RandomView:
    """An address of the page, and the same written for DuckDB over the columns by name."""

    address: str
    rows: str
    count: str
    values: tuple[Any, ...]


def choose_files(folder: Path) -> list[Path]:
    """Real tables of a size that a test can read, the same ones each time."""
    paths = sorted(
        path
        for path in (folder / "data/tables").glob("*.csv")
        if path.stat().st_size < LARGEST_FILE
    )
    chance = random.Random(SEED)  # noqa: S311 - a fixed seed is the point
    chance.shuffle(paths)
    return paths


def name_of(column: TypedColumn) -> str:
    escaped = column.name.replace('"', '""')
    return f'"{escaped}"'


def draw_view(
    chance: random.Random, table: DatasetTable, connection: duckdb.DuckDBPyConnection
) -> RandomView:
    """A filter, perhaps a search and an order, or groups; the values are cells of the table."""
    columns = [
        column
        for column in table.columns
        if column.type in TEXT | WHOLE | {ColumnType.NUMBER, ColumnType.BOOLEAN}
    ]
    pairs: list[tuple[str, str]] = []
    conditions: list[str] = []
    values: list[Any] = []
    for column in chance.sample(columns, min(chance.randint(0, 2), len(columns))):
        _add_filter(chance, connection, column, (pairs, conditions, values))
    searched = [column for column in table.columns if column.sql_type == "VARCHAR"]
    if searched and chance.random() < 0.3:
        word = chance.choice(("a", "DE", "é", "1"))
        cells = " || chr(10) || ".join(
            f"coalesce({name_of(column)}, '')" for column in searched[:40]
        )
        pairs.append(("q", word))
        conditions.append(f"strip_accents(lower({cells})) LIKE ?")
        values.append(f"%{word.lower().replace('é', 'e')}%")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    if columns and chance.random() < 0.3:
        return _grouped(chance.choice(columns), pairs, where, values)
    order = "__row"
    if columns and chance.random() < 0.5:
        column = chance.choice(columns)
        pairs.append((f"{column.name}__sort", "desc"))
        order = f"{name_of(column)} DESC NULLS FIRST, __row"
    chosen = chance.sample(list(table.columns), min(3, len(table.columns)))
    pairs.append(("columns", quote_items([column.name for column in chosen])))
    pairs.append(("page_size", str(SIZE)))
    cells = ", ".join(_cell(column) for column in chosen)
    return RandomView(
        urlencode(pairs),
        f"SELECT {cells} FROM numbered{where} ORDER BY {order} LIMIT {SIZE}",
        f"SELECT count(*) FROM numbered{where}",
        tuple(values),
    )


def _cell(column: TypedColumn) -> str:
    """A cell as the API writes it."""
    name = name_of(column)
    if column.sql_type == "TIMESTAMP":
        return f"replace(CAST({name} AS VARCHAR), ' ', 'T')"
    if column.sql_type in {"DATE", "TIME"}:
        return f"CAST({name} AS VARCHAR)"
    return name


def _add_filter(
    chance: random.Random,
    connection: duckdb.DuckDBPyConnection,
    column: TypedColumn,
    view: tuple[list[tuple[str, str]], list[str], list[Any]],
) -> None:
    pairs, conditions, values = view
    name = name_of(column)
    cells = connection.execute(
        f"SELECT DISTINCT {name} FROM numbered WHERE {name} IS NOT NULL ORDER BY 1 LIMIT 50"
    ).fetchall()
    if not cells or chance.random() < 0.2:
        pairs.append((f"{column.name}__isnull", ""))
        conditions.append(f"{name} IS NULL")
        return
    value = chance.choice(cells)[0]
    if column.type in TEXT:
        operator, sign = chance.choice(
            [("exact", "="), ("differs", "IS DISTINCT FROM")]
        )
    elif column.type is ColumnType.BOOLEAN:
        operator, sign = "exact", "="
    else:
        operator, sign = chance.choice([("greater", ">="), ("strictly_less", "<")])
    pairs.append((f"{column.name}__{operator}", write_value(value)))
    conditions.append(f"{name} {sign} ?")
    values.append(value)


def _grouped(
    column: TypedColumn, pairs: list[tuple[str, str]], where: str, values: list[Any]
) -> RandomView:
    name = name_of(column)
    pairs += [(f"{column.name}__groupby", ""), ("page_size", str(SIZE))]
    return RandomView(
        urlencode(pairs),
        f"SELECT {_cell(column)}, count(*) FROM numbered{where} GROUP BY {name}"
        f" ORDER BY {name} NULLS LAST LIMIT {SIZE}",
        f"SELECT count(*) FROM (SELECT {name} FROM numbered{where} GROUP BY 1)",
        tuple(values),
    )


def comparable(rows: list[Any]) -> list[list[Any]]:
    return [
        [
            round(cell, 9)
            if isinstance(cell, float) and math.isfinite(cell)
            else None
            if isinstance(cell, float)
            else cell
            for cell in row
        ]
        for row in rows
    ]


@pytest.fixture
async def answers() -> AsyncIterator[RowPageReader]:
    reader = RowPageReader(QueryPool(PoolLimits(seconds=60, patience=60)))
    yield reader
    await reader.close()


async def test_views_of_real_files_are_those_of_duckdb(
    shared_data: Path, tmp_path: Path, answers: RowPageReader
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a fixed seed is the point
    files = 0
    views = 0
    for path in choose_files(shared_data):
        if files == FILES:
            break
        target = tmp_path / f"{files}.parquet"
        if profile_path(path).rows is None:
            continue
        profile = converted(path, target).profile
        if not profile.rows:
            continue
        files += 1
        table = table_at(target, profile.columns, profile.rows)
        with duckdb.connect() as connection:
            connection.execute(
                f"CREATE VIEW numbered AS SELECT *, row_number() OVER () AS __row FROM read_parquet('{target}')"
            )
            for _ in range(VIEWS):
                view = draw_view(chance, table, connection)
                query = read_explore_query(
                    parse_parameters(view.address), ExploredColumns(table.columns)
                )
                assert query.refusals == (), (path.name, view.address)
                page = await answers.read_page(table, query.query)
                expected = connection.execute(view.rows, view.values).fetchall()
                total = connection.execute(view.count, view.values).fetchall()[0][0]
                assert comparable(page.rows) == comparable(expected), view.address
                assert page.total == total, view.address
                views += 1

    assert (files, views) == (FILES, FILES * VIEWS)
