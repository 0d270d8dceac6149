"""The map of the whole table, as its overview draws it."""

import math
from collections.abc import Mapping
from typing import Any

from udi.kit.outlines import Box
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.area_view import (
    has_areas,
    is_by_area,
    list_choices,
    read_area_map,
)
from udi.node.datasets.pages.explore.explore_query import MapFrame
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.tabular.overviews.overview import SHOWING
from udi.tabular.queries.table import DatasetTable
from udi.ui.maps.grounds import GROUNDS, credit_of
from udi.ui.site import site_of

TURN = 360.0
SMALLEST = 0.005
DEEPEST = 16.0
"""Degrees around the Earth and of the smallest map, and the nearest zoom at which one begins."""


def has_rows(table: DatasetTable, _territory: Territory) -> bool:
    """Whether there is something to draw."""
    return table.rows > 0


def has_places(table: DatasetTable, territory: Territory) -> bool:
    """Whether some row has a place, or the code or the name of an area whose outline is known."""
    return table.has_geometry or has_areas(table, territory)


async def read_map(context: ExploreContext) -> Mapping[str, Any]:
    """The map of the places that the overview drew; the map by area where it is asked for, or there are no places."""
    values: dict[str, Any] = {
        "drawing": None,
        "ground": None,
        "area_map": None,
        "area_columns": (),
        "moving": False,
        "moving_url": "",
    }
    if has_areas(context.table, context.territory):
        values |= list_choices(context)
        if is_by_area(context) or not context.table.has_geometry:
            return {**values, "area_map": await read_area_map(context)}
    if context.query.at and context.table.has_geometry:
        sources = [credit_of(layer) for layer in context.territory.outlines]
        return {**values, "moving": True, "outline_credits": sources}
    overview = (
        await site_of(context.request).services[SHOWING].read_overview(context.table)
    )
    drawing = overview.map
    grounds = site_of(context.request).services[GROUNDS]
    ground = await grounds.draw(context.territory, drawing.frame) if drawing else None
    return {
        **values,
        "drawing": drawing,
        "ground": ground,
        "moving_url": _moving_address(context, context.table.bbox),
    }


def _moving_address(context: ExploreContext, box: Box | None) -> str:
    """The address of the map that moves, where all places are seen; empty without any."""
    if box is None:
        return ""
    west, south, east, north = box
    span = max(east - west, north - south, SMALLEST)
    zoom = min(DEEPEST, max(0.0, math.log2(TURN / span) + 1))
    at = MapFrame(
        round(zoom, 1), round((south + north) / 2, 5), round((west + east) / 2, 5)
    )
    return context.query.address(context.path, at=at)
