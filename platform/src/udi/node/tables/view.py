"""A part of a table as a table of its own, written inside a child: what is left out is nowhere in it, not even as a gap."""

import hashlib
from pathlib import Path

from udi.node.tables.column import BOX, GEOMETRY, LINE, Bounds
from udi.node.tables.cut import Cut, Written
from udi.node.tables.engine import EXPORT_MEMORY, open_locked
from udi.node.tables.geoparquet import geo_key
from udi.node.tables.locked import Connection, literal, quoted

GROUP_ROWS = 20_000


def write_view(path: Path, output: Path, cut: Cut) -> Written:
    """Write the part of a typed table, its rows numbered anew in their order."""
    connection = open_locked(path, memory=EXPORT_MEMORY, output=output)
    kept = [f"row_number() OVER () AS {LINE}"]
    kept += [f"c{int(rank)} AS {quoted(name)}" for rank, name in cut.columns]
    bbox, options = None, f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP_ROWS}"
    if cut.places is not None:
        kept += [f"c{cut.places + at} AS {name}" for at, name in enumerate((GEOMETRY, *BOX))]
        bbox = _box(connection, cut)
        options += f", KV_METADATA {{geo: {literal(geo_key(cut.kinds, bbox))}}}"
    rows = f"SELECT {', '.join(kept)} FROM t{cut.condition}"
    written = connection.execute(f"COPY ({rows}) TO {literal(output)} ({options})", list(cut.values)).fetchall()
    with output.open("rb") as file:
        return Written(int(written[0][0]), hashlib.file_digest(file, "sha256").hexdigest(), bbox)


def _box(connection: Connection, cut: Cut) -> Bounds | None:
    west, south, east, north = (f"c{(cut.places or 0) + 1 + side}" for side in range(4))
    limits = f"min({west}), min({south}), max({east}), max({north})"
    found = connection.execute(f"SELECT {limits} FROM t{cut.condition}", list(cut.values)).fetchone()
    return None if found is None or found[0] is None else (found[0], found[1], found[2], found[3])
