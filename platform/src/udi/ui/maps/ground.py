"""The ground of a map as SVG: land, the borders of its areas, and the names of a few; light, and without a request to others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from udi.kit.outlines import TOLERANCES, OutlineUnit
from udi.ui.maps.edges import draw_edges, join_edges, list_edges
from udi.ui.maps.frame import PaperFrame

MOST_NAMES = 6
NARROW = 600
FEW_NAMES = 3
"""Names on a paper of less than so many pixels."""
PHONE = 286
"""Pixels of the paper on a narrow phone, where letters keep their size."""
LETTER = 4.0
"""Half the width of a letter, in pixels."""
LINE = 22.0
"""Pixels from one line of text to the next."""


COARSER = 4
"""Levels of detail that are tried: beyond, municipalities are no more like themselves."""


@dataclass(frozen=True)
class MapName:
    """A name at a place of the paper, in per cent of its sides."""

    x: float
    y: float
    text: str
    is_wide: bool = False
    """Whether there is no room for it on a phone."""


@dataclass(frozen=True)
class Ground:
    """What a map stands on: safe SVG in pixels of the paper, names, and whose outlines they are."""

    body: str
    names: tuple[MapName, ...]
    credit: str


def draw_ground(
    units: Sequence[OutlineUnit], frame: PaperFrame, *, most_bytes: int, credit: str
) -> Ground:
    """Draw the areas that touch the paper, with as much detail as so many bytes hold.

    Where borders do not fit with details that are still seen, only the land is drawn.
    """
    land = ""
    first = first_level(frame)
    for level in range(first, min(first + COARSER, len(TOLERANCES))):
        areas = [list_edges(unit, frame, level) for unit in units]
        outer, borders = join_edges(areas)
        coast = f'<path class="ground" d="{draw_edges(outer, closed=True)}"/>'
        body = f'{coast}<path class="border" d="{draw_edges(borders, closed=False)}"/>'
        if len(body) <= most_bytes:
            return Ground(body, place_names(units, frame), credit)
        if not land and len(coast) <= most_bytes:
            land = coast
    return Ground(land, place_names(units, frame), credit)


def first_level(frame: PaperFrame) -> int:
    """The finest level whose details are not smaller than a pixel."""
    pixel = 1 / frame.up
    return next(
        (level for level, tolerance in enumerate(TOLERANCES) if tolerance >= pixel),
        len(TOLERANCES) - 1,
    )


def place_names(units: Sequence[OutlineUnit], frame: PaperFrame) -> tuple[MapName, ...]:
    """The names of the largest areas, each where there is room for it."""
    most = MOST_NAMES if frame.width >= NARROW else FEW_NAMES
    names: list[MapName] = []
    for unit in sorted(units, key=_size, reverse=True):
        x = 100 * (unit.point[0] - frame.west) * frame.across / frame.width
        y = 100 * (frame.north - unit.point[1]) * frame.up / frame.height
        name = MapName(round(x, 1), round(y, 1), unit.name)
        if unit.name and _has_room(name, names, frame):
            names.append(name)
        if len(names) == most:
            break
    return _mark_wide(names, frame)


def _mark_wide(names: Sequence[MapName], frame: PaperFrame) -> tuple[MapName, ...]:
    """The same, those that touch others where the paper is as narrow as a phone marked."""
    if frame.width < NARROW:
        return tuple(names)
    phone = replace(frame, width=PHONE, height=PHONE * frame.height // frame.width)
    narrow: list[MapName] = []
    for name in names:
        if _has_room(name, narrow, phone):
            narrow.append(name)
    return tuple(replace(name, is_wide=name not in narrow) for name in names)


def _size(unit: OutlineUnit) -> float:
    west, south, east, north = unit.box
    return (east - west) * (north - south)


def _has_room(name: MapName, others: Sequence[MapName], frame: PaperFrame) -> bool:
    """Whether a name stays on the paper, clear of its scale below, and touches no other."""
    half = _half_width(name, frame)
    line = 100 * LINE / frame.height
    if not (half < name.x < 100 - half and line < name.y < 100 - 2 * line):
        return False
    return all(
        abs(name.x - other.x) > half + _half_width(other, frame)
        or abs(name.y - other.y) > line
        for other in others
    )


def _half_width(name: MapName, frame: PaperFrame) -> float:
    return 100 * (len(name.text) + 1) * LETTER / frame.width
