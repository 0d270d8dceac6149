"""Rows of other tables that the page of a dataset shows, all read by one statement.

A page asks many tables about its dataset, and most have nothing: each statement of its own took a round trip.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from udi.kit.read_connections import StatementReader

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]
RowsByStatement = Mapping[str, Rows]


@dataclass(frozen=True)
class RelatedRows(Generic[T]):
    """A statement of the driver's that reads something about a dataset, and what its rows become.

    Of its parameters, `$1` is the identifier of the dataset and `$2` are the numbers of the datasets near it.
    """

    statement: str
    parse: Callable[[Rows], T]

    def read(self, rows_by_statement: RowsByStatement) -> T:
        """What `fetch_related_rows` found for it."""
        return self.parse(rows_by_statement[self.statement])


async def fetch_related_rows(
    rows: StatementReader,
    dataset_id: UUID,
    near: Sequence[int],
    related: Sequence[RelatedRows[Any]],
) -> RowsByStatement:
    """The rows of several statements about a dataset; one of them at least names `$2`."""
    statements = [one.statement for one in related]
    lists = (
        f"ARRAY(SELECT ROW(line.*) FROM ({statement}) AS line)"
        for statement in statements
    )
    [record] = await rows.fetch(f"SELECT {', '.join(lists)}", dataset_id, near)
    return dict(zip(statements, record, strict=True))
