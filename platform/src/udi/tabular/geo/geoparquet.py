"""GeoParquet 1.1, read and written by DuckDB: the key `geo` of a Parquet file."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from udi.tabular.columns.column import GEOMETRY, Bounds, ColumnType, TypedColumn
from udi.tabular.messages.remarks import UnreadableGeoFileError
from udi.tabular.sandbox.duckdb_sandbox import connect

KINDS = (
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)
TYPES = {
    "BOOLEAN": ColumnType.BOOLEAN,
    "DATE": ColumnType.DATE,
    "TIME": ColumnType.TIME,
    "DOUBLE": ColumnType.NUMBER,
    "FLOAT": ColumnType.NUMBER,
    "UUID": ColumnType.UUID,
}
STRUCTURED = ("[", "STRUCT", "MAP", "JSON", "UNION")


def geo_metadata(path: Path) -> dict[str, Any] | None:
    """The key `geo`, None for a Parquet without places."""
    with connect(path) as connection:
        row = connection.execute(
            "SELECT value FROM parquet_kv_metadata(?) WHERE key = 'geo'::BLOB",
            [str(path)],
        ).fetchone()
    if row is None:
        return None
    try:
        value: dict[str, Any] = json.loads(bytes(row[0]))
        if isinstance(value["columns"][value["primary_column"]], dict):
            return value
        return None
    except (ValueError, KeyError, TypeError):
        return None


def geometry_column(path: Path) -> tuple[str, str | None]:
    """Name of the column of places, and their coordinate system (None: longitude and latitude).

    Raises:
        UnreadableError: there is none, or it is encoded in a way that DuckDB does not read.
    """
    metadata = geo_metadata(path)
    if metadata is None:
        raise UnreadableGeoFileError(
            "This Parquet file contains no places: it is a table."
        )
    name = metadata["primary_column"]
    column = metadata["columns"][name]
    if column.get("encoding") != "WKB":
        raise UnreadableGeoFileError(
            "The places of this GeoParquet are not written as WKB. Export it again with that encoding."
        )
    crs = column.get("crs")
    return str(name), json.dumps(crs) if crs else None


def parquet_layer(
    path: Path,
) -> tuple[str, str, int, tuple[TypedColumn, ...], Bounds | None]:
    """What a GeoParquet says: system, kind of geometry, rows, columns, rectangle in its own coordinates."""
    name, crs = geometry_column(path)
    metadata = geo_metadata(path) or {}
    column = metadata["columns"][name]
    with connect(path) as connection:
        described = connection.execute(
            "DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]
        ).fetchall()
        rows = connection.execute(
            "SELECT count(*) FROM read_parquet(?)", [str(path)]
        ).fetchone()
    columns = tuple(
        TypedColumn(str(row[0]), _type(str(row[1])))
        for row in described
        if row[0] != name
        and not (row[0] == "bbox" and str(row[1]).startswith("STRUCT"))
    )
    kinds = [
        str(kind).removesuffix(" Z") for kind in column.get("geometry_types") or ()
    ]
    box: list[float] = list(column.get("bbox") or ())
    if len(box) in {4, 6}:
        bounds = (box[0], box[1], box[len(box) // 2], box[len(box) // 2 + 1])
    else:
        bounds = None
    return (
        crs or "OGC:CRS84",
        kinds[0] if len(kinds) == 1 else "Unknown",
        rows[0] if rows else 0,
        columns,
        bounds,
    )


def read_geometry_types(path: Path) -> set[str]:
    """The types of the places of a GeoParquet; empty where it does not say them."""
    metadata = geo_metadata(path)
    if metadata is None:
        return set()
    column = metadata["columns"][metadata["primary_column"]]
    return set(column.get("geometry_types") or ())


def _type(stored: str) -> ColumnType:
    if any(mark in stored for mark in STRUCTURED):
        return ColumnType.JSON
    if "INT" in stored:
        return ColumnType.INTEGER
    if stored.startswith("TIMESTAMP"):
        return ColumnType.DATETIME
    if stored.startswith("DECIMAL"):
        return ColumnType.NUMBER
    return TYPES.get(stored, ColumnType.TEXT)


def geo_key(kinds: Iterable[str], bbox: Bounds | None, places: str = GEOMETRY) -> str:
    """The key `geo` of our own files, whose places are in the column `places`: WKB in OGC:CRS84, the default, not written."""
    column: dict[str, object] = {"encoding": "WKB", "geometry_types": sorted(kinds)}
    if bbox:
        column["bbox"] = list(bbox)
    return json.dumps(
        {
            "version": "1.1.0",
            "primary_column": places,
            "columns": {places: column},
        }
    )
