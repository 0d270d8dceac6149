"""Outlines as edges between whole pixels: what lies between two areas is drawn once, and what is left bounds them all."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from udi.kit.outlines import PRECISION, OutlineRing, OutlineUnit
from udi.ui.maps.frame import PaperFrame

Pixel = tuple[int, int]
Edge = tuple[Pixel, Pixel]
BEYOND = 6
"""Pixels outside the paper at which outlines end."""


def list_edges(unit: OutlineUnit, frame: PaperFrame, level: int) -> set[Edge]:
    """The edges of one area; one that it has twice, where it is thinner than a pixel, is none."""
    edges: set[Edge] = set()
    for ring in unit.rings:
        pixels = _clip(_pixels(ring, frame, level), frame)
        for start, end in zip(pixels, [*pixels[1:], *pixels[:1]], strict=True):
            if start != end:
                edges ^= {(start, end) if start < end else (end, start)}
    return edges


def join_edges(areas: Iterable[set[Edge]]) -> tuple[set[Edge], set[Edge]]:
    """The edges that bound all of these areas together, and those between two of them."""
    counts = Counter(edge for edges in areas for edge in edges)
    outer = {edge for edge, count in counts.items() if count % 2}
    return outer, counts.keys() - outer


def draw_edges(edges: set[Edge], *, closed: bool) -> str:
    """The edges as the data of an SVG path."""
    return "".join(_relative_path(line, closed=closed) for line in _chain(edges))


def _pixels(ring: OutlineRing, frame: PaperFrame, level: int) -> list[Pixel]:
    across = frame.across / PRECISION
    up = frame.up / PRECISION
    left = frame.west * frame.across
    top = frame.north * frame.up
    pixels: list[Pixel] = []
    for x, y, detail in zip(ring.xs, ring.ys, ring.levels, strict=True):
        if detail >= level:
            pixel = (round(x * across - left), round(top - y * up))
            if not pixels or pixel != pixels[-1]:
                pixels.append(pixel)
    return pixels


def _clip(pixels: list[Pixel], frame: PaperFrame) -> list[Pixel]:
    """A ring without what is far from the paper (Sutherland and Hodgman)."""
    limits = (
        (0, -BEYOND, 1),
        (0, frame.width + BEYOND, -1),
        (1, -BEYOND, 1),
        (1, frame.height + BEYOND, -1),
    )
    for axis, limit, side in limits:
        if any((pixel[axis] - limit) * side < 0 for pixel in pixels):
            pixels = _clip_side(pixels, axis, limit, side)
    return pixels


def _clip_side(pixels: list[Pixel], axis: int, limit: int, side: int) -> list[Pixel]:
    inside: list[Pixel] = []
    for start, end in zip([*pixels[-1:], *pixels[:-1]], pixels, strict=True):
        before = (start[axis] - limit) * side >= 0
        after = (end[axis] - limit) * side >= 0
        if before != after:
            inside.append(_cross(start, end, axis, limit))
        if after:
            inside.append(end)
    return inside


def _cross(start: Pixel, end: Pixel, axis: int, limit: int) -> Pixel:
    """Where a line meets a side: the same for both directions, since neighbours draw it in both."""
    first, last = sorted((start, end))
    share = (limit - first[axis]) / (last[axis] - first[axis])
    other = 1 - axis
    across = round(first[other] + (last[other] - first[other]) * share)
    if axis:
        return (across, limit)
    return (limit, across)


def _chain(edges: set[Edge]) -> Iterator[list[Pixel]]:
    """Lines that together pass each edge once; first those that end somewhere."""
    neighbours: defaultdict[Pixel, list[Pixel]] = defaultdict(list)
    for start, end in sorted(edges):
        neighbours[start].append(end)
        neighbours[end].append(start)
    ends = [pixel for pixel, others in neighbours.items() if len(others) % 2]
    for origin in (*ends, *neighbours):
        while neighbours[origin]:
            yield _walk(origin, neighbours)


def _walk(origin: Pixel, neighbours: dict[Pixel, list[Pixel]]) -> list[Pixel]:
    line = [origin]
    place = origin
    while neighbours[place]:
        following = neighbours[place].pop()
        neighbours[following].remove(place)
        line.append(following)
        place = following
    return line


def _relative_path(line: Sequence[Pixel], *, closed: bool) -> str:
    """`M10 20l3-4 5 6z`: whole pixels, a step for each change of direction."""
    steps: list[Pixel] = []
    for start, end in itertools.pairwise(line):
        step = (end[0] - start[0], end[1] - start[1])
        if steps and _is_straight(steps[-1], step):
            steps[-1] = (steps[-1][0] + step[0], steps[-1][1] + step[1])
        else:
            steps.append(step)
    if closed:
        steps = steps[:-1]
    if not steps:
        return ""
    numbers = [str(number) for step in steps for number in step]
    joined = "".join(
        number if place == 0 or number.startswith("-") else f" {number}"
        for place, number in enumerate(numbers)
    )
    return f"M{line[0][0]} {line[0][1]}l{joined}{'z' if closed else ''}"


def _is_straight(first: Pixel, second: Pixel) -> bool:
    cross = first[0] * second[1] - first[1] * second[0]
    return cross == 0 and first[0] * second[0] + first[1] * second[1] > 0
