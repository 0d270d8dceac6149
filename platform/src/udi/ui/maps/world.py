"""The land of the Earth at 1:110,000,000 (Natural Earth, public domain), where no outlines were imported."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from udi.kit.outlines import LEVELS, PRECISION, OutlineRing, OutlineUnit, pack_rings

FILE = Path(__file__).parent / "natural_earth/land-110m.json"
SOURCE = "Natural Earth"
COARSEST = 8.0
"""Degrees: on narrower maps, this land would be wrong by more than is seen."""


@cache
def read_land() -> tuple[OutlineUnit, ...]:
    """The polygons of the land, from the TopoJSON of the package `world-atlas`."""
    topology = json.loads(FILE.read_bytes())
    arcs = [_decode_arc(arc, topology["transform"]) for arc in topology["arcs"]]
    geometries = topology["objects"]["land"]["geometries"]
    polygons = [
        polygon
        for geometry in geometries
        for polygon in (
            geometry["arcs"]
            if geometry["type"] == "MultiPolygon"
            else [geometry["arcs"]]
        )
    ]
    return tuple(
        _unit(str(rank), polygon, arcs) for rank, polygon in enumerate(polygons)
    )


def _decode_arc(
    arc: list[list[int]], transform: dict[str, Any]
) -> list[tuple[int, int]]:
    """Points in units of `PRECISION`; in the file, each is the difference from the one before."""
    scale = transform["scale"]
    shift = transform["translate"]
    x = 0
    y = 0
    points = []
    for step in arc:
        x += step[0]
        y += step[1]
        points.append(
            (
                round((x * scale[0] + shift[0]) * PRECISION),
                round((y * scale[1] + shift[1]) * PRECISION),
            )
        )
    return points


def _unit(
    code: str, polygon: list[list[int]], arcs: list[list[tuple[int, int]]]
) -> OutlineUnit:
    rings = [_ring(ring, arcs) for ring in polygon]
    xs = rings[0].xs
    ys = rings[0].ys
    box = (
        min(xs) / PRECISION,
        min(ys) / PRECISION,
        max(xs) / PRECISION,
        max(ys) / PRECISION,
    )
    return OutlineUnit(code, "", box, (box[0], box[1]), pack_rings(rings))


def _ring(numbers: list[int], arcs: list[list[tuple[int, int]]]) -> OutlineRing:
    """A ring of arcs; a negative number is an arc from its end (`~number`)."""
    points: list[tuple[int, int]] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend(arc[1:] if points else arc)
    return OutlineRing(
        [x for x, _ in points], [y for _, y in points], [LEVELS] * len(points)
    )
