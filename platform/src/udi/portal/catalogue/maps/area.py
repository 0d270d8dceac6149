"""A small drawing of where data are about or a search looks: a rectangle on the territory's, without a map from elsewhere."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from udi.portal.catalogue.search.extent import Box

WIDTH = 320.0
HEIGHT = 200.0
MARGIN = 16.0
SMALLEST = 6.0
"""Sides of a rectangle, at least, so that a point is seen."""
LEAST_DEGREES = 0.01
TURN = 360.0


@dataclass(frozen=True)
class Rectangle:
    """In the drawing's own units, from its upper corner at the west."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """The area of the data or of the search, and the territory's; each may be unknown."""

    data: Rectangle | None
    territory: Rectangle | None
    frame: tuple[float, float, float, float]
    """Longitude and latitude of its upper corner at the west, and degrees of each in one unit across and down."""
    others: tuple[Rectangle, ...] = ()
    """Areas of several territories."""
    width: int = int(WIDTH)
    height: int = int(HEIGHT)


def draw_area(
    data: Box | None, territory: Box | None, others: Sequence[Box] = ()
) -> Drawing | None:
    """Both areas at one scale, as wide as they are high on the ground; None where neither is known."""
    if not data and not territory:
        return None
    boxes = [_unroll_box(box) for box in (data, territory) if box]
    west = min(box[0] for box in boxes)
    south = min(box[1] for box in boxes)
    east = max(box[2] for box in boxes)
    north = max(box[3] for box in boxes)
    narrowing = max(math.cos(math.radians((south + north) / 2)), LEAST_DEGREES)
    across = max((east - west) * narrowing, LEAST_DEGREES)
    down = max(north - south, LEAST_DEGREES)
    scale = min((WIDTH - 2 * MARGIN) / across, (HEIGHT - 2 * MARGIN) / down)
    left = (WIDTH - (east - west) * narrowing * scale) / 2
    top = (HEIGHT - (north - south) * scale) / 2

    def place(area: Box | None) -> Rectangle | None:
        if area is None:
            return None
        box = _unroll_box(area)
        width = (box[2] - box[0]) * narrowing * scale
        height = (box[3] - box[1]) * scale
        x = left + (box[0] - west) * narrowing * scale
        y = top + (north - box[3]) * scale
        wide = max(width, SMALLEST)
        high = max(height, SMALLEST)
        sides = (x - (wide - width) / 2, y - (high - height) / 2, wide, high)
        return Rectangle(*(round(side, 1) for side in sides))

    corner = (west - left / narrowing / scale, north + top / scale)
    return Drawing(
        place(data),
        place(territory),
        (*corner, 1 / narrowing / scale, 1 / scale),
        tuple(area for area in map(place, others) if area),
    )


def _unroll_box(box: Box) -> Box:
    """East after west, where an area crosses the antimeridian."""
    west, south, east, north = box
    return (west, south, east if east >= west else east + TURN, north)
