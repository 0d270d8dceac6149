"""Parquet files as the views of a locked DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from udi.tabular.sandbox.duckdb_sandbox import MEMORY, Connection, connect, literal

THREADS = 2


@contextmanager
def open_parquet_views(
    *files: Path,
    scratch: Path | None = None,
    memory: str = MEMORY,
    threads: int = THREADS,
) -> Iterator[Connection]:
    """A connection in which each file is a view `table0`, `table1` … ; `scratch` is a folder for what exceeds memory."""
    connection = connect(*files, memory=memory, threads=threads, spill=scratch)
    try:
        for index, file in enumerate(files):
            connection.execute(
                f"CREATE VIEW table{index} AS SELECT * FROM read_parquet({literal(file)})"
            )
        yield connection
    finally:
        connection.close()
