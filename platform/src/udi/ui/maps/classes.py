"""Areas coloured by a value: five classes of equally many areas, each drawn as one path."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from udi.kit.outlines import TOLERANCES, OutlineUnit
from udi.ui.maps.edges import draw_edges, join_edges, list_edges
from udi.ui.maps.frame import PaperFrame
from udi.ui.maps.ground import COARSER, first_level

CLASSES = 5


@dataclass(frozen=True)
class ValueClass:
    """The values of one colour: the least and the greatest, and how many areas have them."""

    least: float
    greatest: float
    areas: int


def make_classes(values: Sequence[float]) -> tuple[ValueClass, ...]:
    """At most five classes of as many areas, from the least values; equal values are in one class."""
    ordered = sorted(values)
    size = len(ordered)
    limits = sorted(
        {ordered[-(-size * part // CLASSES) - 1] for part in range(1, CLASSES + 1)}
    )
    parts: list[list[float]] = [[] for _ in limits]
    for value in ordered:
        parts[bisect_left(limits, value)].append(value)
    return tuple(ValueClass(part[0], part[-1], len(part)) for part in parts)


def find_class(classes: Sequence[ValueClass], value: float) -> int:
    """The place of the class of a value."""
    return bisect_left([one.greatest for one in classes], value)


def draw_classes(
    units: Mapping[int, Sequence[OutlineUnit]], frame: PaperFrame, *, most_bytes: int
) -> str:
    """The areas of each class as one path, with as much detail as so many bytes hold; at the coarsest, more are taken."""
    body = ""
    first = first_level(frame)
    for level in range(first, min(first + COARSER, len(TOLERANCES))):
        body = "".join(
            f'<path class="c{place + 1}" d="{_draw_class(members, frame, level)}"/>'
            for place, members in sorted(units.items())
        )
        if len(body) <= most_bytes:
            break
    return body


def _draw_class(units: Sequence[OutlineUnit], frame: PaperFrame, level: int) -> str:
    outer, borders = join_edges(list_edges(unit, frame, level) for unit in units)
    return draw_edges(outer, closed=True) + draw_edges(borders, closed=False)
