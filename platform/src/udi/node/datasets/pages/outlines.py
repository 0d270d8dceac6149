"""The outlines that the map of a dataset stands on, for the map that moves; they are public, and none is the producer's."""

import asyncio
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.errors import InvalidError
from udi.kit.outlines import PRECISION, TOLERANCES, Box, OutlineUnit
from udi.node.datasets.pages.messages import PageRequest
from udi.node.tables.requests import RATES, reader_of
from udi.ui.dependencies import CurrentTerritory, Routes
from udi.ui.maps.grounds import GROUNDS
from udi.ui.site import site_of

ACROSS = 700
"""Pixels of a map, about: details that are smaller are left out."""
LEAST_POINTS = 3
POLE = 90.0
HALF_TURN = 180.0


@get("/datasets/{dataset_id:uuid}/outlines")
async def show_outlines(
    request: PageRequest, territory: CurrentTerritory, dataset_id: FromPath[UUID]
) -> Response[dict[str, Any]]:
    """The areas inside the rectangle `box`: for each its rings, as longitudes and latitudes; none where there are too many.

    Raises:
        InvalidError: `box` is no rectangle on Earth.
    """
    limits = (
        site_of(request)
        .services[RATES]
        .count_request(reader_of(request, territory, None))
    )
    box = read_box(request.query_params.get("box", ""))
    layer_units = await site_of(request).services[GROUNDS].read_units(territory, box)
    units = layer_units[1] if layer_units else []
    level = find_level(box)
    areas = await asyncio.to_thread(lambda: [list_rings(unit, level) for unit in units])
    return Response(
        {"dataset": str(dataset_id), "areas": [area for area in areas if area]},
        headers={**limits, "Cache-Control": "public, max-age=300"},
    )


def read_box(value: str) -> Box:
    """A rectangle of an address: `west,south,east,north`.

    Raises:
        InvalidError: it is none.
    """
    try:
        west, south, east, north = (float(side) for side in value.split(","))
    except ValueError:
        west, south, east, north = (1.0, 1.0, 0.0, 0.0)
    is_box = (
        -POLE <= south <= north <= POLE
        and -2 * HALF_TURN <= west <= east <= 2 * HALF_TURN
    )
    if not is_box:
        raise InvalidError(
            "This is not a rectangle on Earth.",
            remedy="Send west,south,east,north in degrees: -1.75,48.05,-1.6,48.15.",
        )
    return west, south, east, north


def find_level(box: Box) -> int:
    """The level of detail for a map of a rectangle."""
    pixel = max(box[2] - box[0], box[3] - box[1]) / ACROSS
    return sum(tolerance < pixel for tolerance in TOLERANCES[1:])


def list_rings(unit: OutlineUnit, level: int) -> list[list[tuple[float, float]]]:
    """The rings of an area, those with details that are seen."""
    rings = []
    for ring in unit.rings:
        points = [
            (x / PRECISION, y / PRECISION)
            for x, y, detail in zip(ring.xs, ring.ys, ring.levels, strict=True)
            if detail >= level
        ]
        if len(points) >= LEAST_POINTS:
            rings.append(points)
    return rings


routes: Routes = [show_outlines]
