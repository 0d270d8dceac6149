"""Parquet that comes in as such."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from udi.tabular.columns.column import LINE
from udi.tabular.formats.delimited_text import Row
from udi.tabular.messages.notes import Note, UnreadableTableError
from udi.tabular.sandbox.duckdb_sandbox import connect, identifier, literal

BYTES = ("BLOB", "GEOMETRY", "WKB_BLOB")
NESTED = ("STRUCT", "MAP", "UNION")
BATCH = 500


def parquet_columns(
    connection: duckdb.DuckDBPyConnection, path: Path
) -> tuple[list[tuple[str, str]], list[Note]]:
    """Name and SQL as text of each column; columns of bytes are left out, and that is noted.

    Raises:
        UnreadableError: the file is damaged, or has no column to show.
    """
    try:
        described = connection.execute(
            f"describe select * from read_parquet({literal(path)})"
        ).fetchall()
    except (duckdb.Error, RuntimeError) as error:
        code = "damaged"
        raise UnreadableTableError(code) from error
    columns = [
        (column, _as_text(column, kind))
        for column, kind, *_ in described
        if not kind.startswith(BYTES)
    ]
    left_out = [
        Note("left_out_column", column)
        for column, kind, *_ in described
        if kind.startswith(BYTES)
    ]
    if not columns:
        raise UnreadableTableError("no_table")
    return columns, left_out


def _as_text(column: str, kind: str) -> str:
    nested = kind.endswith("]") or kind.startswith(NESTED)
    if nested:
        return f"to_json({identifier(column)})::varchar"
    return f"{identifier(column)}::varchar"


def parquet_relation(
    path: Path, columns: Sequence[tuple[str, str]], names: tuple[str, ...]
) -> str:
    """SQL of a Parquet file as a table of text with the number of each row."""
    listed = ", ".join(
        f"{sql} as {identifier(named)}"
        for (_, sql), named in zip(columns, names, strict=True)
    )
    return (
        f"select file_row_number + 1 as {identifier(LINE)}, {listed} "
        f"from read_parquet({literal(path)}, file_row_number = true)"
    )


def parquet_rows(path: Path) -> Iterator[Row]:
    """The rows of a Parquet file as text, each with its number."""
    connection = connect(path)
    columns, _ = parquet_columns(connection, path)
    numbered = tuple(f"c{index}" for index in range(len(columns)))
    try:
        connection.execute(parquet_relation(path, columns, numbered))
        while batch := connection.fetchmany(BATCH):
            for line, *cells in batch:
                yield line, [cell or "" for cell in cells]
    except (duckdb.Error, RuntimeError) as error:
        code = "damaged"
        raise UnreadableTableError(code) from error
    finally:
        connection.close()
