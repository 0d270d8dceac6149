"""Features of a table by rectangle, time and properties: exact, bounded, and run where the table is read."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import shapely  # type: ignore[import-untyped]

from udi.node.tables.column import GEOMETRY, LINE, Bounds, ColumnType, TypedColumn
from udi.node.tables.geojson import features, read_list
from udi.node.tables.locked import Connection, connect, quoted
from udi.node.tables.wanted import Wanted

MOST_EXACT, HEAVIEST, BATCH = 100_000, 16 * 1024**2, 2000
"""Outlines compared one by one; bytes of an answer."""
INSIDE = "(__xmin >= {0} AND __ymin >= {1} AND __xmax <= {2} AND __ymax <= {3})"
TOUCHING = "(__xmin <= {2} AND __ymin <= {3} AND __xmax >= {0} AND __ymax >= {1})"


def moment_column(columns: Sequence[TypedColumn]) -> TypedColumn | None:
    """The column that says when, the first of dates; None without any."""
    return next((each for each in columns if each.type in {ColumnType.DATE, ColumnType.DATETIME}), None)


def select_features(parquet: Path, columns: Sequence[TypedColumn], wanted: Wanted) -> dict[str, Any]:
    """`{"matched": …, "features": […]}` in the order of the file; fewer than asked when an answer would be too heavy."""
    with connect(parquet, memory="256MB") as connection:
        where, values = _condition(columns, wanted)
        if wanted.bbox is not None and (outside := _outside(connection, parquet, where, values, wanted.bbox)):
            where, values = f"{where} AND {LINE} NOT IN (SELECT unnest(?::BIGINT[]))", [*values, outside]
        source = "FROM read_parquet(?) WHERE " + where
        counted = connection.execute(f"SELECT count(*) {source}", [str(parquet), *values]).fetchone()
        connection.execute(
            f"SELECT {read_list(columns)} {source} ORDER BY {LINE} LIMIT ? OFFSET ?",
            [str(parquet), *values, wanted.limit, wanted.offset],
        )
        return {"matched": counted[0] if counted else 0, "features": _bounded(connection, columns)}


def _bounded(connection: Connection, columns: Sequence[TypedColumn]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    weight = 0
    for feature in features(connection, [column.name for column in columns]):
        weight += len(json.dumps(feature, ensure_ascii=False))
        if kept and weight > HEAVIEST:
            break
        kept.append(feature)
    return kept


def _condition(columns: Sequence[TypedColumn], wanted: Wanted) -> tuple[str, list[Any]]:
    conditions, values = ["true"], list[Any]()
    if wanted.feature is not None:
        conditions.append(f"{LINE} = ?")
        values.append(wanted.feature)
    stored = {column.name: column.stored for column in columns}
    for name, value in wanted.equal:
        conditions.append(f"{quoted(name)} = TRY_CAST(?::VARCHAR AS {stored[name]})")
        values.append(value)
    when = moment_column(columns)
    for moment, sign in ((wanted.since, ">="), (wanted.until, "<=")):
        if when is not None and moment is not None:
            conditions.append(f"{quoted(when.name)} {sign} ?::VARCHAR::TIMESTAMP::{when.stored}")
            values.append(moment)
    if wanted.bbox is not None:
        boxes = _boxes(wanted.bbox)
        conditions.append(f"({' OR '.join(TOUCHING.format(*each) for each in boxes)})")
    return " AND ".join(conditions), values


def _boxes(bbox: Bounds) -> list[Bounds]:
    west, south, east, north = map(float, bbox)
    if west > east:
        return [(west, south, 180.0, north), (-180.0, south, east, north)]
    return [(west, south, east, north)]


def _outside(connection: Connection, parquet: Path, where: str, values: list[Any], bbox: Bounds) -> list[int]:
    """Lines whose rectangle touches the asked one although their place does not; only those that cross its edge."""
    boxes = _boxes(bbox)
    inside = " OR ".join(INSIDE.format(*each) for each in boxes)
    is_point = "(__xmin = __xmax AND __ymin = __ymax)"
    connection.execute(
        f"SELECT {LINE}, ST_AsWKB({GEOMETRY}) FROM read_parquet(?)"
        f" WHERE {where} AND NOT ({inside}) AND NOT {is_point} LIMIT {MOST_EXACT}",
        [str(parquet), *values],
    )
    asked, found = shapely.union_all([_rectangle(*each) for each in boxes]), list[int]()
    shapely.prepare(asked)
    while rows := connection.fetchmany(BATCH):
        places = shapely.from_wkb([row[1] for row in rows])
        with suppress(shapely.errors.GEOSException):
            apart = ~shapely.intersects(asked, places)
            found += [rows[at][0] for at in np.flatnonzero(apart)]
    return found


def _rectangle(west: float, south: float, east: float, north: float) -> Any:
    """A rectangle, or the line or the point that it shrinks to."""
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    if west == east and south == north:
        return shapely.Point(west, south)
    return shapely.LineString([(west, south), (east, north)])
