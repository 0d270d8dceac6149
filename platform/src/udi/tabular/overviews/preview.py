"""The first rows of a typed table, cut so that a page stays light."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udi.tabular.columns.column import LINE, ColumnType, TypedColumn
from udi.tabular.sandbox.duckdb_sandbox import connect, identifier

ROWS = 20
COLUMNS = 60
LONGEST = 120
NUMERIC = {
    ColumnType.INTEGER,
    ColumnType.NUMBER,
    ColumnType.LATITUDE,
    ColumnType.LONGITUDE,
}


@dataclass(frozen=True)
class Preview:
    """The first rows with their lines in the file; `columns` are those shown, `hidden` how many more there are."""

    columns: tuple[TypedColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    lines: tuple[int, ...]
    total: int
    hidden: int = 0


def preview_rows(
    parquet: Path, columns: Sequence[TypedColumn], limit: int = ROWS
) -> Preview:
    """The first rows as Python values: numbers, dates, texts (cut), None."""
    visible_columns = tuple(columns[:COLUMNS])
    read = ", ".join([LINE, *(_cell_expression(column) for column in visible_columns)])
    with connect(parquet) as connection:
        rows = connection.execute(
            f"SELECT {read} FROM read_parquet(?) LIMIT {limit}", [str(parquet)]
        ).fetchall()
        total = connection.execute(
            "SELECT count(*) FROM read_parquet(?)", [str(parquet)]
        ).fetchone()
    return Preview(
        columns=visible_columns,
        rows=tuple(tuple(row[1:]) for row in rows),
        lines=tuple(row[0] for row in rows),
        total=total[0] if total else 0,
        hidden=len(columns) - len(visible_columns),
    )


def _cell_expression(column: TypedColumn) -> str:
    name = identifier(column.name)
    if column.sql_type != "VARCHAR":
        return name
    return f"CASE WHEN length({name}) > {LONGEST} THEN left({name}, {LONGEST - 1}) || '…' ELSE {name} END"
