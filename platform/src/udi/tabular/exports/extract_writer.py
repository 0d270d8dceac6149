"""A part of a table as a table of its own, written inside a child: what is left out is nowhere in it, not even as a gap."""

import hashlib
from pathlib import Path

from udi.tabular.columns.column import BOX, LINE, Bounds, places_name
from udi.tabular.exports.extracts import ExtractResult, TableExtract
from udi.tabular.geo.geoparquet import geo_key
from udi.tabular.sandbox.duckdb_sandbox import Connection, identifier, literal
from udi.tabular.sandbox.engine import EXPORT_MEMORY, open_parquet

GROUP_ROWS = 20_000


def write_extract(path: Path, output: Path, subset: TableExtract) -> ExtractResult:
    """Write the part of a typed table, its rows numbered anew in their order."""
    connection = open_parquet(path, memory=EXPORT_MEMORY, output=output)
    expressions = [f"row_number() OVER () AS {LINE}"]
    expressions += [
        f"c{int(rank)} AS {identifier(name)}" for rank, name in subset.columns
    ]
    bbox = None
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP_ROWS}"
    if subset.places is not None:
        places = places_name(name for _, name in subset.columns)
        expressions += [
            f"c{subset.places + at} AS {name}" for at, name in enumerate((places, *BOX))
        ]
        bbox = _box(connection, subset)
        options += (
            f", KV_METADATA {{geo: {literal(geo_key(subset.kinds, bbox, places))}}}"
        )
    rows = f"SELECT {', '.join(expressions)} FROM t{subset.condition}"
    result = connection.execute(
        f"COPY ({rows}) TO {literal(output)} ({options})", list(subset.values)
    ).fetchall()
    with output.open("rb") as file:
        return ExtractResult(
            int(result[0][0]), hashlib.file_digest(file, "sha256").hexdigest(), bbox
        )


def _box(connection: Connection, subset: TableExtract) -> Bounds | None:
    west, south, east, north = (
        f"c{(subset.places or 0) + 1 + side}" for side in range(4)
    )
    limits = f"min({west}), min({south}), max({east}), max({north})"
    row = connection.execute(
        f"SELECT {limits} FROM t{subset.condition}", list(subset.values)
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return (row[0], row[1], row[2], row[3])
