"""The view that a producer chose for its dataset: what the page of the data shows where its address asks nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from udi.kit.errors import InvalidError, Refusal
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.explore_query import (
    CARDS,
    CHART,
    GROUP,
    MAP,
    TABLE,
    ExploreQuery,
    Pairs,
)
from udi.node.datasets.pages.explore.query_words import (
    SETTINGS,
    ExploredColumns,
    read_explore_query,
)
from udi.node.datasets.pages.explore.view_registry import list_offered
from udi.node.datasets.versions.view_values import holds_values
from udi.tabular.messages.query_errors import HiddenColumnError
from udi.tabular.queries.query_string import parse_parameters
from udi.tabular.queries.table import DatasetTable

SAVED_VIEWS = frozenset({TABLE, CARDS, GROUP, CHART, MAP})
"""Ways to look that a dataset may open with: not one row, not the panel of a column."""


class DefaultViewState(StrEnum):
    """How the view that is looked at stands to the dataset's own; `broken`: that one names what this table has not."""

    NONE = "none"
    CURRENT = "current"
    OTHER = "other"
    BROKEN = "broken"


@dataclass(frozen=True)
class DefaultView:
    """The dataset's own view as this reader's table allows it; `query` is None where there is none that may be shown."""

    text: str
    query: ExploreQuery | None
    refusals: tuple[Refusal, ...] = ()
    """What of it the table has not any more, or what it takes too much of."""

    def find_state(self, query: ExploreQuery) -> DefaultViewState:
        """How a view stands to it."""
        if not self.text:
            return DefaultViewState.NONE
        if self.query is None:
            return DefaultViewState.BROKEN
        if view_pairs(self.query) == view_pairs(query):
            return DefaultViewState.CURRENT
        return DefaultViewState.OTHER


def explored_columns(table: DatasetTable, territory: Territory) -> ExploredColumns:
    """What an address may name of a table."""
    return ExploredColumns(table.columns, table.hidden, list_offered(table, territory))


def read_default_view(table: DatasetTable, territory: Territory) -> DefaultView:
    """The dataset's own view for whoever reads this table.

    Of a part that an agreement opens, it is shown if it names visible columns alone and holds no value of the table: a
    filter, a word, a place and the width of a step may all come from what the agreement does not show.
    """
    text = table.default_view
    if not text:
        return DefaultView("", None)
    try:
        query = read_explore_query(
            parse_parameters(text), explored_columns(table, territory)
        )
    except (HiddenColumnError, InvalidError):
        return DefaultView(text, None)
    if query.refusals or (table.is_part and holds_values(text)):
        return DefaultView(text, None, query.refusals)
    return DefaultView(text, replace(query, has_default=True))


def asks_nothing(parameters: Sequence[tuple[str, str]]) -> bool:
    """Whether an address has no word of a view: the dataset's own is then shown."""
    return all(name in SETTINGS for name, _ in parameters)


def view_pairs(query: ExploreQuery) -> Pairs:
    """What is kept of a view: every parameter but the page and the settings."""
    return replace(query, page=1, settings=(), column="", has_default=False).pairs
