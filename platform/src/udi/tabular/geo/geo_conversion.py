"""From a layer to a typed table with its places: GDAL streams to DuckDB, which writes GeoParquet."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from udi.tabular.columns.column import (
    BOX,
    LINE,
    TEXT_STORED,
    Bounds,
    ColumnType,
    TypedColumn,
    places_name,
)
from udi.tabular.geo.geo import (
    LocatedLayer,
    choose_layer,
    find_layers,
    layer_remarks,
    private_folder,
    unique_names,
)
from udi.tabular.geo.geo_gdal import REFUSALS, raw
from udi.tabular.geo.geoparquet import geo_key, geometry_column
from udi.tabular.geo.places import (
    GROUP,
    PlaceStatistics,
    Tell,
    gather_places,
    geometry_kind,
)
from udi.tabular.messages.remarks import PlaceError, Remark, UnreadableGeoFileError
from udi.tabular.sandbox.duckdb_sandbox import Connection, connect, identifier, literal

Guess = Callable[[str, Sequence[str]], TypedColumn]
CHUNK = 5000
MOST_ONE_BY_ONE = 20_000
SAMPLE = 5000
KML_DEFAULTS = {"tessellate": -1, "extrude": 0, "visibility": -1, "drawOrder": None}
"""Columns that GDAL adds to any KML, with what they hold when the file says nothing."""


@dataclass(frozen=True)
class GeoConversion:
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


def guess_text(name: str, values: Sequence[str]) -> TypedColumn:
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
    reserved_names: Iterable[str] = (),
    guess: Guess = guess_text,
    tell: Tell | None = None,
) -> GeoConversion:
    """Write the layer that `profile_geo_file` called `layer` (empty: the one it chose) as a typed table at `target`.

    `crs` is the person's correction; a column that has one of the `reserved_names` gets a number; `tell` takes every wrong place; `guess` may give text columns a more telling type that is stored as text.

    Raises:
        UnreadableError: the layer cannot be read, with the reason.
    """
    with private_folder(workdir) as folder:
        layers = find_layers(source, name, folder)
        source_layer = _number_columns(_get_layer(layers, layer), reserved_names)
        if crs:
            source_layer = replace(
                source_layer, description=replace(source_layer.description, crs=crs)
            )
        with connect(
            target.parent, database=folder / "work.duckdb", spill=folder
        ) as connection:
            return _convert(connection, source_layer, layers, target, guess, tell)


def _get_layer(layers: Sequence[LocatedLayer], name: str) -> LocatedLayer:
    if not name:
        return choose_layer(layers)
    for layer in layers:
        if layer.description.name == name:
            return layer
    raise UnreadableGeoFileError(
        "The file has no such layer any more. Choose another one."
    )


def _number_columns(
    source_layer: LocatedLayer, reserved_names: Iterable[str]
) -> LocatedLayer:
    """The layer without columns of reserved names."""
    description = source_layer.description
    names = unique_names(
        [column.name for column in description.columns], reserved_names=reserved_names
    )
    columns = tuple(
        replace(column, name=name)
        for column, name in zip(description.columns, names, strict=True)
    )
    return replace(source_layer, description=replace(description, columns=columns))


def _convert(
    connection: Connection,
    source_layer: LocatedLayer,
    layers: Sequence[LocatedLayer],
    target: Path,
    guess: Guess,
    tell: Tell | None,
) -> GeoConversion:
    _load(connection, source_layer)
    description = source_layer.description
    places = "SELECT rowid + 1, g FROM loaded"
    if description.geometry:
        gathered = gather_places(connection, places, description.crs, tell=tell)
    else:
        gathered = None
    stored_columns = _select_columns(connection, source_layer, guess)
    rows = _write(connection, stored_columns, gathered, target)
    return GeoConversion(
        columns=tuple(column for _, column in stored_columns),
        rows=rows,
        crs=description.crs,
        geometry=geometry_kind(gathered.kinds) if gathered else "",
        bbox=gathered.bbox if gathered else None,
        errors=tuple(gathered.errors) if gathered else (),
        counts=dict(gathered.counts) if gathered else {},
        remarks=(*layer_remarks(layers, source_layer), *description.remarks),
        format=source_layer.part.format,
        layer=description.name,
        layers=tuple(layer.description.name for layer in layers),
    )


def _load(connection: Connection, source_layer: LocatedLayer) -> None:
    """Make the table `loaded`: c0, c1 … as the columns are stored, then g."""
    if source_layer.part.format == "GeoParquet":
        _load_parquet(connection, source_layer)
        return
    try:
        _load_stream(connection, source_layer)
    except (duckdb.Error, *REFUSALS):
        connection.execute("DROP TABLE IF EXISTS loaded")
        _load_chunks(connection, source_layer)


def _load_stream(connection: Connection, source_layer: LocatedLayer) -> None:
    columns = source_layer.description.columns
    geometry = bool(source_layer.description.geometry)
    with raw.open_arrow(
        source_layer.part.path,
        layer=source_layer.layer,
        use_pyarrow=False,
        batch_size=CHUNK,
    ) as (
        _,
        stream,
    ):
        aliases = ", ".join(
            [f"c{index}" for index in range(len(columns))] + ["g"] * geometry
        )
        read = [
            _cast_column(f"c{index}", column) for index, column in enumerate(columns)
        ]
        read.append("CAST(g AS BLOB) AS g" if geometry else "NULL::BLOB AS g")
        connection.register("stream", stream)
        try:
            connection.execute(
                f"CREATE TABLE loaded AS SELECT {', '.join(read)} FROM stream AS s({aliases})"
            )
        finally:
            connection.unregister("stream")


def _cast_column(name: str, column: TypedColumn) -> str:
    if column.type is ColumnType.JSON:
        return f"CASE WHEN typeof({name}) = 'VARCHAR' THEN {name}::VARCHAR ELSE to_json({name})::VARCHAR END AS {name}"
    if column.sql_type == "DOUBLE":
        return f"CASE WHEN isfinite({name}::DOUBLE) THEN {name}::DOUBLE END AS {name}"
    return f"TRY_CAST({name} AS {column.sql_type}) AS {name}"


def _load_parquet(connection: Connection, source_layer: LocatedLayer) -> None:
    name, _ = geometry_column(source_layer.part.path)
    described = connection.execute(
        "DESCRIBE SELECT * FROM read_parquet(?)", [str(source_layer.part.path)]
    ).fetchall()
    names = [
        row[0]
        for row in described
        if row[0] != name and not (row[0] == "bbox" and "STRUCT" in row[1])
    ]
    inner = ", ".join(
        f"{identifier(column_name)} AS c{index}"
        for index, column_name in enumerate(names)
    )
    read = ", ".join(
        [
            _cast_column(f"c{index}", column)
            for index, column in enumerate(source_layer.description.columns)
        ]
        + ["CAST(g AS BLOB) AS g"]
    )
    connection.execute(
        f"CREATE TABLE loaded AS SELECT {read} FROM"
        f" (SELECT {inner + ',' if inner else ''} {identifier(name)} AS g FROM read_parquet(?))",
        [str(source_layer.part.path)],
    )


def _load_chunks(connection: Connection, source_layer: LocatedLayer) -> None:
    """Slower, for what the stream refuses: curves are drawn as lines, a feature that cannot be read is an empty row."""
    columns = source_layer.description.columns
    declared = ", ".join(
        [f"c{index} {column.sql_type}" for index, column in enumerate(columns)]
        + ["g BLOB"]
    )
    connection.execute(f"CREATE TABLE loaded ({declared})")
    for start in range(0, max(source_layer.description.features, 1), CHUNK):
        try:
            _insert(connection, columns, *_read_features(source_layer, start, CHUNK))
        except REFUSALS:
            if source_layer.description.features > MOST_ONE_BY_ONE:
                raise
            _insert_one_by_one(connection, source_layer, start)


def _read_features(
    source_layer: LocatedLayer, start: int, count: int
) -> tuple[list[Any], Any]:
    _, _, geometries, fields = raw.read(
        source_layer.part.path,
        layer=source_layer.layer,
        skip_features=start,
        max_features=count,
        force_2d=True,
        datetime_as_string=True,
    )
    return list(fields), geometries


def _insert_one_by_one(
    connection: Connection, source_layer: LocatedLayer, start: int
) -> None:
    columns = source_layer.description.columns
    for place in range(start, min(start + CHUNK, source_layer.description.features)):
        try:
            _insert(connection, columns, *_read_features(source_layer, place, 1))
        except REFUSALS:
            nothing = np.array([None], dtype=object)
            _insert(connection, columns, [nothing] * len(columns), nothing)


def _insert(
    connection: Connection,
    columns: Sequence[TypedColumn],
    fields: list[Any],
    geometries: Any,
) -> None:
    size = len(fields[0]) if fields else len(geometries)
    if geometries is not None:
        places = geometries
    else:
        places = np.full(size, None, dtype=object)
    batch = {f"c{index}": _texts(values) for index, values in enumerate(fields)} | {
        "g": places
    }
    connection.register("batch", batch)
    read = [
        f"TRY_CAST(c{index}::VARCHAR AS {column.sql_type})"
        for index, column in enumerate(columns)
    ]
    connection.execute(
        f"INSERT INTO loaded SELECT {', '.join([*read, 'g::BLOB'])} FROM batch"
    )
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


def _select_columns(
    connection: Connection, source_layer: LocatedLayer, guess: Guess
) -> list[tuple[str, TypedColumn]]:
    """The columns of the table by their place in `loaded`, without those that only GDAL gave."""
    stored_columns: list[tuple[str, TypedColumn]] = []
    added = source_layer.part.format in {"GPX", "KML"}
    for index, column in enumerate(source_layer.description.columns):
        default = KML_DEFAULTS.get(column.name)
        if default is not None:
            condition = f"c{index} IS DISTINCT FROM {default}"
        else:
            condition = f"c{index} IS NOT NULL"
        if (
            added
            and not connection.execute(
                f"SELECT 1 FROM loaded WHERE {condition} LIMIT 1"
            ).fetchone()
        ):
            continue
        stored_columns.append(
            (f"c{index}", _guess_type(connection, f"c{index}", column, guess))
        )
    return stored_columns


def _guess_type(
    connection: Connection, stored: str, column: TypedColumn, guess: Guess
) -> TypedColumn:
    if column.type is not ColumnType.TEXT:
        return column
    rows = connection.execute(
        f"SELECT DISTINCT {stored} FROM loaded WHERE {stored} IS NOT NULL LIMIT {SAMPLE}"
    ).fetchall()
    if not rows:
        return replace(column, type=ColumnType.EMPTY)
    guessed_column = guess(column.name, [row[0] for row in rows])
    if guessed_column.sql_type == TEXT_STORED:
        return replace(guessed_column, name=column.name)
    return column


def _write(
    connection: Connection,
    stored_columns: list[tuple[str, TypedColumn]],
    gathered: PlaceStatistics | None,
    target: Path,
) -> int:
    expressions = [
        f"{stored} AS {identifier(column.name)}" for stored, column in stored_columns
    ]
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP}"
    if gathered is None:
        query = (
            f"SELECT {', '.join([f'rowid + 1 AS {LINE}', *expressions])} FROM loaded"
        )
    else:
        box = [
            f"{stored} AS {name}"
            for stored, name in zip(("x0", "y0", "x1", "y1"), BOX, strict=True)
        ]
        places = places_name(column.name for _, column in stored_columns)
        columns = [
            f"places.line AS {LINE}",
            *expressions,
            f"places.geometry AS {places}",
            *box,
        ]
        query = f"SELECT {', '.join(columns)} FROM loaded POSITIONAL JOIN places"
        key = literal(geo_key(gathered.kinds, gathered.bbox, places))
        options += f", KV_METADATA {{geo: {key}}}"
    row = connection.execute(
        f"COPY ({query}) TO {literal(target)} ({options})"
    ).fetchone()
    if row:
        return int(row[0])
    return 0
