"""A table with places as GeoPackage, FlatGeobuf or vector tiles (PMTiles): DuckDB streams, GDAL writes."""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from udi.tabular.columns.column import (
    GEOMETRY,
    LINE,
    ROW_NAME,
    Bounds,
    ColumnType,
    TypedColumn,
    places_name,
)
from udi.tabular.geo.geo import unique_names
from udi.tabular.geo.geo_gdal import raw
from udi.tabular.geo.geoparquet import KINDS, geo_metadata
from udi.tabular.geo.pmtiles import write_pmtiles
from udi.tabular.messages.remarks import UnreadableGeoFileError
from udi.tabular.sandbox.duckdb_sandbox import connect, identifier, literal
from udi.tabular.sandbox.engine import create_view

DRIVERS = {"gpkg": "GPKG", "fgb": "FlatGeobuf", "pmtiles": "MBTiles"}
FINEST = 14
LEVELS = 7
Value = str | int | float | bool
FIDS = ("fid", "ogc_fid", "geom")
"""Names that these formats keep for themselves."""


def write_geo(
    parquet: Path,
    columns: Sequence[TypedColumn],
    target: Path,
    kind: str,
    *,
    title: str = "",
    numbered: bool = False,
    condition: str = "",
    values: Sequence[Value] = (),
) -> None:
    """Write `target` as `gpkg`, `fgb` or `pmtiles`, with one layer called `title`; `numbered`: each row has its number.

    `condition` is the clause WHERE of the rows that are written, about the view `t`, with its `values`.

    Raises:
        UnreadableError: the table has no place.
    """
    facts = geo_metadata(parquet)
    places = places_name(column.name for column in columns)
    if facts is None or not facts["columns"][places].get("bbox"):
        raise UnreadableGeoFileError(
            "This table has no place, so it cannot be written as a map."
        )
    column = facts["columns"][places]
    selected = _select_list(columns, numbered=numbered)
    if kind != "pmtiles":
        _write(
            parquet,
            selected,
            target,
            kind,
            title,
            _geometry_type(column["geometry_types"]),
            (condition, values),
            places=places,
        )
        return
    box = tuple(column["bbox"])
    tiles = target.with_suffix(".mbtiles")
    _write(
        parquet,
        selected,
        tiles,
        kind,
        title,
        _geometry_type(column["geometry_types"]),
        (condition, values),
        places=places,
        **_zoom_levels(box),
    )
    write_pmtiles(tiles, target, box)
    tiles.unlink()


def write_tiles(parquet: Path, columns: Sequence[TypedColumn], target: Path) -> int:
    """Write the vector tiles of a table with places; their bytes."""
    write_geo(parquet, columns, target, "pmtiles")
    return target.stat().st_size


def write_numbered_tiles(
    parquet: Path,
    columns: Sequence[TypedColumn],
    target: Path,
    condition: str = "",
    values: Sequence[Value] = (),
) -> int:
    """The same of some columns and of the rows that meet a condition, with the number of each row."""
    write_geo(
        parquet,
        columns,
        target,
        "pmtiles",
        numbered=True,
        condition=condition,
        values=values,
    )
    return target.stat().st_size


def _write(
    parquet: Path,
    selected: str,
    target: Path,
    kind: str,
    title: str,
    geometry: str,
    rows: tuple[str, Sequence[Value]],
    *,
    places: str,
    **options: Any,
) -> None:
    conditions = [] if kind == "gpkg" else [f"{places} IS NOT NULL"]
    condition, values = rows
    if condition:
        conditions.append(f"{LINE} IN (SELECT line FROM t{condition})")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    with connect(parquet, spill=target.parent) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if condition:
            create_view(connection, literal(parquet))
        table = connection.sql(
            f"SELECT {selected} FROM read_parquet(?){where}",
            params=[str(parquet), *values],
        )
        raw.write_arrow(
            table,
            target,
            driver=DRIVERS[kind],
            layer=title or "data",
            geometry_name=GEOMETRY,
            crs="OGC:CRS84",
            geometry_type=geometry,
            **options,
        )


def _select_list(columns: Sequence[TypedColumn], *, numbered: bool) -> str:
    """The expressions of a row; its number comes first, under the name that it has in the API."""
    names = unique_names(
        [column.name for column in columns], reserved_names=(GEOMETRY, ROW_NAME, *FIDS)
    )
    places = places_name(column.name for column in columns)
    read = [
        f"{identifier(column.name)}{'::VARCHAR' if column.type is ColumnType.TIME else ''} AS {identifier(name)}"
        for column, name in zip(columns, names, strict=True)
    ]
    number = [f"{LINE} AS {identifier(ROW_NAME)}"] if numbered else []
    return ", ".join([*number, *read, f"ST_AsWKB({places}) AS {GEOMETRY}"])


def _geometry_type(kinds: Sequence[str]) -> str:
    if len(kinds) == 1 and kinds[0] in KINDS:
        return kinds[0]
    return "Unknown"


def _zoom_levels(box: Bounds) -> dict[str, Any]:
    """From the level where all of it holds on a few tiles to seven levels closer."""
    span = max(box[2] - box[0], (box[3] - box[1]) * 1.5, 0.01)
    first = min(max(0, math.floor(math.log2(360 / span)) - 1), FINEST - LEVELS)
    return {"MINZOOM": first, "MAXZOOM": first + LEVELS}
