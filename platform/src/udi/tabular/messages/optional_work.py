"""Work of DuckDB that a table can do without."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from udi.kit.disk_space import is_disk_full


@contextmanager
def allow_failure() -> Iterator[None]:
    """Work of DuckDB that one does without where it takes too much memory, not where the disk is full."""
    try:
        yield
    except (duckdb.Error, MemoryError) as error:
        if is_disk_full(error):
            raise
