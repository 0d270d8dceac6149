"""PMTiles version 3, written from MBTiles: one file of vector tiles that a browser reads by ranges.

GDAL writes PMTiles through its SQLite format, which is not among those that strangers' files may reach; hence the library
of the format's authors.
"""

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from udi.tabular.columns.column import Bounds

E7 = 10_000_000


def write_pmtiles(mbtiles: Path, target: Path, bbox: Bounds) -> None:
    """Write the tiles of an MBTiles file, equal ones once.

    Where it has none, since all its places are near a pole, one empty tile says so: the library writes no archive without.
    """
    with (
        closing(sqlite3.connect(f"file:{mbtiles}?mode=ro", uri=True)) as database,
        target.open("wb") as file,
    ):
        facts: dict[str, Any] = dict(
            database.execute("SELECT name, value FROM metadata")
        )
        writer = Writer(file)
        for tile, rowid in _sort_tiles(database):
            (content,) = database.execute(
                "SELECT tile_data FROM tiles WHERE rowid = ?", [rowid]
            ).fetchone()
            writer.write_tile(tile, content)
        if not writer.addressed_tiles:
            writer.write_tile(0, gzip.compress(b"", mtime=0))
        writer.finalize(_header(facts, bbox), _metadata(facts))


def _sort_tiles(database: sqlite3.Connection) -> list[tuple[int, int]]:
    """Number and row of each tile, in the order of PMTiles: level by level, along a Hilbert curve."""
    places = database.execute(
        "SELECT zoom_level, tile_column, tile_row, rowid FROM tiles"
    )
    return sorted(
        (zxy_to_tileid(zoom, x, (1 << zoom) - 1 - row), rowid)
        for zoom, x, row, rowid in places
    )


def _header(facts: dict[str, Any], bbox: Bounds) -> dict[str, Any]:
    west, south, east, north = (round(side * E7) for side in bbox)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": (int(facts.get("minzoom", 0)) + int(facts.get("maxzoom", 0)))
        // 2,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(facts: dict[str, Any]) -> dict[str, Any]:
    layers = json.loads(facts.get("json") or "{}")
    return {
        "name": facts.get("name", ""),
        "vector_layers": layers.get("vector_layers", []),
    }
