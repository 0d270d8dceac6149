"""Rows: a table, cards for a narrow screen, groups, and one row alone."""

from collections.abc import Mapping
from typing import Any

from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.tables.api import ANSWERS
from udi.tabular.queries.query import ROW_NAME, column_at, result_ranks
from udi.tabular.queries.table import DatasetTable
from udi.ui.site import site_of


def always(_table: DatasetTable, _territory: Territory) -> bool:
    """Every table has rows to look at."""
    return True


async def read_rows(context: ExploreContext) -> Mapping[str, Any]:
    """A page of rows, with how many there are in all."""
    answers = site_of(context.request).services[ANSWERS]
    query = context.query.query
    page = await answers.read_page(context.table, query)
    columns = context.table.columns
    if query.is_grouped:
        shown_columns = [column_at(columns, rank) for rank in query.groups]
    else:
        ranks = [rank for rank in result_ranks(query, columns) if rank >= 0]
        shown_columns = [columns[rank] for rank in ranks]
    number = page.names.index(ROW_NAME) if ROW_NAME in page.names else None
    rows = [
        [cell for place, cell in enumerate(row) if place != number] for row in page.rows
    ]
    return {
        "total": page.total,
        "rows": rows,
        "row_columns": shown_columns,
        "measures": query.measures,
        "last_page": max(1, -(-page.total // query.size)),
    }
