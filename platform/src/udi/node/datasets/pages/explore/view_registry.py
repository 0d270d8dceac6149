"""Every way to look, in the order of the page."""

from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.charts import read_chart
from udi.node.datasets.pages.explore.drawn_views import (
    has_places,
    has_rows,
    read_map,
)
from udi.node.datasets.pages.explore.explore_query import (
    CHART,
    GROUP,
    MAP,
    TABLE,
)
from udi.node.datasets.pages.explore.row_views import always, read_rows
from udi.node.datasets.pages.explore.views import ExploreView
from udi.tabular.queries.table import DatasetTable

VIEWS = {
    view.name: view
    for view in (
        ExploreView(TABLE, "datasets/explore/_table.html", always, read_rows),
        ExploreView(GROUP, "datasets/explore/_table.html", always, read_rows),
        ExploreView(CHART, "datasets/explore/_chart.html", has_rows, read_chart),
        ExploreView(MAP, "datasets/explore/_map.html", has_places, read_map),
    )
}


def list_offered(table: DatasetTable, territory: Territory) -> list[str]:
    """The names of the views that a table has, on the outlines of its territory."""
    return [view.name for view in VIEWS.values() if view.is_offered(table, territory)]
