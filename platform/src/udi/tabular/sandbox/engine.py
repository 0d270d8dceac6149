"""DuckDB inside a child: one Parquet a connection, everything else locked away.

What is known to hold (measured on 51 hostile statements): no other file can be read or written, nothing installed,
no setting changed. A statement has no time limit of its own: whoever asks kills the child.
"""

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

from udi.tabular.sandbox.duckdb_sandbox import Connection, connect, literal

MEMORY = "256MB"
EXPORT_MEMORY = "512MB"
MOST_KEPT = 4
LONGEST_ANSWER = 32 * 1024 * 1024
_open_connections: OrderedDict[tuple[str, int, int], Connection] = OrderedDict()


class AnswerTooLargeError(Exception):
    """The rows asked for hold more than one answer takes."""


def fetch(path: Path, sql: str, values: tuple[Any, ...]) -> bytes:
    """The rows of a statement about the view `t`, as a JSON array of arrays."""
    rows = _connection(path).execute(sql, list(values)).fetchall()
    content = json.dumps(
        rows, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()
    if len(content) > LONGEST_ANSWER:
        raise AnswerTooLargeError
    return content


def open_parquet(
    path: Path, *, memory: str = MEMORY, output: Path | None = None
) -> Connection:
    """A connection that sees one Parquet as the view `t`, and may write one file when told which."""
    reached = [path] if output is None else [path, output]
    connection = connect(
        *reached, memory=memory, statements=["SET late_materialization_max_rows = 1000"]
    )
    create_view(connection, literal(path))
    return connection


def _connection(path: Path) -> Connection:
    """The open connection of a Parquet, else a new one.

    The time of the file is not looked at: each request sets it, so that the copies nobody asks for are known.
    """
    facts = path.stat()
    key = (str(path), facts.st_ino, facts.st_size)
    connection = _open_connections.pop(key, None) or open_parquet(path)
    _open_connections[key] = connection
    while len(_open_connections) > MOST_KEPT:
        _open_connections.popitem(last=False)[1].close()
    return connection


def create_view(connection: Connection, file: str, name: str = "t") -> None:
    """The view `t`, or another name, of a Parquet, whose columns are named by rank: the line first, the typed ones, then geometries if there are, then the row's number."""
    facts = connection.execute(
        f"DESCRIBE SELECT * FROM read_parquet({file})"
    ).fetchall()
    ranks = ", ".join(["line", *(f"c{rank}" for rank in range(len(facts) - 1))])
    numbered = f"read_parquet({file}, file_row_number = true) AS x({ranks}, n)"
    if any(fact[0].lower() == "file_row_number" for fact in facts):
        numbered = f"(SELECT *, row_number() OVER () - 1 AS n FROM read_parquet({file}) AS x({ranks}))"
    connection.execute(f"CREATE VIEW {name} AS SELECT *, n + 1 AS r FROM {numbered}")
