"""The column, or the two, that name a row in both versions of a table."""

import re
from collections.abc import Sequence
from itertools import combinations

import duckdb

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.schemas.schema import fold_name

MOST_TRIED = 30
MOST_PAIRED = 6
NEARLY = 0.85
"""Share of different values under which exact counting is not worth it: the estimate errs by some per cent."""
NAMED = re.compile(
    r"(^|[^a-z])(id|ids|uid|uuid|gid|fid|objectid|code|cle|key|ref|reference|identifiant|matricule|numero|num)([^a-z]|$)"
)
CODES = frozenset(
    {
        ColumnType.CODE,
        ColumnType.UUID,
        ColumnType.SIRET,
        ColumnType.SIREN,
        ColumnType.COMMUNE,
        ColumnType.DEPARTMENT,
    }
)
NEVER = frozenset(
    {
        ColumnType.NUMBER,
        ColumnType.LATITUDE,
        ColumnType.LONGITUDE,
        ColumnType.EMPTY,
        ColumnType.BOOLEAN,
    }
)


def find_key(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn]
) -> tuple[str, ...]:
    """Names of the key's columns in the views `old` and `new` (`c0`, `c1` … in the order of `columns`), or none."""
    if _is_empty(connection):
        return ()
    tried = sorted(
        (index for index, column in enumerate(columns) if _may_be_key(column)),
        key=lambda i: key_rank(columns[i]),
    )
    tried = tried[:MOST_TRIED]
    if not tried:
        return ()
    shares = _distinct_shares(connection, tried)
    for index in tried:
        if shares[index] >= NEARLY and _is_unique_key(connection, (index,)):
            return (columns[index].name,)
    likely = sorted(tried, key=lambda index: -shares[index])[:MOST_PAIRED]
    for pair in combinations(sorted(likely, key=tried.index), 2):
        if shares[pair[0]] + shares[pair[1]] > 0 and _is_unique_key(connection, pair):
            return tuple(columns[index].name for index in sorted(pair))
    return ()


def _is_empty(connection: duckdb.DuckDBPyConnection) -> bool:
    row = connection.execute(
        "SELECT EXISTS (FROM old) AND EXISTS (FROM new)"
    ).fetchone()
    return not (row and row[0])


def _may_be_key(column: TypedColumn) -> bool:
    return column.type not in NEVER


def key_rank(column: TypedColumn) -> int:
    """Identifiers first, then codes, then the rest in the order of the file."""
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", column.name).lower()
    if NAMED.search(name) or fold_name(column.name).startswith(("id", "code")):
        return 0
    if column.type in CODES:
        return 1
    return 2


def _distinct_shares(
    connection: duckdb.DuckDBPyConnection, tried: Sequence[int]
) -> dict[int, float]:
    """The estimated share of different values of each, in the version where it is smaller."""
    estimates = ", ".join(f"approx_count_distinct(c{index})" for index in tried)
    shares: dict[int, float] = dict.fromkeys(tried, 1.0)
    for side in ("old", "new"):
        rows, *counts = connection.execute(
            f"SELECT count(*), {estimates} FROM {side}"
        ).fetchone() or (1,)
        for index, count in zip(tried, counts, strict=True):
            shares[index] = min(shares[index], count / rows)
    return shares


def _is_unique_key(connection: duckdb.DuckDBPyConnection, key: Sequence[int]) -> bool:
    """Filled and unique in both versions, with at least one value in both."""
    cells = ", ".join(f"c{index}" for index in key)
    empty = " OR ".join(f"c{index} IS NULL" for index in key)
    for side in ("old", "new"):
        repeated = f"SELECT 1 FROM {side} GROUP BY {cells} HAVING count(*) > 1 LIMIT 1"
        if connection.execute(f"SELECT 1 FROM {side} WHERE {empty} LIMIT 1").fetchone():
            return False
        if connection.execute(repeated).fetchone():
            return False
    same = " AND ".join(f"o.c{index} = n.c{index}" for index in key)
    return bool(
        connection.execute(
            f"SELECT 1 FROM old o JOIN new n ON {same} LIMIT 1"
        ).fetchone()
    )
