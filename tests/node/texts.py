"""Tables of texts and typed tables as the conversion leaves them, for the tests of what reads them."""

from collections.abc import Sequence
from pathlib import Path

from tests.cursors import open_cursor
from udi.tabular.columns.column import LINE, TypedColumn
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal

Cell = str | int | float | bool | None


def write_table(
    path: Path,
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[object]],
    *,
    first_line: int = 2,
) -> Path:
    """A Parquet of (name, DuckDB's type) columns below `__line`."""
    with open_cursor() as connection:
        defined = ", ".join(f"{identifier(name)} {kind}" for name, kind in columns)
        connection.execute(
            f"CREATE TEMP TABLE t ({identifier(LINE)} BIGINT, {defined})"
        )
        if rows:
            marks = ", ".join("?" * (len(columns) + 1))
            lines = [[line, *row] for line, row in enumerate(rows, first_line)]
            connection.executemany(f"INSERT INTO t VALUES ({marks})", lines)
        connection.execute(
            f"COPY t TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
        )
    return path


def write_texts(
    path: Path,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    first_line: int = 2,
) -> Path:
    """A table of texts: every column as the file writes it, trimmed; line 2 is the first record's."""
    padded = [
        [row[index].strip() if index < len(row) else "" for index in range(len(names))]
        for row in rows
    ]
    return write_table(
        path, [(name, "VARCHAR") for name in names], padded, first_line=first_line
    )


def write_typed(
    path: Path, columns: Sequence[TypedColumn], rows: Sequence[Sequence[Cell]]
) -> Path:
    """A typed table."""
    return write_table(
        path, [(column.name, column.sql_type) for column in columns], rows
    )
