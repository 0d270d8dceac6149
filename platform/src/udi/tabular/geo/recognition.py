"""Whether a file may be a map, and how a table says where its rows are.

Without GDAL, which takes a third of a second of processor to load: most tables are no map and have no places.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.geo.geoparquet import geo_metadata
from udi.tabular.profiles.profile import Profile
from udi.tabular.sandbox.duckdb_sandbox import Connection, connect, identifier

PERHAPS = {"ZIP", "Gzip", "XML", "JSON"}
"""Kinds of files that may hold a map."""
SHAPED = {"geometry", "geometry.coordinates"}
"""Columns that a list of features has when it is read as a list of objects."""
NUMBER = r"[-+]?\d+(?:\.\d+)?"
PAIR = rf"^\s*[\[(]?\s*({NUMBER})\s*[,; ]\s*({NUMBER})\s*[\])]?\s*$"
KINDS = "POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION|CURVE|COMPOUNDCURVE|CIRCULARSTRING|CURVEPOLYGON|SURFACE"
WKT = rf"^\s*(SRID=4326;)?(MULTI)?({KINDS})\s*(Z|M|ZM)?\s*\("
JSON_SHAPE = r'^\s*\{.*"coordinates"\s*:'
WRITTEN_SHAPES = frozenset({ColumnType.TEXT, ColumnType.JSON, ColumnType.POINT})
"""The types of columns that may say shapes in WKT or GeoJSON: points in WKT are of a type of their own."""
SAMPLE = 500
LARGEST_LATITUDE = 90
ENOUGH = 0.8
LONGITUDE_FIRST = re.compile(r"lon.*lat|x_?y|lng.*lat|geojson", re.IGNORECASE)


class PlaceNotation(StrEnum):
    """How a table writes places."""

    TWO_COLUMNS = "two columns"
    ONE_CELL = "one cell"
    WKT = "WKT"
    GEOJSON = "GeoJSON"


@dataclass(frozen=True)
class PlaceColumns:
    """Where the places of a table are; `columns` are one name, or the latitude's and the longitude's."""

    notation: PlaceNotation
    columns: tuple[str, ...]
    longitude_first: bool = False


def may_be_map(source: Path, profile: Profile) -> bool:
    """Whether it is worth asking GDAL for the map of a file."""
    if profile.reads == "geo":
        return True
    if profile.reads == "parquet":
        return geo_metadata(source) is not None
    if profile.is_table:
        return profile.reads == "records" and bool(
            SHAPED & {column.name for column in profile.columns}
        )
    return profile.label in PERHAPS


def find_place_columns(
    parquet: Path, columns: Sequence[TypedColumn]
) -> PlaceColumns | None:
    """How this typed table says where its rows are, None when it does not."""
    latitudes = [
        column.name for column in columns if column.type is ColumnType.LATITUDE
    ]
    longitudes = [
        column.name for column in columns if column.type is ColumnType.LONGITUDE
    ]
    with connect(parquet) as connection:
        for column in columns:
            if column.type in WRITTEN_SHAPES and (
                notation := _detect_notation(_sample(connection, parquet, column.name))
            ):
                return PlaceColumns(notation, (column.name,))
        if latitudes and longitudes:
            return PlaceColumns(
                PlaceNotation.TWO_COLUMNS, (latitudes[0], longitudes[0])
            )
        for column in columns:
            if column.type is ColumnType.POINT:
                first = _longitude_first(
                    column.name, _sample(connection, parquet, column.name)
                )
                return PlaceColumns(
                    PlaceNotation.ONE_CELL, (column.name,), longitude_first=first
                )
    return None


def _sample(connection: Connection, parquet: Path, name: str) -> list[str]:
    rows = connection.execute(
        f"SELECT {identifier(name)} FROM read_parquet(?) WHERE {identifier(name)} IS NOT NULL LIMIT {SAMPLE}",
        [str(parquet)],
    ).fetchall()
    return [str(row[0]) for row in rows]


def _detect_notation(values: Sequence[str]) -> PlaceNotation | None:
    for notation, pattern in (
        (PlaceNotation.WKT, WKT),
        (PlaceNotation.GEOJSON, JSON_SHAPE),
    ):
        matching = sum(
            bool(re.match(pattern, value, re.IGNORECASE | re.DOTALL))
            for value in values
        )
        if values and matching >= ENOUGH * len(values):
            return notation
    return None


def _longitude_first(name: str, values: Iterable[str]) -> bool:
    """Latitude first, unless the name or a number beyond 90 says otherwise."""
    firsts = []
    seconds = []
    for value in values:
        if match := re.match(PAIR, value):
            firsts.append(abs(float(match[1])))
            seconds.append(abs(float(match[2])))
    if any(first > LARGEST_LATITUDE for first in firsts):
        return True
    return bool(LONGITUDE_FIRST.search(name)) and not any(
        second > LARGEST_LATITUDE for second in seconds
    )
