"""The grounds of the maps of one program: read from its database, drawn once for each piece of paper."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from udi.kit.db import Database
from udi.kit.outlines import (
    PRECISION,
    Box,
    OutlineLayer,
    OutlineUnit,
    count_units,
    find_unit,
    list_names,
    list_units,
    match_units,
)
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.ui.maps.frame import PaperFrame
from udi.ui.maps.ground import Ground, draw_ground
from udi.ui.maps.world import COARSEST, SOURCE, read_land

MOST_UNITS = 700
"""Areas that a map shows; where there are more, a coarser layer stands in."""
MOST_BYTES = 12_500
MOST_KEPT = 300
LEAST_SHARE = 0.25
"""Of the width or height of a map that outlines cover, or the land of the Earth stands in."""
FEW = 6
SOME = 3


@dataclass(frozen=True)
class AreaNames:
    """The areas inside a rectangle: their names, and how many more there are."""

    names: tuple[str, ...]
    others: int = 0


CachedGround = Ground | AreaNames | tuple[OutlineUnit, ...] | None


class GroundDrawer:
    """Draws what maps of a territory stand on.

    `database` has connections of its own: a page that draws a map holds one of the program's already.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cached: OrderedDict[object, CachedGround] = OrderedDict()

    async def draw(
        self, territory: Territory, frame: PaperFrame, *, most_bytes: int = MOST_BYTES
    ) -> Ground | None:
        """The ground of a piece of paper; None where nothing is known of it."""
        key = (territory.outlines, frame, most_bytes)
        if key not in self._cached:
            self._keep(key, await self._draw(territory, frame, most_bytes))
        ground = self._cached[key]
        self._cached.move_to_end(key)
        return ground if isinstance(ground, Ground) else None

    async def name_area(self, territory: Territory, box: Box) -> AreaNames | None:
        """The areas whose middle is inside a rectangle, or the one that it is in; None where none is known."""
        key = (territory.outlines, box)
        if key not in self._cached:
            self._keep(key, await self._name_area(territory, box))
        names = self._cached[key]
        self._cached.move_to_end(key)
        return names if isinstance(names, AreaNames) else None

    async def find_area(self, territory: Territory, name: str) -> OutlineUnit | None:
        """The area of this name or code; of several, one that touches the territory."""
        if not territory.outlines:
            return None
        async with self._database.platform_session(role="public") as session:
            return await find_unit(session, territory.outlines, name, territory.box)

    async def list_areas(
        self, territory: Territory, most: int
    ) -> tuple[OutlineUnit, ...]:
        """The areas of each layer that has at most so many, by name; the layer of fewest areas first."""
        layers = sorted(territory.outlines, key=lambda layer: layer.units)
        small = [layer for layer in layers if layer.units <= most]
        if not small:
            return ()
        key = (territory.outlines, most)
        if key not in self._cached:
            async with self._database.platform_session(role="public") as session:
                lists = [await list_names(session, layer, most) for layer in small]
            self._keep(key, tuple(unit for units in lists for unit in units))
        areas = self._cached[key]
        self._cached.move_to_end(key)
        return areas if isinstance(areas, tuple) else ()

    async def match_areas(
        self, territory: Territory, values: Sequence[str]
    ) -> tuple[OutlineLayer, list[OutlineUnit]] | None:
        """The areas that have one of these codes or names, of the layer that has most of them."""
        if not territory.outlines:
            return None
        async with self._database.platform_session(role="public") as session:
            return await match_units(session, territory.outlines, values)

    async def read_units(
        self, territory: Territory, box: Box, most: int = MOST_UNITS
    ) -> tuple[OutlineLayer, list[OutlineUnit]] | None:
        """The areas of the finest layer that has at most so many inside a rectangle."""
        if not territory.outlines:
            return None
        async with self._database.platform_session(role="public") as session:
            counts = await count_units(session, territory.outlines, box)
            layers = [
                layer
                for layer in territory.outlines
                if 0 < counts.get(layer.id, 0) <= most
            ]
            if not layers:
                return None
            layer = max(layers, key=lambda layer: counts[layer.id])
            return layer, await list_units(session, layer, box)

    def _keep(self, key: object, value: CachedGround) -> None:
        self._cached[key] = value
        while len(self._cached) > MOST_KEPT:
            self._cached.popitem(last=False)

    async def _draw(
        self, territory: Territory, frame: PaperFrame, most_bytes: int
    ) -> Ground | None:
        layer_units = await self.read_units(territory, frame.box)
        if layer_units and _covers(layer_units[1], frame.box):
            layer, units = layer_units
            return await asyncio.to_thread(
                draw_ground,
                units,
                frame,
                most_bytes=most_bytes,
                credit=credit_of(layer),
            )
        west, _, east, _ = frame.box
        if east - west < COARSEST:
            return None
        return await asyncio.to_thread(
            draw_ground, read_land(), frame, most_bytes=most_bytes, credit=SOURCE
        )

    async def _name_area(self, territory: Territory, box: Box) -> AreaNames | None:
        layer_units = await self.read_units(territory, box)
        if layer_units is None:
            return None
        units = layer_units[1]
        inside = [unit for unit in units if _is_same(unit.box, box)] or [
            unit for unit in units if _contains(box, unit.point)
        ]
        if not inside:
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            inside = [unit for unit in units if has_point(unit, middle)]
        if not inside:
            return None
        inside.sort(key=_extent, reverse=True)
        if len(inside) <= FEW:
            return AreaNames(tuple(sorted(unit.name for unit in inside)))
        return AreaNames(tuple(unit.name for unit in inside[:SOME]), len(inside) - SOME)


GROUNDS = ServiceKey[GroundDrawer]("grounds", "tenants, territories")


def credit_of(layer: OutlineLayer) -> str:
    """Whose outlines they are, and under which licence."""
    return f"{layer.source} ({layer.licence})"


def has_point(unit: OutlineUnit, point: tuple[float, float]) -> bool:
    """Whether a point is inside an area: a line from it to the east crosses its outlines an odd number of times."""
    if not _contains(unit.box, point):
        return False
    x = point[0] * PRECISION
    y = point[1] * PRECISION
    inside = False
    for ring in unit.rings:
        ends = zip(ring.xs, ring.ys, strict=True)
        starts = zip(
            [*ring.xs[-1:], *ring.xs[:-1]], [*ring.ys[-1:], *ring.ys[:-1]], strict=True
        )
        for (x1, y1), (x2, y2) in zip(starts, ends, strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                inside = not inside
    return inside


def _contains(box: Box, point: tuple[float, float]) -> bool:
    west, south, east, north = box
    return west <= point[0] <= east and south <= point[1] <= north


def _is_same(first: Box, second: Box) -> bool:
    return all(
        abs(one - other) < 1 / PRECISION
        for one, other in zip(first, second, strict=True)
    )


def _extent(unit: OutlineUnit) -> float:
    west, south, east, north = unit.box
    return (east - west) * (north - south)


def _covers(units: Sequence[OutlineUnit], box: Box) -> bool:
    """Whether these areas are more than a small part of a map that is wide enough for the land of the Earth."""
    west, south, east, north = box
    if east - west < COARSEST:
        return True
    wide = max(unit.box[2] for unit in units) - min(unit.box[0] for unit in units)
    high = max(unit.box[3] for unit in units) - min(unit.box[1] for unit in units)
    return wide > LEAST_SHARE * (east - west) or high > LEAST_SHARE * (north - south)
