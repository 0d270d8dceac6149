"""The map of the whole table, as its overview draws it."""

import math
from collections.abc import Mapping
from typing import Any

from udi.kit.outlines import Box
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.area_view import (
    find_area_columns,
    has_areas,
    is_by_area,
    is_of_groupings,
    list_choices,
    read_area_map,
)
from udi.node.datasets.pages.explore.explore_query import MapFrame, join_query
from udi.node.datasets.pages.explore.moving_map import read_moving_map
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.tabular.overviews.overview import SHOWING
from udi.tabular.queries.table import DatasetTable
from udi.ui.maps.grounds import GROUNDS
from udi.ui.site import site_of

PICTURE_KINDS = ("svg", "png")
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
    is_moving = bool(context.query.at) and context.table.has_geometry
    values: dict[str, Any] = {
        "drawing": None,
        "ground": None,
        "area_map": None,
        "area_columns": (),
        "of_groupings": False,
        "moving": False,
        "moving_url": "",
        "pictures": [],
    }
    if has_areas(context.table, context.territory):
        values |= list_choices(context)
        values["of_groupings"] = any(
            is_of_groupings(column.name) for column in find_area_columns(context.table)
        )
        is_moving = is_moving and not is_by_area(context)
    if is_moving:
        return {**values, **await read_moving_map(context)}
    drawn = await read_drawn_map(context)
    return {
        **values,
        **drawn,
        "moving_url": _moving_address(context, context.table.bbox)
        if not drawn["area_map"]
        else "",
        "pictures": _list_pictures(context) if any(drawn.values()) else [],
    }


async def read_drawn_map(context: ExploreContext) -> dict[str, Any]:
    """The map that the server draws: by area where the address asks for it or there are no places, else of the places."""
    values: dict[str, Any] = {"drawing": None, "ground": None, "area_map": None}
    has_outlines = has_areas(context.table, context.territory)
    if has_outlines and (is_by_area(context) or not context.table.has_geometry):
        return {**values, "area_map": await read_area_map(context)}
    overview = (
        await site_of(context.request).services[SHOWING].read_overview(context.table)
    )
    drawing = overview.map
    grounds = site_of(context.request).services[GROUNDS]
    ground = await grounds.draw(context.territory, drawing.frame) if drawing else None
    return {**values, "drawing": drawing, "ground": ground}


def _list_pictures(context: ExploreContext) -> list[tuple[str, str]]:
    """(format, address) of the map as a file."""
    pairs = [(name, value) for name, value in context.query.pairs if name != "view"]
    path = f"{context.addresses.folder}/map"
    return [
        (kind.upper(), join_query(f"{path}.{kind}", pairs)) for kind in PICTURE_KINDS
    ]


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
