"""Pages of a table: few rows at a time, from either end, never from the depths of a sorted one."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from udi.tabular.queries.pool import ParquetReader, QueryPool, QueryTooHeavyError
from udi.tabular.queries.query import Query, result_names
from udi.tabular.queries.sql import Statement, count_statement, page_statement
from udi.tabular.queries.table import DatasetTable

DEEPEST_SORTED = 100_000
MOST_TOTALS = 2_000


@dataclass(frozen=True)
class RowPage:
    """A page of an answer."""

    names: list[str]
    rows: list[list[Any]]
    total: int

    @property
    def items(self) -> list[dict[str, Any]]:
        """One object a row."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


class RowPageReader:
    """Reads pages through the pool, and remembers how many rows an answer had."""

    def __init__(self, pool: QueryPool) -> None:
        self.pool = pool
        self._totals: OrderedDict[tuple[str, Statement], int] = OrderedDict()

    async def read_page(self, table: DatasetTable, query: Query) -> RowPage:
        """The rows that a question asks for.

        Raises:
            QueryTooHeavyError: the page is too far in a sorted answer, or the question too heavy.
            TooManyRequestsError: too many questions about this producer's tables wait already.
            UnavailableError: the turn did not come in time, or the child died.
        """
        async with self.pool.acquire_reader(
            table.space, table.path, budget=table.query_budget
        ) as reader:
            total = await self._total(reader, table, query)
            rows = await _rows(reader, table, query, total)
        return RowPage(result_names(query, table.columns), rows, total)

    async def close(self) -> None:
        """End the children."""
        await self.pool.close()

    async def _total(
        self, reader: ParquetReader, table: DatasetTable, query: Query
    ) -> int:
        if not query.where and not query.is_grouped:
            return table.rows
        statement = count_statement(query, table.columns)
        key = (table.digest, statement)
        if key not in self._totals:
            self._totals[key] = int((await reader.fetch(statement))[0][0])
        self._totals.move_to_end(key)
        while len(self._totals) > MOST_TOTALS:
            self._totals.popitem(last=False)
        return self._totals[key]


async def _rows(
    reader: ParquetReader, table: DatasetTable, query: Query, total: int
) -> list[list[Any]]:
    limit = min(query.size, total - query.offset)
    if limit <= 0:
        return []
    offset = query.offset
    backwards = False
    if query.sort or query.is_grouped:
        beyond = total - offset - limit
        if beyond < offset:
            offset = beyond
            backwards = True
        if offset > DEEPEST_SORTED:
            raise QueryTooHeavyError(
                "This page is too far in a sorted answer.",
                remedy="Filter the rows, leave out the sort, or download the whole table.",
            )
    statement = page_statement(
        query, table.columns, limit=limit, offset=offset, backwards=backwards
    )
    rows = await reader.fetch(statement)
    if backwards:
        return rows[::-1]
    return rows
