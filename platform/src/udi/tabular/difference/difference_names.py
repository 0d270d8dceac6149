"""Which columns of two versions are the same, which were renamed, added, removed or changed type."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import duckdb

from udi.tabular.columns.column import TypedColumn
from udi.tabular.sandbox.duckdb_sandbox import identifier
from udi.tabular.schemas.schema import fold_name

SIMILAR_RATIO = 0.75
SAME_VALUES = 0.8
SAMPLED = 2_000


@dataclass(frozen=True)
class ColumnMatching:
    """Columns of two versions; `shared` are (old, new) of each that is in both, whatever its name."""

    shared: tuple[tuple[TypedColumn, TypedColumn], ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    retyped: tuple[tuple[str, str, str], ...]


def compare_names(
    connection: duckdb.DuckDBPyConnection,
    old: Sequence[TypedColumn],
    new: Sequence[TypedColumn],
) -> ColumnMatching:
    """Compare the columns of `table0` and `table1`; a rename is guessed from the name or from the values."""
    before = {column.name: column for column in old}
    after = {column.name: column for column in new}
    gone = [column for column in old if column.name not in after]
    come = [column for column in new if column.name not in before]
    renamed = _find_renames(connection, gone, come)
    shared = [
        (before[name], column) for name, column in after.items() if name in before
    ]
    shared += [(before[was], after[now]) for was, now in renamed]
    order = list(after)
    return ColumnMatching(
        shared=tuple(sorted(shared, key=lambda both: order.index(both[1].name))),
        added=tuple(
            column.name
            for column in come
            if column.name not in {now for _, now in renamed}
        ),
        removed=tuple(
            column.name
            for column in gone
            if column.name not in {was for was, _ in renamed}
        ),
        renamed=tuple(renamed),
        retyped=tuple(
            (now.name, was.type, now.type)
            for was, now in shared
            if was.type != now.type
        ),
    )


def _find_renames(
    connection: duckdb.DuckDBPyConnection,
    gone: Sequence[TypedColumn],
    come: Sequence[TypedColumn],
) -> list[tuple[str, str]]:
    """The likeliest pairs first; each column once."""
    scored = [
        (score, was.name, now.name)
        for was in gone
        for now in come
        if was.sql_type == now.sql_type
        and (score := _similarity(connection, was.name, now.name))
    ]
    pairs: dict[str, str] = {}
    for _, was, now in sorted(scored, reverse=True):
        if was not in pairs and now not in pairs.values():
            pairs[was] = now
    return list(pairs.items())


def _similarity(connection: duckdb.DuckDBPyConnection, was: str, now: str) -> float:
    """Between 0 (no sign of a rename) and 2."""
    if fold_name(was) == fold_name(now):
        return 2.0
    ratio = SequenceMatcher(None, fold_name(was), fold_name(now)).ratio()
    values = _shared_values(connection, was, now)
    if values >= SAME_VALUES or (ratio >= SIMILAR_RATIO and values > 0):
        return ratio + values
    return 0.0


def _shared_values(connection: duckdb.DuckDBPyConnection, was: str, now: str) -> float:
    """How many of the first different values of each are found in the other's; few values are no sign."""
    first, second = (
        {value for (value,) in _first_values(connection, table, name)}
        for table, name in ((0, was), (1, now))
    )
    smallest = min(len(first), len(second))
    if smallest > 2:  # noqa: PLR2004 - yes and no
        return len(first & second) / max(len(first), len(second))
    return 0.0


def _first_values(
    connection: duckdb.DuckDBPyConnection, table: int, name: str
) -> list[tuple[object]]:
    sample = f"SELECT hash({identifier(name)}) AS mark FROM table{table} WHERE {identifier(name)} IS NOT NULL LIMIT {SAMPLED}"
    return connection.execute(f"SELECT DISTINCT mark FROM ({sample})").fetchall()
