"""When and where data are about, as an address says it: years `2015..2020`, a rectangle `west,south,east,north`."""

import math
import re

FIRST_YEAR = 1
LAST_YEAR = 9998
HALF_TURN = 180.0
POLE = 90.0
YEAR = re.compile(r"\d{1,4}", re.ASCII)
PRECISION = 5
"""Decimals of a degree that count: about one metre."""
Years = tuple[int | None, int | None]
Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees (WGS 84); where west is east of east, it crosses the 180th meridian."""


def read_year(value: str) -> int | None:
    """A year of at most four figures, or None."""
    query_text = value.strip()
    if YEAR.fullmatch(query_text) and FIRST_YEAR <= int(query_text) <= LAST_YEAR:
        return int(query_text)
    return None


def write_period(first: int | None, last: int | None) -> str:
    """Two years, each of which may be open; empty when both are. The order in which they were given does not matter."""
    if first is not None and last is not None and first > last:
        first, last = last, first
    if first is None and last is None:
        return ""
    return f"{first or ''}..{last or ''}"


def read_period(value: str) -> Years:
    """The years that `write_period` wrote."""
    first, _, last = value.partition("..")
    return read_year(first), read_year(last)


def read_box(value: str) -> Box | None:
    """Four numbers with commas between them, or None: south above north, or what is no place on Earth."""
    parts = value.split(",")
    if len(parts) != len(("west", "south", "east", "north")):
        return None
    try:
        west, south, east, north = (round(float(part), PRECISION) for part in parts)
    except ValueError:
        return None
    sound = all(math.isfinite(side) for side in (west, south, east, north))
    if (
        not sound
        or not -POLE <= south <= north <= POLE
        or max(abs(west), abs(east)) > HALF_TURN
    ):
        return None
    return west, south, east, north


def write_box(box: Box) -> str:
    """The shortest way to write a rectangle, always the same."""
    return ",".join(
        f"{side:.{PRECISION}f}".rstrip("0").rstrip(".") or "0" for side in box
    ).replace("-0,", "0,")


def join_sides(sides: list[str]) -> str:
    """A rectangle typed in four fields, with decimal commas or points; empty when none is filled."""
    query_text = [side.strip().replace(",", ".").replace("−", "-") for side in sides]
    if any(query_text):
        return ",".join(query_text)
    return ""
