"""PMTiles version 3, written from MBTiles: one file of vector tiles that a browser reads by ranges.

GDAL writes PMTiles through its SQLite format, which is not among those that strangers' files may reach; hence ours.
"""

import gzip
import hashlib
import json
import shutil
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udi.tabular.columns.column import Bounds

HEADER = 127
ROOM = 16_384
LEAF = 4096
HEAD = struct.Struct("<7sB11Q6B4iB2i")
GZIP = 2
VECTOR = 1
E7 = 10_000_000


@dataclass
class TileEntry:
    """Tiles in a row that share contents: `run` of them from `tile`, at `offset` of the data."""

    tile: int
    offset: int
    length: int
    run: int = 1


def tile_number(zoom: int, x: int, y: int) -> int:
    """Where a tile comes in the order of PMTiles: level by level, along a Hilbert curve."""
    number: int = (4**zoom - 1) // 3
    side = 1 << zoom
    half = side >> 1
    while half:
        right = int(bool(x & half))
        down = int(bool(y & half))
        number += half * half * ((3 * right) ^ down)
        if not down:
            if right:
                x = side - 1 - x
                y = side - 1 - y
            x, y = y, x
        half >>= 1
    return number


def write_pmtiles(mbtiles: Path, target: Path, bbox: Bounds) -> int:
    """Write the tiles of an MBTiles file, equal ones once; returns how many addresses have one."""
    with sqlite3.connect(f"file:{mbtiles}?mode=ro", uri=True) as database:
        facts: dict[str, Any] = dict(
            database.execute("SELECT name, value FROM metadata")
        )
        data = target.with_suffix(".data")
        with data.open("wb") as file:
            entries = _write_data(database, file)
    database.close()
    levels = int(facts.get("minzoom", 0)), int(facts.get("maxzoom", 0))
    root, leaves = _directories(entries)
    metadata = gzip.compress(json.dumps(_metadata(facts)).encode(), mtime=0)
    with target.open("wb") as file:
        file.write(
            _header(
                entries, (root, metadata, leaves), data.stat().st_size, levels, bbox
            )
        )
        file.write(root + metadata + leaves)
        with data.open("rb") as tiles:
            shutil.copyfileobj(tiles, file)
    data.unlink()
    return sum(entry.run for entry in entries)


def _write_data(database: sqlite3.Connection, file: Any) -> list[TileEntry]:
    places = database.execute(
        "SELECT zoom_level, tile_column, tile_row, rowid FROM tiles"
    )
    order = sorted(
        (tile_number(zoom, x, (1 << zoom) - 1 - row), rowid)
        for zoom, x, row, rowid in places
    )
    entries = list[TileEntry]()
    span_by_digest = dict[bytes, tuple[int, int]]()
    end = 0
    for tile, rowid in order:
        (content,) = database.execute(
            "SELECT tile_data FROM tiles WHERE rowid = ?", [rowid]
        ).fetchone()
        digest = hashlib.sha256(content).digest()
        if digest not in span_by_digest:
            span_by_digest[digest] = (end, len(content))
            file.write(content)
            end += len(content)
        offset, length = span_by_digest[digest]
        last = entries[-1] if entries else None
        if (
            last
            and (last.offset, last.length) == (offset, length)
            and last.tile + last.run == tile
        ):
            last.run += 1
        else:
            entries.append(TileEntry(tile, offset, length))
    return entries


def _metadata(facts: dict[str, Any]) -> dict[str, Any]:
    layers = json.loads(facts.get("json") or "{}")
    return {
        "name": facts.get("name", ""),
        "vector_layers": layers.get("vector_layers", []),
    }


def _directories(entries: Sequence[TileEntry]) -> tuple[bytes, bytes]:
    """The root, and the leaves when the root alone would be too large for a first read."""
    root = _directory(entries)
    if len(root) <= ROOM - HEADER:
        return root, b""
    size = LEAF
    while True:
        leaves = b""
        roots = list[TileEntry]()
        for start in range(0, len(entries), size):
            leaf = _directory(entries[start : start + size])
            roots.append(TileEntry(entries[start].tile, len(leaves), len(leaf), run=0))
            leaves += leaf
        root = _directory(roots)
        if len(root) <= ROOM - HEADER:
            return root, leaves
        size *= 2


def _directory(entries: Sequence[TileEntry]) -> bytes:
    numbers = [len(entries)]
    before = 0
    for entry in entries:
        numbers.append(entry.tile - before)
        before = entry.tile
    numbers += [entry.run for entry in entries]
    numbers += [entry.length for entry in entries]
    end = -1
    for entry in entries:
        numbers.append(0 if entry.offset == end else entry.offset + 1)
        end = entry.offset + entry.length
    return gzip.compress(
        b"".join(byte for number in numbers for byte in _varint(number)), mtime=0
    )


def _varint(number: int) -> Iterator[bytes]:
    while number >= 0x80:  # noqa: PLR2004 - seven bits a byte
        yield bytes([number & 0x7F | 0x80])
        number >>= 7
    yield bytes([number])


def _header(
    entries: Sequence[TileEntry],
    parts: tuple[bytes, bytes, bytes],
    data: int,
    levels: tuple[int, int],
    bbox: Bounds,
) -> bytes:
    places = list[int]()
    start = HEADER
    for length in (*map(len, parts), data):
        places += [start, length]
        start += length
    counts = (
        sum(entry.run for entry in entries),
        len(entries),
        len({entry.offset for entry in entries}),
    )
    west, south, east, north = (round(side * E7) for side in bbox)
    middle = (levels[0] + levels[1]) // 2
    kinds = (1, GZIP, GZIP, VECTOR, *levels)
    return HEAD.pack(
        b"PMTiles",
        3,
        *places,
        *counts,
        *kinds,
        west,
        south,
        east,
        north,
        middle,
        (west + east) // 2,
        (south + north) // 2,
    )
