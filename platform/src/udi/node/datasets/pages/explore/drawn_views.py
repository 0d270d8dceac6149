"""The map of the whole table, as its overview draws it."""

from collections.abc import Mapping
from typing import Any

from udi.node.datasets.pages.explore.views import ExploreContext
from udi.tabular.overviews.overview import SHOWING
from udi.tabular.queries.table import DatasetTable
from udi.ui.maps.grounds import GROUNDS
from udi.ui.site import site_of


def has_rows(table: DatasetTable) -> bool:
    """Whether there is something to draw."""
    return table.rows > 0


def has_places(table: DatasetTable) -> bool:
    """Whether some row has a place."""
    return table.has_geometry


async def read_map(context: ExploreContext) -> Mapping[str, Any]:
    """The map that the overview drew."""
    overview = (
        await site_of(context.request).services[SHOWING].read_overview(context.table)
    )
    drawing = overview.map
    grounds = site_of(context.request).services[GROUNDS]
    ground = await grounds.draw(context.territory, drawing.frame) if drawing else None
    return {"drawing": drawing, "ground": ground}
