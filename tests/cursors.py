"""DuckDB for what tests write and read back: one database a process, a connection of its own for each use."""

from functools import cache

import duckdb


@cache
def _open_database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1, "async_threads": 0})


def open_cursor() -> duckdb.DuckDBPyConnection:
    """A connection whose temporary tables are its own: to make a database for each takes 12 ms of processor."""
    return _open_database().cursor()
