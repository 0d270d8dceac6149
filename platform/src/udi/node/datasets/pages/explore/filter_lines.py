"""The filters of a view as sentences, each with the address of the same view without it."""

from dataclasses import dataclass

from udi.node.datasets.pages.explore.explore_query import ExploreQuery
from udi.tabular.queries.query import SEARCH


@dataclass(frozen=True)
class FilterLine:
    """One filter; a combination of several has no column, and the search has the operation `q`."""

    column: str
    operation: str
    value: str
    removal: str
    """The address without it."""


def list_filters(query: ExploreQuery, path: str) -> list[FilterLine]:
    """The search, then each filter."""
    lines = []
    if query.search:
        without = query.address(path, search="")
        lines.append(FilterLine("", SEARCH, query.search, without))
    for pair in query.filters:
        name, value = pair
        column, _, operation = name.rpartition("__")
        rest = tuple(other for other in query.filters if other != pair)
        without = query.address(path, filters=rest)
        lines.append(FilterLine(column, operation or name, value, without))
    return lines
