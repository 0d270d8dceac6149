"""Places made sure: in longitude and latitude, in the world, in two dimensions; what is wrong with each that is not."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from udi.tabular.columns.column import BOX, GEOMETRY, Bounds
from udi.tabular.geo.geo_crs import ROUNDING, WORLD, Numbers, to_degrees
from udi.tabular.geo.geoparquet import KINDS
from udi.tabular.messages.remarks import PlaceError, Remark
from udi.tabular.sandbox.duckdb_sandbox import Connection

BATCH = 10_000
MOST_ERRORS = 1000
GROUP = 20_480
"""Rows of a row group: small, since those outside a rectangle are then skipped."""
MISSING = Remark("This row has no place.")
UNREADABLE = Remark("This place cannot be read. Its cell is empty.")
EMPTY = Remark("This place has no point. Its cell is empty.")
OUTSIDE = Remark(
    "This place is outside the world. Its cell is empty; check its coordinates."
)
FLAT = Remark("This line has no length. It is kept as it is.")
CROSSED = Remark(
    "The outline of this place crosses itself. It is kept as it is; surfaces may be wrong."
)
SHAPELY_KINDS = {
    0: "Point",
    1: "LineString",
    2: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}
Geometries = NDArray[Any]
Tell = Callable[[int, str, Remark], None]
"""Takes every row whose place is wrong, whatever their number: its line, the column, why."""


@dataclass
class PlaceStatistics:
    """What was met on the way, over all rows; `errors` are the first thousand."""

    column: str = GEOMETRY
    kinds: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[PlaceError] = field(default_factory=list)
    tell: Tell | None = None
    west: float = np.inf
    south: float = np.inf
    east: float = -np.inf
    north: float = -np.inf

    @property
    def bbox(self) -> Bounds | None:
        box = (float(self.west), float(self.south), float(self.east), float(self.north))
        if self.west <= self.east:
            return box
        return None

    def record_errors(
        self, lines: NDArray[np.int64], mask: NDArray[np.bool_], remark: Remark
    ) -> None:
        """Rows with something wrong: all counted, the first kept."""
        met = lines[mask]
        if met.size:
            self.counts[remark.message] += int(met.size)
            if self.tell is not None:
                for line in met.tolist():
                    self.tell(line, self.column, remark)
            errors_left = max(0, MOST_ERRORS - len(self.errors))
            self.errors += [
                PlaceError(int(line), self.column, remark) for line in met[:errors_left]
            ]

    def extend_bbox(self, boxes: Numbers) -> None:
        finite_boxes = boxes[np.isfinite(boxes).all(axis=1)]
        if len(finite_boxes):
            self.west = min(self.west, finite_boxes[:, 0].min())
            self.south = min(self.south, finite_boxes[:, 1].min())
            self.east = max(self.east, finite_boxes[:, 2].max())
            self.north = max(self.north, finite_boxes[:, 3].max())


def gather_places(
    connection: Connection,
    query: str,
    crs: str,
    column: str = GEOMETRY,
    tell: Tell | None = None,
) -> PlaceStatistics:
    """From a query for (line, WKB) make the table `places` (line, geometry, and its rectangle), in the same order.

    Without a coordinate system (`""`) every place is empty and none is an error.
    """
    connection.execute(
        "CREATE TABLE places (line BIGINT, geometry BLOB, x0 DOUBLE, y0 DOUBLE, x1 DOUBLE, y1 DOUBLE)"
    )
    gathered = PlaceStatistics(column, tell=tell)
    reading = connection.cursor()
    reading.execute(query)
    while rows := reading.fetchmany(BATCH):
        lines = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        encoded_geometries = np.fromiter((row[1] for row in rows), object, len(rows))
        geometries = _decode_geometries(lines, encoded_geometries, crs, gathered)
        _insert(connection, lines, geometries, gathered)
    return gathered


def _decode_geometries(
    lines: NDArray[np.int64],
    encoded_geometries: Geometries,
    crs: str,
    gathered: PlaceStatistics,
) -> Geometries:
    if not crs:
        return np.full(len(lines), None, dtype=object)
    absent = np.fromiter(
        (value is None for value in encoded_geometries), bool, len(encoded_geometries)
    )
    geometries = shapely.from_wkb(encoded_geometries, on_invalid="ignore")
    gathered.record_errors(lines, absent, MISSING)
    gathered.record_errors(lines, shapely.is_missing(geometries) & ~absent, UNREADABLE)
    empty = shapely.is_empty(geometries)
    gathered.record_errors(lines, empty, EMPTY)
    geometries[empty] = None
    return _transform_geometries(lines, shapely.force_2d(geometries), crs, gathered)


def _transform_geometries(
    lines: NDArray[np.int64],
    geometries: Geometries,
    crs: str,
    gathered: PlaceStatistics,
) -> Geometries:
    finite = np.isfinite(shapely.bounds(geometries)).all(axis=1)
    present = ~shapely.is_missing(geometries)
    geometries[~finite] = None
    moved: Geometries = shapely.transform(
        geometries,
        lambda points: np.column_stack(to_degrees(crs, points[:, 0], points[:, 1])),
    )
    boxes = shapely.bounds(moved)
    inside = (
        (boxes[:, 0] >= WORLD[0] - ROUNDING)
        & (boxes[:, 1] >= WORLD[1] - ROUNDING)
        & (boxes[:, 2] <= WORLD[2] + ROUNDING)
        & (boxes[:, 3] <= WORLD[3] + ROUNDING)
    )
    gathered.record_errors(lines, present & ~inside, OUTSIDE)
    moved[~inside] = None
    invalid = ~shapely.is_missing(moved) & ~shapely.is_valid(moved)
    surfaces = shapely.get_dimensions(moved) > 1
    gathered.record_errors(lines, invalid & surfaces, CROSSED)
    gathered.record_errors(lines, invalid & ~surfaces, FLAT)
    gathered.kinds |= {
        SHAPELY_KINDS[kind]
        for kind in np.unique(shapely.get_type_id(moved))
        if kind >= 0
    }
    return moved


def _insert(
    connection: Connection,
    lines: NDArray[np.int64],
    geometries: Geometries,
    gathered: PlaceStatistics,
) -> None:
    boxes = shapely.bounds(geometries)
    gathered.extend_bbox(boxes)
    batch = {
        "line": lines,
        "geometry": shapely.to_wkb(geometries, byte_order=1, output_dimension=2),
        **{name: boxes[:, index].copy() for index, name in enumerate(BOX)},
    }
    connection.register("batch", batch)
    boxed = ", ".join(f"CASE WHEN isfinite({name}) THEN {name} END" for name in BOX)
    connection.execute(
        f"INSERT INTO places SELECT line, geometry::BLOB, {boxed} FROM batch ORDER BY line"
    )
    connection.unregister("batch")


def geometry_kind(kinds: set[str]) -> str:
    """One word for the places of a layer: their kind, `Unknown` for several, empty for none."""
    single = {kind.removeprefix("Multi") for kind in kinds}
    if len(single) != 1:
        if single:
            return "Unknown"
        return ""
    return next((kind for kind in KINDS[::-1] if kind in kinds), "")
