"""GeoJSON as RFC 7946 wants it: longitude first, outlines counter-clockwise, seven decimals (a centimetre)."""

import json
import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from udi.tabular.columns.column import LINE, TypedColumn, places_name
from udi.tabular.sandbox.duckdb_sandbox import Connection, identifier
from udi.tabular.sandbox.engine import EXPORT_MEMORY, open_parquet

DECIMALS = 7
BATCH = 1000


def select_list(columns: Sequence[TypedColumn]) -> str:
    """What a feature needs of a table, for SQL: its line, its columns, its place."""
    places = places_name(column.name for column in columns)
    return ", ".join(
        [
            LINE,
            *(identifier(column.name) for column in columns),
            f"ST_AsWKB({places})",
        ]
    )


def features(connection: Connection, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The features of the query that was just executed, some at a time: line, one cell a name, place."""
    while rows := connection.fetchmany(BATCH):
        places = shapely.from_wkb([row[-1] for row in rows], on_invalid="ignore")
        rounded = shapely.transform(
            shapely.orient_polygons(places), lambda points: np.round(points, DECIMALS)
        )
        for row, place in zip(rows, shapely.to_geojson(rounded), strict=True):
            yield {
                "type": "Feature",
                "id": row[0],
                "geometry": json.loads(place) if place else None,
                "properties": {
                    name: json_value(value)
                    for name, value in zip(names, row[1:-1], strict=True)
                },
            }


def json_value(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def export_features(
    path: Path, output: Path, sql: str, values: tuple[Any, ...], names: list[str]
) -> int:
    """Write the rows of a statement about the view `t` as features; how many."""
    connection = open_parquet(path, memory=EXPORT_MEMORY)
    connection.execute(sql, list(values))
    return _write(connection, names, output)


def _write(connection: Connection, names: Sequence[str], target: Path) -> int:
    count = 0
    with target.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for feature in features(connection, names):
            file.write(
                ("," if count else "")
                + "\n"
                + json.dumps(feature, ensure_ascii=False, allow_nan=False)
            )
            count += 1
        file.write("\n]}\n")
    return count
