"""Features of a table by rectangle, time and properties: exact, bounded, and run where the table is read."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from udi.tabular.columns.column import (
    LINE,
    Bounds,
    ColumnType,
    TypedColumn,
    places_name,
)
from udi.tabular.geo.geojson import features, select_list
from udi.tabular.queries.feature_query import FeatureQuery
from udi.tabular.sandbox.duckdb_sandbox import (
    Connection,
    connect,
    identifier,
    literal,
)
from udi.tabular.sandbox.engine import create_view

MOST_EXACT = 100_000
HEAVIEST = 16 * 1024**2
BATCH = 2000
"""Outlines compared one by one; bytes of an answer."""
INSIDE = "(__xmin >= {0} AND __ymin >= {1} AND __xmax <= {2} AND __ymax <= {3})"
TOUCHING = "(__xmin <= {2} AND __ymin <= {3} AND __xmax >= {0} AND __ymax >= {1})"


def moment_column(columns: Sequence[TypedColumn]) -> TypedColumn | None:
    """The column that says when, the first of dates; None without any."""
    return next(
        (
            column
            for column in columns
            if column.type in {ColumnType.DATE, ColumnType.DATETIME}
        ),
        None,
    )


def select_features(
    parquet: Path, columns: Sequence[TypedColumn], query: FeatureQuery
) -> dict[str, Any]:
    """`{"matched": …, "features": […]}` in the order of the file; fewer than asked when an answer would be too heavy."""
    with connect(parquet, memory="256MB") as connection:
        if query.rows.sql:
            create_view(connection, literal(parquet))
        where, values = _condition(columns, query)
        places = places_name(column.name for column in columns)
        if query.bbox is not None and (
            outside := _find_outside(
                connection, parquet, places, where, values, query.bbox
            )
        ):
            where = f"{where} AND {LINE} NOT IN (SELECT unnest(?::BIGINT[]))"
            values = [*values, outside]
        source = "FROM read_parquet(?) WHERE " + where
        counted = connection.execute(
            f"SELECT count(*) {source}", [str(parquet), *values]
        ).fetchone()
        connection.execute(
            f"SELECT {select_list(columns)} {source} ORDER BY {LINE} LIMIT ? OFFSET ?",
            [str(parquet), *values, query.limit, query.offset],
        )
        return {
            "matched": counted[0] if counted else 0,
            "features": _read_bounded(connection, columns),
        }


def _read_bounded(
    connection: Connection, columns: Sequence[TypedColumn]
) -> list[dict[str, Any]]:
    selected_features: list[dict[str, Any]] = []
    weight = 0
    for feature in features(connection, [column.name for column in columns]):
        weight += len(json.dumps(feature, ensure_ascii=False))
        if selected_features and weight > HEAVIEST:
            break
        selected_features.append(feature)
    return selected_features


def _condition(
    columns: Sequence[TypedColumn], query: FeatureQuery
) -> tuple[str, list[Any]]:
    conditions = ["true"]
    values = list[Any]()
    if query.feature is not None:
        conditions.append(f"{LINE} = ?")
        values.append(query.feature)
    if query.rows.sql:
        conditions.append(f"{LINE} IN (SELECT line FROM t{query.rows.sql})")
        values += query.rows.values
    stored = {column.name: column.sql_type for column in columns}
    for name, value in query.equal:
        conditions.append(
            f"{identifier(name)} = TRY_CAST(?::VARCHAR AS {stored[name]})"
        )
        values.append(value)
    when = moment_column(columns)
    for moment, sign in ((query.since, ">="), (query.until, "<=")):
        if when is not None and moment is not None:
            conditions.append(
                f"{identifier(when.name)} {sign} ?::VARCHAR::TIMESTAMP::{when.sql_type}"
            )
            values.append(moment)
    if query.bbox is not None:
        boxes = _boxes(query.bbox)
        conditions.append(f"({' OR '.join(TOUCHING.format(*box) for box in boxes)})")
    return " AND ".join(conditions), values


def _boxes(bbox: Bounds) -> list[Bounds]:
    west, south, east, north = map(float, bbox)
    if west > east:
        return [(west, south, 180.0, north), (-180.0, south, east, north)]
    return [(west, south, east, north)]


def _find_outside(
    connection: Connection,
    parquet: Path,
    places: str,
    where: str,
    values: list[Any],
    bbox: Bounds,
) -> list[int]:
    """Lines whose rectangle touches the asked one although their place does not; only those that cross its edge."""
    boxes = _boxes(bbox)
    inside = " OR ".join(INSIDE.format(*box) for box in boxes)
    is_point = "(__xmin = __xmax AND __ymin = __ymax)"
    connection.execute(
        f"SELECT {LINE}, ST_AsWKB({places}) FROM read_parquet(?)"
        f" WHERE {where} AND NOT ({inside}) AND NOT {is_point} LIMIT {MOST_EXACT}",
        [str(parquet), *values],
    )
    area = shapely.union_all([_rectangle(*box) for box in boxes])
    lines = list[int]()
    shapely.prepare(area)
    while rows := connection.fetchmany(BATCH):
        places = shapely.from_wkb([row[1] for row in rows])
        with suppress(shapely.errors.GEOSException):
            apart = ~shapely.intersects(area, places)
            lines += [rows[at][0] for at in np.flatnonzero(apart)]
    return lines


def _rectangle(west: float, south: float, east: float, north: float) -> Any:
    """A rectangle, or the line or the point that it shrinks to."""
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    if west == east and south == north:
        return shapely.Point(west, south)
    return shapely.LineString([(west, south), (east, north)])
