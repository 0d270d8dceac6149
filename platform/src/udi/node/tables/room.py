"""Work of DuckDB that a table can do without."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from udi.kit.disk_space import is_full


@contextmanager
def left_out() -> Iterator[None]:
    """Work of DuckDB that one does without where it takes too much memory, not where the disk is full."""
    try:
        yield
    except (duckdb.Error, MemoryError) as error:
        if is_full(error):
            raise
