"""Checks that look at several rows: unique columns, primary keys, foreign keys inside one package."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from udi.tabular.columns.column import LINE
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal
from udi.tabular.schemas.column_pairs import Pairs
from udi.tabular.schemas.predicates import fits, number_of
from udi.tabular.schemas.report import LONGEST_VALUE
from udi.tabular.schemas.schema import NUMERIC, ForeignKey, SchemaField, TableSchema


@dataclass(frozen=True)
class KeyViolations:
    """Cells of `column` that are wrong together: how many, and SQL of their (line, value, expected)."""

    place: int
    column: str
    kind: str
    cells: int
    label: str
    """The column, or the columns, as they are named to the person."""
    query: str


def check_keys(
    connection: duckdb.DuckDBPyConnection,
    pairs: Pairs,
    schema: TableSchema,
    others: Sequence[str],
) -> list[KeyViolations]:
    """Check what the view `cells` repeats or points at; `others` name the tables `table1` … ."""
    return [
        *_check_uniqueness(connection, pairs, schema),
        *(
            violation
            for key in schema.foreign_keys
            for violation in _orphans(connection, pairs, key, others)
        ),
    ]


def _check_uniqueness(
    connection: duckdb.DuckDBPyConnection, pairs: Pairs, schema: TableSchema
) -> Iterator[KeyViolations]:
    indexes = {field.name: index for index, (field, _) in enumerate(pairs)}
    keys: list[tuple[str, tuple[str, ...]]]
    keys = [
        ("unique", (field.name,))
        for field, _ in pairs
        if field.unique and (field.name,) != schema.primary_key
    ]
    keys += [("unique", key) for key in schema.unique_keys]
    if schema.primary_key:
        keys.append(("primary_key", schema.primary_key))
    for kind, names in keys:
        if all(name in indexes for name in names):
            yield _duplicates(
                connection, pairs, [indexes[name] for name in names], kind
            )
            if kind == "primary_key" and not any(
                pairs[indexes[name]][0].required for name in names
            ):
                yield _empty_keys(connection, pairs, [indexes[name] for name in names])


def _duplicates(
    connection: duckdb.DuckDBPyConnection, pairs: Pairs, key: Sequence[int], kind: str
) -> KeyViolations:
    """Every row but the first of each value, which it names."""
    parts = ", ".join(
        f"{_comparable(pairs[index][0], f'v{index}')} AS k{place}"
        for place, index in enumerate(key)
    )
    names = ", ".join(f"k{place}" for place in range(len(key)))
    condition = " OR ".join(f"k{place} IS NOT NULL" for place in range(len(key)))
    twice = "_".join(("twice", kind, *map(str, key)))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {twice} AS SELECT {names}, min(line) AS first, count(*) AS number"
        f" FROM (SELECT {identifier(LINE)} AS line, {parts} FROM cells) WHERE {condition}"
        f" GROUP BY {names} HAVING count(*) > 1"
    )
    (cells,) = connection.execute(
        f"SELECT coalesce(sum(number - 1), 0)::BIGINT FROM {twice}"
    ).fetchone() or (0,)
    same = " AND ".join(
        f"all_keys.k{place} IS NOT DISTINCT FROM {twice}.k{place}"
        for place in range(len(key))
    )
    joined_values = " || ', ' || ".join(f"coalesce(v{index}, '')" for index in key)
    query = (
        f"SELECT line, shown AS value, first::VARCHAR AS expected FROM (SELECT {identifier(LINE)} AS line,"
        f" left({joined_values}, {LONGEST_VALUE}) AS shown, {parts} FROM cells) all_keys JOIN {twice} ON {same}"
        " WHERE line > first"
    )
    return KeyViolations(
        key[0], pairs[key[0]][1], kind, cells, _column_label(pairs, key), query
    )


def _column_label(pairs: Pairs, key: Sequence[int]) -> str:
    return ", ".join(pairs[index][1] for index in key)


def _comparable(field: SchemaField, value: str) -> str:
    """A cell as its type compares it: 1 and 01 are the same integer; what is of another type is nothing."""
    comparable = number_of(field, value) if field.type in NUMERIC else value
    right = fits(field, value)
    if right == "true":
        return comparable
    return f"CASE WHEN {right} THEN {comparable} END"


def _empty_keys(
    connection: duckdb.DuckDBPyConnection, pairs: Pairs, key: Sequence[int]
) -> KeyViolations:
    nothing = " AND ".join(f"v{index} IS NULL" for index in key)
    (cells,) = connection.execute(
        f"SELECT count(*) FROM cells WHERE {nothing}"
    ).fetchone() or (0,)
    query = f"SELECT {identifier(LINE)} AS line, '' AS value, '' AS expected FROM cells WHERE {nothing}"
    return KeyViolations(
        key[0], pairs[key[0]][1], "required", cells, _column_label(pairs, key), query
    )


def _orphans(
    connection: duckdb.DuckDBPyConnection,
    pairs: Pairs,
    key: ForeignKey,
    others: Sequence[str],
) -> Iterator[KeyViolations]:
    """Rows that point at nothing; a key whose table is not given cannot be checked."""
    indexes = {field.name: index for index, (field, _) in enumerate(pairs)}
    if not all(name in indexes for name in key.fields) or (
        key.table and key.table not in others
    ):
        return
    key_indexes = [indexes[name] for name in key.fields]
    table = f"table{others.index(key.table) + 1}" if key.table else "table0"
    table_columns = {
        name for (name, *_) in connection.execute(f"DESCRIBE {table}").fetchall()
    }
    if not table_columns.issuperset(key.others):
        return
    values = ", ".join(f"v{index}" for index in key_indexes)
    condition = " AND ".join(f"v{index} IS NOT NULL" for index in key_indexes)
    targets = ", ".join(identifier(name) for name in key.others)
    same = " AND ".join(
        f"t.{identifier(name)} = v{index}"
        for index, name in zip(key_indexes, key.others, strict=True)
    )
    missing = f"FROM cells ANTI JOIN (SELECT DISTINCT {targets} FROM {table}) t ON {same} WHERE {condition}"
    (cells,) = connection.execute(f"SELECT count(*) {missing}").fetchone() or (0,)
    value = f"left(concat_ws(', ', {values}), {LONGEST_VALUE})"
    query = f"SELECT {identifier(LINE)} AS line, {value} AS value, {literal(key.table)} AS expected {missing}"
    yield KeyViolations(
        key_indexes[0],
        pairs[key_indexes[0]][1],
        "foreign_key",
        cells,
        _column_label(pairs, key_indexes),
        query,
    )
