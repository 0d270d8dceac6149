"""The ways to look at a table."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.explore_query import ExploreQuery
from udi.node.datasets.pages.messages import PageRequest
from udi.node.tables.addresses import TableAddresses
from udi.tabular.queries.table import DatasetTable


@dataclass(frozen=True)
class ExploreContext:
    """What a way to look works with: a table that this reader may read, on this machine, and what is asked of it.

    Everything that a view shows is read from `table`, never from the dataset: where an agreement opens a part, the table
    is that part, and there is nothing else to guard.
    """

    request: PageRequest
    territory: Territory
    dataset_id: UUID
    table: DatasetTable
    query: ExploreQuery
    locale: str
    path: str
    """The address of the page, without its query."""

    @property
    def addresses(self) -> TableAddresses:
        """The addresses of the table."""
        return TableAddresses.of(self.dataset_id, self.table)


ReadView = Callable[[ExploreContext], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class ExploreView:
    """A way to look: its template, of which tables it is offered, and what the template is given."""

    name: str
    template: str
    is_offered: Callable[[DatasetTable, Territory], bool]
    read: ReadView
    """May raise `QueryTooHeavyError`: the page then says so, and keeps its filters."""
