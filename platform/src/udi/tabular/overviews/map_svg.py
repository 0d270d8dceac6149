"""A calm map of a typed table: places on paper with meridians and parallels, as SVG of less than 20 kB.

The paper is 720 by 480 and scales with the page; what is written on it keeps its size, so it is placed in shares.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from udi.tabular.columns.column import LINE
from udi.tabular.geo.geoparquet import geo_metadata
from udi.tabular.overviews.map_drawing import (
    HEIGHT,
    WIDTH,
    GraticuleMark,
    MapDrawing,
    frame_of,
)
from udi.tabular.sandbox.duckdb_sandbox import Connection, connect, identifier
from udi.ui.maps.frame import PaperFrame

MOST_BYTES = 17_000
MOST_READ = 20_000
MOST_POINTS = 200_000
BATCH = 2_000
DEGREE = 111_320.0
"""Metres in a degree of latitude."""
ROUND = (1, 2, 5)
TOLERANCES = (0.5, 0.8, 1.2, 1.8, 2.7, 4.0, 6.0, 9.0, 14.0)
CIRCLES = 150
DOTS = 1_300
POLYGON = 3
POINTS = {0, 4}
LINES = {1, 2, 5}
SURFACES = {3, 6}
TINY = 1.5
Shapes = NDArray[Any]


def draw_map(parquet: Path) -> MapDrawing | None:
    """Draw the places of a table made by `convert_geo` or `write_with_places`; None when it has none."""
    with connect(parquet) as connection:
        row = connection.execute(
            "SELECT count(__xmin), min(__xmin), min(__ymin), max(__xmax), max(__ymax), max("
            + LINE
            + ")"
            " FROM read_parquet(?)",
            [str(parquet)],
        ).fetchone()
        facts = geo_metadata(parquet)
        if row is None or not row[0] or facts is None:
            return None
        projection = frame_of((row[1], row[2], row[3], row[4]))
        step = max(1, math.ceil(row[5] / MOST_READ))
        shapes = _read(connection, parquet, facts["primary_column"], projection, step)
    marks, net = _graticule(projection)
    metres, share = _scale(projection)
    body = f'<path class="net" d="{net}"/>{_draw_shapes(shapes)}'
    return MapDrawing(
        body, row[0], (row[1], row[2], row[3], row[4]), marks, metres, share
    )


def _pixels(frame: PaperFrame, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(
        [
            (points[:, 0] - frame.west) * frame.across,
            (frame.north - points[:, 1]) * frame.up,
        ]
    )


def _read(
    connection: Connection,
    parquet: Path,
    places: str,
    projection: PaperFrame,
    step: int,
) -> Shapes:
    """Places on the paper, one in `step`, already without the details that do not show."""
    connection.execute(
        f"SELECT ST_AsWKB({identifier(places)}) FROM read_parquet(?) WHERE __xmin IS NOT NULL AND {LINE} % {step} = 0",
        [str(parquet)],
    )
    parts = []
    while rows := connection.fetchmany(BATCH):
        shapes = shapely.from_wkb([row[0] for row in rows])
        parts.append(_parts(shapely.transform(shapes, partial(_pixels, projection))))
    if parts:
        return np.concatenate(parts)
    return np.array([], dtype=object)


def _parts(shapes: Shapes) -> Shapes:
    """Single points, lines and surfaces that show: what is tiny as a whole is a point, a tiny part of more is left."""
    whole = _extent(shapes) < TINY
    shapes[whole] = shapely.centroid(shapes[whole])
    parts: Shapes = shapely.get_parts(shapely.get_parts(shapes))
    parts = parts[(shapely.get_type_id(parts) == 0) | (_extent(parts) >= TINY)]
    if shapely.get_num_coordinates(parts).sum() < MOST_POINTS:
        return parts
    simpler: Shapes = shapely.simplify(parts, 0.4, preserve_topology=False)
    return simpler


def _extent(shapes: Shapes) -> NDArray[np.float64]:
    sizes: NDArray[np.float64] = np.nan_to_num(shapely.bounds(shapes)).reshape(-1, 4)
    return np.maximum(sizes[:, 2] - sizes[:, 0], sizes[:, 3] - sizes[:, 1])


def _draw_shapes(shapes: Shapes) -> str:
    kinds = shapely.get_type_id(shapes)
    surfaces, lines, points = (
        shapes[np.isin(kinds, list(type_ids))] for type_ids in (SURFACES, LINES, POINTS)
    )
    dots = _dots(shapely.get_coordinates(points))
    bytes_left = MOST_BYTES - len(dots)
    ways = _path(lines, bytes_left if not len(surfaces) else bytes_left // 2)
    land = _path(shapely.orient_polygons(surfaces), bytes_left - len(ways))
    drawn = f'<path class="land" d="{land}"/>' if land else ""
    return drawn + (f'<path class="way" d="{ways}"/>' if ways else "") + dots


def _path(shapes: Shapes, bytes_left: int) -> str:
    """The outlines as one path that fits: fewer details first, then only the largest."""
    path = ""
    together = _share_borders(shapes)
    for tolerance in TOLERANCES:
        simpler = _simplify(shapes, tolerance, together=together)
        path = "".join(_outlines(simpler))
        if len(path) <= bytes_left:
            return path
    sizes = shapely.area(shapes) + shapely.length(shapes)
    outlines: list[str] = []
    for shape in shapely.simplify(
        shapes[np.argsort(-sizes)], TOLERANCES[-1], preserve_topology=False
    ):
        more = "".join(_outlines([shape]))
        bytes_left -= len(more)
        if bytes_left < 0:
            break
        outlines.append(more)
    return "".join(outlines)


def _share_borders(shapes: Shapes) -> bool:
    """Whether surfaces lie side by side, as communes do: their common borders must stay common."""
    return len(shapes) > 1 and bool(
        (shapely.get_type_id(shapes) == POLYGON).all()
        and shapely.coverage_is_valid(shapes)
    )


def _simplify(shapes: Shapes, tolerance: float, *, together: bool) -> Shapes:
    simpler: Shapes
    if together:
        with suppress(shapely.errors.GEOSException):
            simpler = shapely.coverage_simplify(shapes, tolerance * 1.5)
            return simpler
    simpler = shapely.simplify(shapes, tolerance, preserve_topology=False)
    return simpler


def _outlines(shapes: Sequence[Any] | Shapes) -> Iterator[str]:
    for shape in shapely.get_parts(np.asarray(shapes, dtype=object)):
        closed = shape.geom_type == "Polygon"
        for ring in (shape.exterior, *shape.interiors) if closed else (shape,):
            yield _relative_path(
                np.round(shapely.get_coordinates(ring)).astype(int), closed=closed
            )


def _relative_path(points: NDArray[np.int_], *, closed: bool) -> str:
    """`M10 20l3-4 5 6z`: whole pixels, each from the one before."""
    steps = np.diff(points, axis=0)
    steps = steps[(steps != 0).any(axis=1)]
    if closed:
        steps = steps[:-1]
    if len(steps) < 1 + closed:
        return ""
    coordinates = "".join(
        f"{'' if x < 0 or not place else ' '}{x}{'' if y < 0 else ' '}{y}"
        for place, (x, y) in enumerate(steps)
    )
    return f"M{points[0][0]} {points[0][1]}l{coordinates}{'z' if closed else ''}"


def _dots(points: NDArray[np.float64]) -> str:
    """Few points as circles, many as dots by size where they gather."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return ""
    if len(points) <= CIRCLES:
        radius = 6 if len(points) <= CIRCLES // 5 else 4.5
        return "".join(
            f'<circle class="dot" cx="{x:.0f}" cy="{y:.0f}" r="{radius}"/>'
            for x, y in points
        )
    cell = 2.0
    while True:
        cells, counts = np.unique(
            np.floor(points / cell).astype(int), axis=0, return_counts=True
        )
        if len(cells) <= DOTS:
            break
        cell *= 1.25
    return "".join(_sized_dots((cells + 0.5) * cell, counts, cell))


def _sized_dots(
    centres: NDArray[np.float64], counts: NDArray[np.int_], cell: float
) -> Iterator[str]:
    """Three sizes, so that a town stands out of its surroundings."""
    limits = np.quantile(counts, [0.6, 0.9])
    sizes = np.searchsorted(limits, counts, side="left")
    for size in range(3):
        dots = np.round(centres[sizes == size]).astype(int)
        if len(dots):
            width = max(3.5, cell * (0.55, 0.8, 1.05)[size])
            moves = "".join(f"M{x} {y}h0" for x, y in dots)
            yield f'<path class="dots" stroke-width="{width:.1f}" d="{moves}"/>'


def _graticule(projection: PaperFrame) -> tuple[tuple[GraticuleMark, ...], str]:
    """Meridians and parallels at round degrees, three to six of each."""
    step = _round_step(HEIGHT / projection.up / 3)
    sideways = _round_step(WIDTH / projection.across / 4)
    marks = []
    moves = list[str]()
    last = -100.0
    for degrees in _multiples(
        projection.west, projection.west + WIDTH / projection.across, sideways
    ):
        x = (degrees - projection.west) * projection.across
        moves.append(f"M{x:.0f} 0v{HEIGHT}")
        share = round(100 * x / WIDTH, 1)
        if abs(degrees) <= 180 and 15 < share < 62 and share > last + 24:  # noqa: PLR2004 - the scale is beyond
            marks.append(GraticuleMark(share, 98, degrees, is_meridian=True))
            last = share
    last = 200.0
    for degrees in _multiples(
        projection.north - HEIGHT / projection.up, projection.north, step
    ):
        y = (projection.north - degrees) * projection.up
        moves.append(f"M0 {y:.0f}h{WIDTH}")
        share = round(100 * y / HEIGHT, 1)
        if abs(degrees) <= 90 and 8 < share < 88 and share < last - 17:  # noqa: PLR2004 - room for the letters
            marks.append(GraticuleMark(1, share, degrees, is_meridian=False))
            last = share
    return tuple(marks), "".join(moves)


def _round_step(limit: float) -> float:
    power = 10.0 ** math.floor(math.log10(limit))
    return max(step * power for step in ROUND if step * power <= limit)


def _multiples(least: float, greatest: float, step: float) -> Iterator[float]:
    yield from (
        round(place * step, 6)
        for place in range(math.ceil(least / step), math.floor(greatest / step) + 1)
    )


def _scale(projection: PaperFrame) -> tuple[int, float]:
    """A bar of a round length, at most a quarter of the width; none where a length would mislead."""
    pixel = DEGREE / projection.up
    if HEIGHT / projection.up > 30:  # noqa: PLR2004 - degrees: lengths change too much from south to north
        return 0, 0.0
    metres = int(_round_step(WIDTH * 0.25 * pixel))
    return metres, round(100 * metres / pixel / WIDTH, 1)
