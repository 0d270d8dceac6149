"""What makes a table harder to reuse, seen in its cells: counted by DuckDB, no value kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from udi.tabular.columns.column import LINE, ColumnType, TypedColumn
from udi.tabular.difference.row_keys import MOST_TRIED, NEARLY, key_rank
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal

TOTAL = (
    r"(?i)\s*(sous[- ]?total|total|totaux|ensemble|somme|sum|grand total)(\s.*|:.*)?"
)
NUMBER = r"[-+]?[0-9][0-9\x{00A0}\x{202F} ]*([.,][0-9]+)?\s*[%€$£]?"
MIXED_LEAST = 0.5
MIXED_MOST = 0.98
FEWEST_ROWS = 4
MERGED_EMPTY = 0.5
MOST_LISTED = 20


@dataclass(frozen=True)
class TableFacts:
    """Facts about a table; columns by name, `totals` by the line of the producer's file."""

    rows: int = 0
    empty: tuple[str, ...] = ()
    key: str = ""
    repeated: int = 0
    """Rows that are a copy of another one."""
    totals: tuple[int, ...] = ()
    mixed: tuple[str, ...] = ()
    """Mostly numbers, with words among them."""
    merged: tuple[str, ...] = ()
    """Filled on the first of several lines only, as merged cells leave them."""

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "TableFacts":
        """What `as_json` gave."""
        parts: dict[str, Any] = {
            name: tuple(part) if isinstance(part, list) else part
            for name, part in value.items()
        }
        return cls(**parts)


def inspect_table(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn]
) -> TableFacts:
    """Look for what an advice may mend at the table that a connection shows as `table0` (`open_parquet_views`)."""
    if not columns:
        return TableFacts()
    rows, filled = _filled(connection, columns)
    empty = tuple(
        column.name for column, count in zip(columns, filled, strict=True) if not count
    )
    if rows < FEWEST_ROWS:
        return TableFacts(rows=rows, empty=empty)
    return TableFacts(
        rows=rows,
        empty=empty,
        key=_key(connection, columns, rows),
        repeated=_repeated(connection, columns, rows),
        totals=_totals(connection, columns),
        mixed=tuple(_mixed(connection, columns)),
        merged=_merged(connection, columns, filled, rows),
    )


def _filled(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn]
) -> tuple[int, list[int]]:
    counts = ", ".join(f"count({_text_or_null(column)})" for column in columns)
    rows, *filled = connection.execute(
        f"SELECT count(*), {counts} FROM table0"
    ).fetchone() or (0,)
    return rows, filled


def _text_or_null(column: TypedColumn) -> str:
    """A cell that says something; an empty text says nothing."""
    name = identifier(column.name)
    if column.sql_type == "VARCHAR":
        return f"nullif({name}, '')"
    return name


def _key(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn], rows: int
) -> str:
    """The first column that names each row, identifiers before others."""
    for column in sorted(columns, key=key_rank)[:MOST_TRIED]:
        name = identifier(column.name)
        estimate = f"SELECT approx_count_distinct({name}), count({_text_or_null(column)}) FROM table0"
        different, filled = connection.execute(estimate).fetchone() or (0, 0)
        if filled == rows and different > NEARLY * rows:
            repeated = (
                f"SELECT 1 FROM table0 GROUP BY {name} HAVING count(*) > 1 LIMIT 1"
            )
            if not connection.execute(repeated).fetchone():
                return column.name
    return ""


def _repeated(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn], rows: int
) -> int:
    marks = ", ".join(identifier(column.name) for column in columns)
    counted = f"SELECT count(DISTINCT hash({marks})) FROM table0"
    (different,) = connection.execute(counted).fetchone() or (rows,)
    return int(rows - different)


def _totals(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn]
) -> tuple[int, ...]:
    """Lines among the last whose text begins with a word for a total, beside at least one number."""
    texts = [column for column in columns if column.type is ColumnType.TEXT]
    numbers = [
        column
        for column in columns
        if column.type in {ColumnType.INTEGER, ColumnType.NUMBER}
    ]
    if not texts or not numbers:
        return ()
    says = " OR ".join(
        f"regexp_full_match({identifier(column.name)}, {literal(TOTAL)})"
        for column in texts[:MOST_LISTED]
    )
    number_condition = " OR ".join(
        f"{identifier(column.name)} IS NOT NULL" for column in numbers
    )
    rows = connection.execute(
        f"SELECT {identifier(LINE)} FROM table0 WHERE ({says}) AND ({number_condition}) ORDER BY 1 DESC LIMIT {MOST_LISTED}"
    ).fetchall()
    return tuple(sorted(line for (line,) in rows))


def _mixed(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn]
) -> list[str]:
    texts = [column for column in columns if column.type is ColumnType.TEXT]
    if not texts:
        return []
    shares = ", ".join(
        f"avg(CAST(regexp_full_match({_text_or_null(c)}, {literal(NUMBER)}) AS INTEGER))"
        for c in texts
    )
    row = connection.execute(f"SELECT {shares} FROM table0").fetchone() or ()
    return [
        column.name
        for column, share in zip(texts, row, strict=True)
        if share is not None and MIXED_LEAST <= share <= MIXED_MOST
    ]


def _merged(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[TypedColumn],
    filled: Sequence[int],
    rows: int,
) -> tuple[str, ...]:
    """Among the first columns, those filled on the first row and empty on most others, no value twice."""
    merged = []
    for column, count in list(zip(columns, filled, strict=True))[:3]:
        if not 1 < count <= rows * (1 - MERGED_EMPTY) or column.sql_type != "VARCHAR":
            continue
        cell = _text_or_null(column)
        first = f"(SELECT {cell} FROM table0 ORDER BY {identifier(LINE)} LIMIT 1) IS NOT NULL"
        row = connection.execute(
            f"SELECT {first}, count(DISTINCT {cell}) = count({cell}) FROM table0"
        ).fetchone()
        if row == (True, True):
            merged.append(column.name)
    return tuple(merged)
