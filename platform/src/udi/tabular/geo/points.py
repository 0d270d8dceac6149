"""Places of tables that say where their rows are: latitude and longitude, both in one cell, WKT or GeoJSON as text."""

from collections.abc import Sequence
from pathlib import Path

from udi.tabular.columns.column import (
    BOX,
    LINE,
    TypedColumn,
    places_name,
)
from udi.tabular.geo.geoparquet import geo_key
from udi.tabular.geo.places import (
    BATCH,
    GROUP,
    MISSING,
    MOST_ERRORS,
    OUTSIDE,
    UNREADABLE,
    PlaceStatistics,
    Tell,
    gather_places,
)
from udi.tabular.geo.recognition import PAIR, PlaceColumns, PlaceNotation
from udi.tabular.messages.remarks import PlaceError, Remark
from udi.tabular.sandbox.duckdb_sandbox import Connection, connect, identifier, literal


def write_with_places(
    parquet: Path,
    columns: Sequence[TypedColumn],
    placing: PlaceColumns,
    target: Path,
    workdir: Path,
    tell: Tell | None = None,
) -> PlaceStatistics:
    """Write the same typed table with its places (`places_name`) and the rectangle of each place; says what is wrong with the others."""
    column_expressions = [
        f"t.{identifier(name)}" for name in (LINE, *(column.name for column in columns))
    ]
    box = [
        f"p.{stored} AS {name}"
        for stored, name in zip(("x0", "y0", "x1", "y1"), BOX, strict=True)
    ]
    places = places_name(column.name for column in columns)
    select_list = ", ".join([*column_expressions, f"p.geometry AS {places}", *box])
    query = f"SELECT {select_list} FROM read_parquet({literal(parquet)}) AS t"
    with connect(parquet, target.parent, spill=workdir) as connection:
        if placing.notation in {PlaceNotation.WKT, PlaceNotation.GEOJSON}:
            gathered = gather_places(
                connection,
                _shapes(parquet, placing),
                "OGC:CRS84",
                placing.columns[0],
                tell,
            )
            source = f"{query} POSITIONAL JOIN places AS p"
        else:
            gathered = _check_points(connection, parquet, placing, tell)
            source = f"{query}, LATERAL ({_points(placing)}) AS p"
        options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP}"
        key = literal(geo_key(gathered.kinds, gathered.bbox, places))
        connection.execute(
            f"COPY ({source}) TO {literal(target)} ({options}, KV_METADATA {{geo: {key}}})"
        )
    return gathered


def _shapes(parquet: Path, placing: PlaceColumns) -> str:
    name = identifier(placing.columns[0])
    if placing.notation is PlaceNotation.GEOJSON:
        read = f"TRY(ST_GeomFromGeoJSON({name}))"
    else:
        read = f"TRY_CAST(regexp_replace({name}, '^\\s*SRID=4326;', '') AS GEOMETRY)"
    wkb = f"CASE WHEN {name} IS NOT NULL THEN coalesce({read}::BLOB, '\\x00'::BLOB) END"
    return f"SELECT {LINE}, {wkb} FROM read_parquet({literal(parquet)})"


def _coordinates(placing: PlaceColumns) -> tuple[str, str]:
    """SQL of the longitude and of the latitude."""
    if placing.notation is PlaceNotation.TWO_COLUMNS:
        latitude, longitude = placing.columns
        return identifier(longitude), identifier(latitude)
    cell = identifier(placing.columns[0])
    parts = [
        f"TRY_CAST(nullif(regexp_extract({cell}, '{PAIR}', {group}), '') AS DOUBLE)"
        for group in (1, 2)
    ]
    if placing.longitude_first:
        return (parts[0], parts[1])
    return (parts[1], parts[0])


def _point(placing: PlaceColumns) -> tuple[str, str, str]:
    longitude, latitude = _coordinates(placing)
    inside = f"({longitude} BETWEEN -180 AND 180 AND {latitude} BETWEEN -90 AND 90)"
    return longitude, latitude, inside


def _points(placing: PlaceColumns) -> str:
    """SQL of the place of a row and of its rectangle."""
    longitude, latitude, inside = _point(placing)
    x, y = (f"CASE WHEN {inside} THEN {value} END" for value in (longitude, latitude))
    point = "ST_AsWKB(('POINT (' || x || ' ' || y || ')')::GEOMETRY) AS geometry"
    return f"SELECT {point}, x AS x0, y AS y0, x AS x1, y AS y1 FROM (SELECT {x} AS x, {y} AS y)"


def _check_points(
    connection: Connection, parquet: Path, placing: PlaceColumns, tell: Tell | None
) -> PlaceStatistics:
    longitude, latitude, inside = _point(placing)
    gathered = PlaceStatistics(", ".join(placing.columns), tell=tell)
    absent = " OR ".join(f"{identifier(name)} IS NULL" for name in placing.columns)
    defects = (
        (MISSING, absent),
        (UNREADABLE, f"NOT ({absent}) AND ({longitude} IS NULL OR {latitude} IS NULL)"),
        (OUTSIDE, f"NOT {inside}"),
    )
    source = f"FROM read_parquet({literal(parquet)})"
    counted = ", ".join(f"count(*) FILTER ({condition})" for _, condition in defects)
    limits = [
        f"{aggregate}({value}) FILTER ({inside})"
        for value in (longitude, latitude)
        for aggregate in ("min", "max")
    ]
    row = (
        connection.execute(f"SELECT {counted}, {', '.join(limits)} {source}").fetchone()
        or ()
    )
    for (remark, condition), count in zip(defects, row[:3], strict=True):
        if count:
            gathered.counts[remark.message] = count
            _record_errors(
                connection,
                f"SELECT {LINE} {source} WHERE {condition}",
                gathered,
                remark,
            )
    if row[3] is not None:
        gathered.kinds.add("Point")
        gathered.west, gathered.east, gathered.south, gathered.north = row[3:]
    return gathered


def _record_errors(
    connection: Connection, query: str, gathered: PlaceStatistics, remark: Remark
) -> None:
    """Rows with something wrong: those of every batch reported, the first kept."""
    cursor = connection.execute(query)
    while lines := [line for (line,) in cursor.fetchmany(BATCH)]:
        if gathered.tell is not None:
            for line in lines:
                gathered.tell(line, gathered.column, remark)
        errors_left = max(0, MOST_ERRORS - len(gathered.errors))
        gathered.errors += [
            PlaceError(line, gathered.column, remark) for line in lines[:errors_left]
        ]
        if gathered.tell is None and len(gathered.errors) == MOST_ERRORS:
            return
