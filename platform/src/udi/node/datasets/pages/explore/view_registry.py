"""Every way to look, in the order of the page."""

from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.charts import read_chart
from udi.node.datasets.pages.explore.column_view import read_column
from udi.node.datasets.pages.explore.drawn_views import has_places, has_rows, read_map
from udi.node.datasets.pages.explore.explore_query import (
    CARDS,
    CHART,
    COLUMN,
    GROUP,
    MAP,
    ROW,
    TABLE,
)
from udi.node.datasets.pages.explore.group_view import read_groups
from udi.node.datasets.pages.explore.row_views import (
    always,
    read_cards,
    read_row,
    read_table,
)
from udi.node.datasets.pages.explore.views import ExploreView
from udi.tabular.queries.table import DatasetTable

TEMPLATES = "datasets/explore"
VIEWS = {
    view.name: view
    for view in (
        ExploreView(TABLE, f"{TEMPLATES}/_table.html", always, read_table),
        ExploreView(CARDS, f"{TEMPLATES}/_cards.html", always, read_cards),
        ExploreView(GROUP, f"{TEMPLATES}/_groups.html", always, read_groups),
        ExploreView(ROW, f"{TEMPLATES}/_row.html", always, read_row),
        ExploreView(COLUMN, f"{TEMPLATES}/_column.html", always, read_column),
        ExploreView(CHART, f"{TEMPLATES}/_chart.html", has_rows, read_chart),
        ExploreView(MAP, f"{TEMPLATES}/_map.html", has_places, read_map),
    )
}


def list_offered(table: DatasetTable, territory: Territory) -> list[str]:
    """The names of the views that a table has, on the outlines of its territory."""
    return [view.name for view in VIEWS.values() if view.is_offered(table, territory)]
