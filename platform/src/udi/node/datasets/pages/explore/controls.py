"""What the tools of the page are given: choices of its forms, and the addresses of its links."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.explore_query import (
    CARDS,
    CHART,
    COLUMN,
    GROUP,
    MAP,
    TABLE,
    ExploreQuery,
)
from udi.node.datasets.pages.explore.filter_lines import list_filters
from udi.node.datasets.pages.explore.view_registry import list_offered
from udi.tabular.queries.query import LARGEST_PAGE, PAGE_SIZE, Operator
from udi.tabular.queries.table import DatasetTable

PAGE_SIZES = (PAGE_SIZE, 50, 100, LARGEST_PAGE)


def list_controls(
    query: ExploreQuery, table: DatasetTable, territory: Territory, path: str
) -> Mapping[str, Any]:
    """The same for every view."""
    views = list_offered(table, territory)
    whole_view = {"column": "", "groups": (), "sorts": _row_sorts(query)}
    return {
        "tabs": [
            (name, query.address(path, view=name, **whole_view))
            for name in (TABLE, CHART, MAP)
            if name in views
        ],
        "filters": list_filters(query, path),
        "filter_values": dict(query.filters),
        "column_options": [(column.name, column.name) for column in table.columns],
        "operations": [str(operator) for operator in Operator],
        "page_sizes": sorted({*PAGE_SIZES, query.size}),
        "page_address": partial(_page_address, query, path),
        "clear_address": query.address(path, search="", filters=()),
        "group_address": query.address(path, view=GROUP, column=""),
        "ungroup_address": query.address(path, view=TABLE, **whole_view),
        "ungrouped_fields": query_without_groups(query),
        "columns_address": query.address(path, view=COLUMN, column=""),
        "all_columns_address": query.address(path, view=TABLE, column="", columns=()),
        "cards_address": query.address(
            path,
            view=TABLE if query.view == CARDS else CARDS,
            page=query.page,
        ),
    }


def query_without_groups(query: ExploreQuery) -> tuple[tuple[str, str], ...]:
    """What the form of groups sends besides its own fields."""
    names = {name for name, _ in (*query.groups, *query.sorts)}
    return query.hidden_fields("view", "column", *names)


def _row_sorts(query: ExploreQuery) -> tuple[tuple[str, str], ...]:
    """The order, where it is one of rows and not of groups."""
    if query.view == GROUP:
        return ()
    return query.sorts


def _page_address(query: ExploreQuery, path: str, number: int) -> str:
    return query.address(path, page=number)
