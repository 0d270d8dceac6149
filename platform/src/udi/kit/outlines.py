"""Outlines of municipalities and other areas, as an operator imported them: for one territory, or for all of an installation.

They are public reference data, the same in both programs; only the owner's role writes them.
"""

import struct
import uuid
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Double, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

PRECISION = 100_000
"""Units of stored coordinates in a degree: about one metre."""
FINEST = 0.0003
LEVELS = 9
TOLERANCES = tuple(FINEST * 2**level for level in range(LEVELS))
"""Degrees of detail that are left out at each level; at 0, all that is stored is drawn."""
HEADER = struct.Struct("<I")
Box = tuple[float, float, float, float]
"""West, south, east and north, in degrees (WGS 84)."""
EARTH: Box = (-180.0, -90.0, 180.0, 90.0)

LAYERS_OF_TERRITORY = """
    (SELECT coalesce(jsonb_agg(jsonb_build_array(
        layer.id, layer.name, layer.source, layer.licence, layer.units, layer.imported_at
     ) ORDER BY layer.id), '[]')
     FROM platform.outline_layer AS layer
     WHERE layer.territory_id IS NULL OR layer.territory_id = platform.territory.id)
"""
COUNT_UNITS = """
    SELECT layer_id, count(*) AS units FROM platform.outline_unit
    WHERE layer_id = ANY (:layers) AND west <= :east AND east >= :west AND south <= :north AND north >= :south
    GROUP BY layer_id
"""
READ_UNITS = """
    SELECT code, name, west, south, east, north, longitude, latitude, shape FROM platform.outline_unit
    WHERE layer_id = :layer AND west <= :east AND east >= :west AND south <= :north AND north >= :south
    ORDER BY code
"""
READ_NAMES = """
    SELECT code, name, west, south, east, north, longitude, latitude, ''::bytea AS shape
    FROM platform.outline_unit WHERE layer_id = :layer ORDER BY name, code LIMIT :most
"""
MATCH_UNITS = """
    SELECT layer_id, code, name, west, south, east, north, longitude, latitude, shape
    FROM platform.outline_unit
    WHERE layer_id = ANY (:layers) AND (code = ANY (:values) OR lower(name) = ANY (:lowered))
    ORDER BY layer_id, code
"""
FIND_NAME = """
    SELECT code, name, west, south, east, north, longitude, latitude, ''::bytea AS shape
    FROM platform.outline_unit WHERE layer_id = ANY (:layers) AND (lower(name) = lower(:name) OR code = :name)
    ORDER BY (west <= :east AND east >= :west AND south <= :north AND north >= :south) DESC, code = :name DESC, code
    LIMIT 1
"""


class OutlineLayerColumns:
    """Columns of `platform.outline_layer`: one import of a file."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    licence: Mapped[str] = mapped_column(Text)
    units: Mapped[int]
    imported_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @declared_attr
    def territory_id(cls) -> Mapped[UUID | None]:  # noqa: N805 - SQLAlchemy's own convention
        """Whose it is; None: every territory's."""
        return mapped_column(ForeignKey("platform.territory.id", ondelete="CASCADE"))

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - SQLAlchemy's own convention
        return (
            UniqueConstraint(
                "territory_id",
                "name",
                name="uq_outline_layer_territory_id",
                postgresql_nulls_not_distinct=True,
            ),
            {"schema": "platform"},
        )


class OutlineUnitColumns:
    """Columns of `platform.outline_unit`: one area of a layer, with a point inside it for its name."""

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - SQLAlchemy's own convention
        return (
            Index("ix_outline_unit_box", "layer_id", "west", "east", "south", "north"),
            Index("ix_outline_unit_name", "layer_id", text("lower(name)")),
            {"schema": "platform"},
        )

    @declared_attr
    def layer_id(cls) -> Mapped[UUID]:  # noqa: N805 - SQLAlchemy's own convention
        return mapped_column(
            ForeignKey("platform.outline_layer.id", ondelete="CASCADE"),
            primary_key=True,
        )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    west: Mapped[float] = mapped_column(Double)
    south: Mapped[float] = mapped_column(Double)
    east: Mapped[float] = mapped_column(Double)
    north: Mapped[float] = mapped_column(Double)
    longitude: Mapped[float] = mapped_column(Double)
    latitude: Mapped[float] = mapped_column(Double)
    shape: Mapped[bytes]
    """The rings, as `pack_rings` writes them."""


@dataclass(frozen=True)
class OutlineLayer:
    """What a territory knows of outlines that it may draw."""

    id: UUID
    name: str
    source: str
    licence: str
    units: int
    version: str
    """What changes when they are imported again."""


@dataclass(frozen=True)
class OutlineRing:
    """A closed line, in units of `PRECISION`; `levels`: to which level of detail each of its points stays."""

    xs: Sequence[int]
    ys: Sequence[int]
    levels: Sequence[int]


@dataclass(frozen=True)
class OutlineUnit:
    """One area: its code, its name, its rectangle, a point inside it, its rings as stored."""

    code: str
    name: str
    box: Box
    point: tuple[float, float]
    shape: bytes

    @property
    def rings(self) -> list[OutlineRing]:
        return unpack_rings(self.shape)


def pack_rings(rings: Sequence[OutlineRing]) -> bytes:
    """The rings as bytes: the number of points, then longitudes, latitudes and levels."""
    parts = []
    for ring in rings:
        parts.append(HEADER.pack(len(ring.xs)))
        parts.append(struct.pack(f"<{len(ring.xs)}i", *ring.xs))
        parts.append(struct.pack(f"<{len(ring.ys)}i", *ring.ys))
        parts.append(bytes(ring.levels))
    return b"".join(parts)


def unpack_rings(shape: bytes) -> list[OutlineRing]:
    """The rings that `pack_rings` wrote."""
    rings = []
    at = 0
    while at < len(shape):
        (points,) = HEADER.unpack_from(shape, at)
        at += HEADER.size
        xs = array("i", struct.unpack_from(f"<{points}i", shape, at))
        ys = array("i", struct.unpack_from(f"<{points}i", shape, at + 4 * points))
        at += 8 * points
        rings.append(OutlineRing(xs, ys, shape[at : at + points]))
        at += points
    return rings


def read_layers(rows: Sequence[Sequence[Any]]) -> tuple[OutlineLayer, ...]:
    """The layers that `LAYERS_OF_TERRITORY` gives."""
    return tuple(
        OutlineLayer(UUID(id_), name, source, licence, units, version)
        for id_, name, source, licence, units, version in rows
    )


async def count_units(
    session: AsyncSession, layers: Sequence[OutlineLayer], box: Box
) -> dict[UUID, int]:
    """How many areas of each layer touch a rectangle."""
    rows = await session.execute(
        text(COUNT_UNITS), {"layers": [layer.id for layer in layers], **_sides(box)}
    )
    return {row.layer_id: row.units for row in rows}


async def list_units(
    session: AsyncSession, layer: OutlineLayer, box: Box
) -> list[OutlineUnit]:
    """The areas of a layer that touch a rectangle."""
    rows = await session.execute(text(READ_UNITS), {"layer": layer.id, **_sides(box)})
    return [_unit(row) for row in rows]


async def list_names(
    session: AsyncSession, layer: OutlineLayer, most: int
) -> list[OutlineUnit]:
    """The areas of a layer by name, at most so many, without their rings."""
    rows = await session.execute(text(READ_NAMES), {"layer": layer.id, "most": most})
    return [_unit(row) for row in rows]


async def match_units(
    session: AsyncSession, layers: Sequence[OutlineLayer], values: Sequence[str]
) -> tuple[OutlineLayer, list[OutlineUnit]] | None:
    """The areas that have one of these codes or names, of the layer that has most of them; None where none has any."""
    rows = await session.execute(
        text(MATCH_UNITS),
        {
            "layers": [layer.id for layer in layers],
            "values": list(values),
            "lowered": [value.lower() for value in values],
        },
    )
    units: dict[UUID, list[OutlineUnit]] = {}
    for row in rows:
        units.setdefault(row.layer_id, []).append(_unit(row))
    if not units:
        return None
    layer_id = max(units, key=lambda key: len(units[key]))
    layer = next(layer for layer in layers if layer.id == layer_id)
    return layer, units[layer_id]


async def find_unit(
    session: AsyncSession, layers: Sequence[OutlineLayer], name: str, near: Box | None
) -> OutlineUnit | None:
    """The area that has this name (whatever capitals) or this code, without its rings; of several, one that touches `near`."""
    values = {"layers": [layer.id for layer in layers], "name": name}
    rows = await session.execute(text(FIND_NAME), values | _sides(near or EARTH))
    row = rows.first()
    if row is None:
        return None
    return _unit(row)


def _sides(box: Box) -> dict[str, float]:
    return dict(zip(("west", "south", "east", "north"), box, strict=True))


def _unit(row: Any) -> OutlineUnit:
    return OutlineUnit(
        row.code,
        row.name,
        (row.west, row.south, row.east, row.north),
        (row.longitude, row.latitude),
        row.shape,
    )
