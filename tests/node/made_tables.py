"""Typed tables for tests, as the conversion leaves them: the line first, then each column as it is stored."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.cursors import open_cursor
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.queries.table import DatasetTable
from udi.tabular.sandbox.duckdb_sandbox import identifier

SPACE = "8b0f4f7e-4a7f-4f0e-9a43-0a3f5d8f1c11"
WRITTEN = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def write_table(
    path: Path,
    columns: Sequence[tuple[str, ColumnType]],
    rows: Sequence[Sequence[Any]],
    *,
    space: str = SPACE,
) -> DatasetTable:
    """A Parquet of these rows, and the table that it is."""
    typed_columns = tuple(TypedColumn(name, kind) for name, kind in columns)
    cells = ", ".join(
        f"column{rank + 1}::{column.sql_type} AS {identifier(column.name)}"
        for rank, column in enumerate(typed_columns)
    )
    with open_cursor() as connection:
        types = ", ".join(
            [
                "column0 BIGINT",
                *(
                    f"column{rank + 1} {column.sql_type}"
                    for rank, column in enumerate(typed_columns)
                ),
            ]
        )
        connection.execute(f"CREATE TEMP TABLE raw ({types})")
        if rows:
            places = f"({', '.join('?' * (len(typed_columns) + 1))})"
            values = [cell for line, row in enumerate(rows, 2) for cell in (line, *row)]
            connection.execute(
                f"INSERT INTO raw VALUES {', '.join([places] * len(rows))}", values
            )
        connection.execute(
            f"COPY (SELECT column0 AS __line, {cells} FROM raw ORDER BY 1) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return table_at(path, typed_columns, len(rows), space=space)


def table_at(
    path: Path, columns: tuple[TypedColumn, ...], rows: int, *, space: str = SPACE
) -> DatasetTable:
    """A table whose Parquet is there."""
    return DatasetTable(
        path, columns, rows, digest=str(path), space=space, name="arbres", title="Arbres remarquables",
        modified=WRITTEN, landing="https://node.example/datasets/1",
    )  # fmt: skip
