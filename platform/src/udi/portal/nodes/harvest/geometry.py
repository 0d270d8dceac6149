"""Rectangles and shapes as catalogues write them: GeoJSON, WKT, GML, lists of numbers."""

import json
import math
import re
from typing import Any

Box = tuple[float, float, float, float]
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WKT = re.compile(
    r"\s*(?:<([^>]*)>)?\s*(?:SRID=\d+;)?\s*([A-Z]+)\s*Z?\s*(\(.*\))\s*",
    re.IGNORECASE | re.DOTALL,
)
LATITUDE_FIRST = re.compile(r"EPSG(?::|/0/|/[\d.]+/|::)4326")
SHAPES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}
LONGEST = 200_000
MOST_POINTS = 20_000
HALF = 180.0
QUARTER = 90.0
DEEP = 8
SIDES = 4
TWO_RINGS = 10


def read_numbers(text: str) -> list[float]:
    """The numbers of a text."""
    return [float(number) for number in NUMBER.findall(text[:LONGEST])]


def is_on_earth(box: Box) -> bool:
    """Whether the numbers are degrees, south below north; west may be greater than east."""
    west, south, east, north = box
    finite = all(math.isfinite(coordinate) for coordinate in box)
    return (
        finite
        and -HALF <= west <= HALF
        and -HALF <= east <= HALF
        and -QUARTER <= south <= north <= QUARTER
    )


def bounding_box(points: list[tuple[float, float]]) -> Box | None:
    """The rectangle around points (longitude, latitude)."""
    if not points:
        return None
    xs = [x for x, _ in points]
    ys = [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def read_geojson(value: Any) -> tuple[Box | None, dict[str, Any] | None]:
    """Rectangle and geometry of GeoJSON, given as an object or as its text."""
    if isinstance(value, str):
        try:
            value = json.loads(value[:LONGEST])
        except (ValueError, RecursionError):
            return None, None
    if isinstance(value, dict) and value.get("type") == "Feature":
        value = value.get("geometry")
    if not isinstance(value, dict) or value.get("type") not in SHAPES:
        return None, None
    points = _points(value.get("coordinates"))
    if value["type"] == "GeometryCollection" and isinstance(
        value.get("geometries"), list
    ):
        points = [
            p
            for geometry in value["geometries"][:100]
            if isinstance(geometry, dict)
            for p in _points(geometry.get("coordinates"))
        ]
    box = bounding_box(points)
    shape = {
        name: value[name]
        for name in ("type", "coordinates", "geometries")
        if name in value
    }
    if box and is_on_earth(box):
        return (box, shape)
    return (None, None)


def _points(value: Any, level: int = 0) -> list[tuple[float, float]]:
    if not isinstance(value, list) or level > DEEP or not value:
        return []
    if _is_number(value[0]) and len(value) > 1 and _is_number(value[1]):
        return [(float(value[0]), float(value[1]))]
    points: list[tuple[float, float]] = []
    for coordinates in value[:MOST_POINTS]:
        points += _points(coordinates, level + 1)
    return points


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_wkt(text: str) -> Box | None:
    """The rectangle of WKT: longitude first unless its system says otherwise."""
    match = WKT.fullmatch(text[:LONGEST])
    if not match:
        return None
    numbers = read_numbers(match[3])
    if match[2].upper() == "ENVELOPE" and len(numbers) == SIDES:
        west, east, north, south = numbers
        return _valid_box((west, south, east, north))
    pairs = _pairs(numbers, swapped=bool(LATITUDE_FIRST.search(match[1] or "")))
    if match[2].upper() == "MULTIPOLYGON" and (crossing := _halves(pairs)):
        return crossing
    return _valid_box(bounding_box(pairs))


def _halves(pairs: list[tuple[float, float]]) -> Box | None:
    """West greater than east, where a shape is two halves that meet at the antimeridian."""
    east = [x for x, _ in pairs if x > 0]
    west = [x for x, _ in pairs if x <= 0]
    if (
        len(pairs) == TWO_RINGS
        and east
        and west
        and max(east) == HALF
        and min(west) == -HALF
    ):
        latitudes = [y for _, y in pairs]
        return min(east), min(latitudes), max(west), max(latitudes)
    return None


def _pairs(numbers: list[float], *, swapped: bool) -> list[tuple[float, float]]:
    pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
    if swapped:
        return [(x, y) for y, x in pairs]
    return pairs


def read_gml(text: str) -> Box | None:
    """The rectangle of GML: latitude first for EPSG:4326 by its URN or address, as GML 3 asks."""
    corners = re.findall(
        r"<(?:\w+:)?(?:lowerCorner|upperCorner|pos|posList|coordinates)[^>]*>([^<]*)<",
        text[:LONGEST],
    )
    swapped = bool(LATITUDE_FIRST.search(text[:LONGEST]))
    return _valid_box(
        bounding_box(
            _pairs(
                [number for corner in corners for number in read_numbers(corner)],
                swapped=swapped,
            )
        )
    )


def _valid_box(box: Box | None) -> Box | None:
    if box and is_on_earth(box):
        return box
    return None


def read_box(text: str) -> Box | None:
    """The rectangle of four numbers W, S, E, N, of GeoJSON, WKT or GML; None for words."""
    wording = text.strip()
    if wording.startswith("{"):
        return read_geojson(wording)[0]
    if (
        wording.startswith("<")
        and "gml" in wording.lower()
        and "POLYGON" not in wording.upper().split(">")[-1]
    ):
        return read_gml(wording)
    if WKT.fullmatch(wording):
        return read_wkt(wording)
    if re.fullmatch(r"[-+\d.eE,;\s]+", wording):
        numbers = read_numbers(wording)
        if len(numbers) == SIDES:
            return numbers[0], numbers[1], numbers[2], numbers[3]
    return None
