"""What a table looks like is prepared again after a failure, and a page knows whether it is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.node.made_tables import table_at
from udi.kit.errors import UnavailableError
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.overviews.overview import READY_ROWS, OverviewReader
from udi.tabular.queries.pool import ParquetReader, QueryPool


class BusyPool(QueryPool):
    """A pool whose turn never comes."""

    attempts = 0

    @asynccontextmanager
    async def acquire_reader(
        self,
        space: str,  # noqa: ARG002 - as the pool's
        path: Path,  # noqa: ARG002 - as the pool's
        *,
        seconds: float = 0,  # noqa: ARG002 - as the pool's
    ) -> AsyncIterator[ParquetReader]:
        """Refuse."""
        self.attempts += 1
        raise UnavailableError("The node is busy.")
        yield


async def test_a_long_table_is_prepared_again_after_a_failure(tmp_path: Path) -> None:
    table = table_at(
        tmp_path / "t.parquet", (TypedColumn("n", ColumnType.INTEGER),), READY_ROWS + 1
    )
    pool = BusyPool()
    reader = OverviewReader(pool)

    for _ in range(2):
        assert await reader.find_statistics(table) == ()
        await reader.wait_prepared()

    assert pool.attempts == 2
    assert not reader.is_ready(table)
