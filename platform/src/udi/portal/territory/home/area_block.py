"""The map of the home: the territory on its outlines, or the area of a chosen dataset on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.maps.area import Drawing, draw_area
from udi.portal.catalogue.maps.area_map import draw_area_ground
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.catalogue.search.extent import Box, write_box
from udi.ui.dependencies import AnyRequest
from udi.ui.maps.ground import Ground


@dataclass(frozen=True)
class HomeMap:
    """What the block draws, on what, and the search of the data of its area."""

    drawing: Drawing
    ground: Ground | None
    search: str


async def read_home_map(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    layout: Sequence[Mapping[str, Any]],
) -> HomeMap | None:
    """The map that a home shows; None where it has no such block, or there is neither an outline nor an area."""
    block = next((block for block in layout if block["kind"] == "map"), None)
    if block is None:
        return None
    area = await _read_area(session, block.get("dataset"))
    box = area or territory.box
    drawing = draw_area(area, territory.box)
    if box is None or drawing is None:
        return None
    ground = await draw_area_ground(request, territory, drawing)
    if ground is None and area is None:
        return None
    return HomeMap(drawing, ground, f"/data?bbox={write_box(box)}")


async def _read_area(session: AsyncSession, identifier: str | None) -> Box | None:
    """The area of a published dataset."""
    if not identifier:
        return None
    columns = (Dataset.west, Dataset.south, Dataset.east, Dataset.north)
    query = select(*columns).where(Dataset.id == UUID(identifier), IS_PUBLISHED)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    west, south, east, north = row
    if west is None or south is None or east is None or north is None:
        return None
    return (west, south, east, north)
