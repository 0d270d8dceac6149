"""From a layer to a typed table with its places: GDAL streams to DuckDB, which writes GeoParquet."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from udi.node.tables.column import BOX, GEOMETRY, LINE, TEXT_STORED, Bounds, ColumnType, TypedColumn
from udi.node.tables.geo import Found, choose, find_layers, private, several
from udi.node.tables.geo_gdal import REFUSALS, raw
from udi.node.tables.geoparquet import geo_key, geometry_column
from udi.node.tables.locked import Connection, connect, literal, quoted
from udi.node.tables.places import GROUP, Gathered, Tell, gather_places, shown_kind
from udi.node.tables.remarks import PlaceError, Remark, UnreadableError

Guess = Callable[[str, Sequence[str]], TypedColumn]
CHUNK, MOST_ONE_BY_ONE, SAMPLE = 5000, 20_000, 5000
GIVEN = {"tessellate": -1, "extrude": 0, "visibility": -1, "drawOrder": None}
"""Columns that GDAL adds to any KML, with what they hold when the file says nothing."""


@dataclass(frozen=True)
class GeoConverted:
    """What was written; `errors` are the first thousand, `counts` say how many there are of each kind."""

    columns: tuple[TypedColumn, ...]
    rows: int
    crs: str
    geometry: str
    bbox: Bounds | None
    errors: tuple[PlaceError, ...]
    counts: dict[str, int]
    remarks: tuple[Remark, ...]
    format: str
    layer: str
    layers: tuple[str, ...]


def text_only(name: str, values: Sequence[str]) -> TypedColumn:
    """A guess that guesses nothing."""
    del values
    return TypedColumn(name, ColumnType.TEXT)


def convert_geo(
    source: Path,
    layer: str,
    target: Path,
    workdir: Path,
    *,
    name: str = "",
    crs: str = "",
    guess: Guess = text_only,
    tell: Tell | None = None,
) -> GeoConverted:
    """Write the layer that `understand_geo` called `layer` (empty: the one it chose) as a typed table at `target`.

    `crs` is the person's correction; `tell` takes every wrong place; `guess` may give text columns a more telling type that is stored as text.

    Raises:
        UnreadableError: the layer cannot be read, with the reason.
    """
    with private(workdir) as folder:
        layers = find_layers(source, name, folder)
        found = _pick(layers, layer)
        if crs:
            found = replace(found, shown=replace(found.shown, crs=crs))
        with connect(target.parent, database=folder / "work.duckdb", spill=folder) as connection:
            return _convert(connection, found, layers, target, guess, tell)


def _pick(layers: Sequence[Found], name: str) -> Found:
    if not name:
        return choose(layers)
    for each in layers:
        if each.shown.name == name:
            return each
    raise UnreadableError("The file has no such layer any more. Choose another one.")


def _convert(
    connection: Connection, found: Found, layers: Sequence[Found], target: Path, guess: Guess, tell: Tell | None
) -> GeoConverted:
    _load(connection, found)
    shown = found.shown
    places = "SELECT rowid + 1, g FROM loaded"
    gathered = gather_places(connection, places, shown.crs, tell=tell) if shown.geometry else None
    kept = _kept(connection, found, guess)
    rows = _write(connection, kept, gathered, target)
    return GeoConverted(
        columns=tuple(column for _, column in kept),
        rows=rows,
        crs=shown.crs,
        geometry=shown_kind(gathered.kinds) if gathered else "",
        bbox=gathered.bbox if gathered else None,
        errors=tuple(gathered.errors) if gathered else (),
        counts=dict(gathered.counts) if gathered else {},
        remarks=(*several(layers, found), *shown.remarks),
        format=found.part.format,
        layer=shown.name,
        layers=tuple(each.shown.name for each in layers),
    )


def _load(connection: Connection, found: Found) -> None:
    """Make the table `loaded`: c0, c1 … as the columns are stored, then g."""
    if found.part.format == "GeoParquet":
        _load_parquet(connection, found)
        return
    try:
        _load_stream(connection, found)
    except (duckdb.Error, *REFUSALS):
        connection.execute("DROP TABLE IF EXISTS loaded")
        _load_chunks(connection, found)


def _load_stream(connection: Connection, found: Found) -> None:
    columns, geometry = found.shown.columns, bool(found.shown.geometry)
    with raw.open_arrow(found.part.path, layer=found.layer, use_pyarrow=False, batch_size=CHUNK) as (_, stream):
        aliases = ", ".join([f"c{index}" for index in range(len(columns))] + ["g"] * geometry)
        read = [_stored(f"c{index}", column) for index, column in enumerate(columns)]
        read.append("CAST(g AS BLOB) AS g" if geometry else "NULL::BLOB AS g")
        connection.register("stream", stream)
        try:
            connection.execute(f"CREATE TABLE loaded AS SELECT {', '.join(read)} FROM stream AS s({aliases})")
        finally:
            connection.unregister("stream")


def _stored(name: str, column: TypedColumn) -> str:
    if column.type is ColumnType.JSON:
        return f"CASE WHEN typeof({name}) = 'VARCHAR' THEN {name}::VARCHAR ELSE to_json({name})::VARCHAR END AS {name}"
    if column.stored == "DOUBLE":
        return f"CASE WHEN isfinite({name}::DOUBLE) THEN {name}::DOUBLE END AS {name}"
    return f"TRY_CAST({name} AS {column.stored}) AS {name}"


def _load_parquet(connection: Connection, found: Found) -> None:
    name, _ = geometry_column(found.part.path)
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(found.part.path)]).fetchall()
    names = [each[0] for each in described if each[0] != name and not (each[0] == "bbox" and "STRUCT" in each[1])]
    inner = ", ".join(f"{quoted(each)} AS c{index}" for index, each in enumerate(names))
    read = ", ".join(
        [_stored(f"c{index}", column) for index, column in enumerate(found.shown.columns)] + ["CAST(g AS BLOB) AS g"]
    )
    connection.execute(
        f"CREATE TABLE loaded AS SELECT {read} FROM"
        f" (SELECT {inner + ',' if inner else ''} {quoted(name)} AS g FROM read_parquet(?))",
        [str(found.part.path)],
    )


def _load_chunks(connection: Connection, found: Found) -> None:
    """Slower, for what the stream refuses: curves are drawn as lines, a feature that cannot be read is an empty row."""
    columns = found.shown.columns
    declared = ", ".join([f"c{index} {column.stored}" for index, column in enumerate(columns)] + ["g BLOB"])
    connection.execute(f"CREATE TABLE loaded ({declared})")
    for start in range(0, max(found.shown.features, 1), CHUNK):
        try:
            _insert(connection, columns, *_read_some(found, start, CHUNK))
        except REFUSALS:
            if found.shown.features > MOST_ONE_BY_ONE:
                raise
            _insert_one_by_one(connection, found, start)


def _read_some(found: Found, start: int, count: int) -> tuple[list[Any], Any]:
    _, _, geometries, fields = raw.read(
        found.part.path, layer=found.layer, skip_features=start, max_features=count, force_2d=True,
        datetime_as_string=True,
    )  # fmt: skip
    return list(fields), geometries


def _insert_one_by_one(connection: Connection, found: Found, start: int) -> None:
    columns = found.shown.columns
    for place in range(start, min(start + CHUNK, found.shown.features)):
        try:
            _insert(connection, columns, *_read_some(found, place, 1))
        except REFUSALS:
            nothing = np.array([None], dtype=object)
            _insert(connection, columns, [nothing] * len(columns), nothing)


def _insert(connection: Connection, columns: Sequence[TypedColumn], fields: list[Any], geometries: Any) -> None:
    size = len(fields[0]) if fields else len(geometries)
    places = geometries if geometries is not None else np.full(size, None, dtype=object)
    batch = {f"c{index}": _texts(values) for index, values in enumerate(fields)} | {"g": places}
    connection.register("batch", batch)
    read = [f"TRY_CAST(c{index}::VARCHAR AS {column.stored})" for index, column in enumerate(columns)]
    connection.execute(f"INSERT INTO loaded SELECT {', '.join([*read, 'g::BLOB'])} FROM batch")
    connection.unregister("batch")


def _texts(values: Any) -> Any:
    return np.fromiter((_text(value) for value in values), object, len(values))


def _text(value: Any) -> str | None:
    if isinstance(value, np.ndarray):
        return json.dumps(value.tolist(), ensure_ascii=False, default=str)
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _kept(connection: Connection, found: Found, guess: Guess) -> list[tuple[str, TypedColumn]]:
    """The columns of the table by their place in `loaded`, without those that only GDAL gave."""
    kept: list[tuple[str, TypedColumn]] = []
    added = found.part.format in {"GPX", "KML"}
    for index, column in enumerate(found.shown.columns):
        given = GIVEN.get(column.name)
        condition = f"c{index} IS DISTINCT FROM {given}" if given is not None else f"c{index} IS NOT NULL"
        if added and not connection.execute(f"SELECT 1 FROM loaded WHERE {condition} LIMIT 1").fetchone():
            continue
        kept.append((f"c{index}", _guessed(connection, f"c{index}", column, guess)))
    return kept


def _guessed(connection: Connection, stored: str, column: TypedColumn, guess: Guess) -> TypedColumn:
    if column.type is not ColumnType.TEXT:
        return column
    rows = connection.execute(
        f"SELECT DISTINCT {stored} FROM loaded WHERE {stored} IS NOT NULL LIMIT {SAMPLE}"
    ).fetchall()
    if not rows:
        return replace(column, type=ColumnType.EMPTY)
    found = guess(column.name, [row[0] for row in rows])
    return replace(found, name=column.name) if found.stored == TEXT_STORED else column


def _write(connection: Connection, kept: list[tuple[str, TypedColumn]], gathered: Gathered | None, target: Path) -> int:
    chosen = [f"{stored} AS {quoted(column.name)}" for stored, column in kept]
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP}"
    if gathered is None:
        query = f"SELECT {', '.join([f'rowid + 1 AS {LINE}', *chosen])} FROM loaded"
    else:
        box = [f"{stored} AS {name}" for stored, name in zip(("x0", "y0", "x1", "y1"), BOX, strict=True)]
        columns = [f"places.line AS {LINE}", *chosen, f"places.geometry AS {GEOMETRY}", *box]
        query = f"SELECT {', '.join(columns)} FROM loaded POSITIONAL JOIN places"
        options += f", KV_METADATA {{geo: {literal(geo_key(gathered.kinds, gathered.bbox))}}}"
    written = connection.execute(f"COPY ({query}) TO {literal(target)} ({options})").fetchone()
    return int(written[0]) if written else 0
