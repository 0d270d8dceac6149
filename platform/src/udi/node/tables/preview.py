"""The first rows of a typed table, cut so that a page stays light."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udi.node.tables.column import LINE, ColumnType, TypedColumn
from udi.node.tables.locked import connect, quoted

ROWS, COLUMNS, LONGEST = 20, 60, 120
NUMERIC = {ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.LATITUDE, ColumnType.LONGITUDE}


@dataclass(frozen=True)
class Preview:
    """The first rows with their lines in the file; `columns` are those shown, `hidden` how many more there are."""

    columns: tuple[TypedColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    lines: tuple[int, ...]
    total: int
    hidden: int = 0


def preview_rows(parquet: Path, columns: Sequence[TypedColumn], limit: int = ROWS) -> Preview:
    """The first rows as Python values: numbers, dates, texts (cut), None."""
    shown = tuple(columns[:COLUMNS])
    read = ", ".join([LINE, *(_read(column) for column in shown)])
    with connect(parquet) as connection:
        rows = connection.execute(f"SELECT {read} FROM read_parquet(?) LIMIT {limit}", [str(parquet)]).fetchall()
        total = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(parquet)]).fetchone()
    return Preview(
        columns=shown,
        rows=tuple(tuple(row[1:]) for row in rows),
        lines=tuple(row[0] for row in rows),
        total=total[0] if total else 0,
        hidden=len(columns) - len(shown),
    )


def _read(column: TypedColumn) -> str:
    name = quoted(column.name)
    if column.stored != "VARCHAR":
        return name
    return f"CASE WHEN length({name}) > {LONGEST} THEN left({name}, {LONGEST - 1}) || '…' ELSE {name} END"
