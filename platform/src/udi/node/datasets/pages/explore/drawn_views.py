"""The map of the whole table, as its overview draws it."""

from collections.abc import Mapping
from typing import Any

from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.area_view import (
    has_areas,
    list_choices,
    read_area_map,
)
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.tabular.overviews.overview import SHOWING
from udi.tabular.queries.table import DatasetTable
from udi.ui.maps.grounds import GROUNDS
from udi.ui.site import site_of


def has_rows(table: DatasetTable, _territory: Territory) -> bool:
    """Whether there is something to draw."""
    return table.rows > 0


def has_places(table: DatasetTable, territory: Territory) -> bool:
    """Whether some row has a place, or the code or the name of an area whose outline is known."""
    return table.has_geometry or has_areas(table, territory)


async def read_map(context: ExploreContext) -> Mapping[str, Any]:
    """The map of the places that the overview drew; the map by area where it is asked for, or there are no places."""
    values: dict[str, Any] = {"drawing": None, "ground": None, "area_map": None}
    if has_areas(context.table, context.territory):
        values |= list_choices(context)
        if context.query.chart.pairs or not context.table.has_geometry:
            return {**values, "area_map": await read_area_map(context)}
    overview = (
        await site_of(context.request).services[SHOWING].read_overview(context.table)
    )
    drawing = overview.map
    grounds = site_of(context.request).services[GROUNDS]
    ground = await grounds.draw(context.territory, drawing.frame) if drawing else None
    return {**values, "drawing": drawing, "ground": ground}
