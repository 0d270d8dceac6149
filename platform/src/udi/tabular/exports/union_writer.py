"""Several tables as one, written inside a child."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from udi.tabular.columns.column import BOX, LINE, TypedColumn, places_name
from udi.tabular.exports.extract_writer import GROUP_ROWS
from udi.tabular.exports.unions import TableUnion, UnionMember
from udi.tabular.geo.geoparquet import geo_key, read_geometry_types
from udi.tabular.sandbox.duckdb_sandbox import Connection, connect, identifier, literal
from udi.tabular.sandbox.engine import EXPORT_MEMORY, create_view

MOST_EXACT = 2**53
"""Up to which every whole number is a decimal of 64 bits."""


def write_union(output: Path, union: TableUnion, *paths: Path) -> int:
    """Write the rows of each table after those of the one before, numbered anew; how many there are."""
    connection = connect(*paths, output, memory=EXPORT_MEMORY)
    selections = list[str]()
    for number, (member, path) in enumerate(zip(union.members, paths, strict=True)):
        create_view(connection, literal(path), f"t{number}")
        cells = ", ".join(_member_cells(union, member))
        selections.append(f"SELECT {cells} FROM t{number}")
    for column, rank in _list_inexact_columns(union):
        _require_exact(connection, union, column, rank)
    names = [identifier(column.name) for column in union.columns]
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP_ROWS}"
    if union.has_places:
        places = places_name(column.name for column in union.columns)
        names += [places, *BOX]
        key = geo_key(_merge_geometry_types(union, paths), union.bbox, places)
        options += f", KV_METADATA {{geo: {literal(key)}}}"
    listed = ", ".join(f"k{rank} AS {name}" for rank, name in enumerate(names))
    rows = f"SELECT row_number() OVER () AS {LINE}, {listed} FROM ({' UNION ALL '.join(selections)})"
    result = connection.execute(
        f"COPY ({rows}) TO {literal(output)} ({options})"
    ).fetchall()
    return int(result[0][0])


class InexactNumbersError(ValueError):
    """Whole numbers of one table would lose digits beside the decimals of another."""


def _list_inexact_columns(union: TableUnion) -> Iterator[tuple[TypedColumn, int]]:
    """The columns of decimals, with their place among those after the first."""
    for rank, column in enumerate(union.columns[1:]):
        if column.sql_type == "DOUBLE":
            yield column, rank


def _require_exact(
    connection: Connection, union: TableUnion, column: TypedColumn, rank: int
) -> None:
    """Refuse a column of decimals where a table has whole numbers in it that no decimal of 64 bits holds."""
    for number, member in enumerate(union.members):
        cell = member.ranks[rank]
        if cell is None:
            continue
        inexact = connection.execute(
            f"SELECT 1 FROM t{number} WHERE typeof(c{cell}) = 'BIGINT' AND "
            f"(c{cell} > {MOST_EXACT} OR c{cell} < -{MOST_EXACT}) LIMIT 1"
        ).fetchone()
        if inexact:
            raise InexactNumbersError(column.name)


def _merge_geometry_types(union: TableUnion, paths: Sequence[Path]) -> set[str]:
    """The types of all places; none, which is any in GeoParquet, where a table does not say its own."""
    types = set[str]()
    for member, path in zip(union.members, paths, strict=True):
        if member.places is not None:
            known = read_geometry_types(path)
            if not known:
                return set()
            types |= known
    return types


def _member_cells(union: TableUnion, member: UnionMember) -> list[str]:
    """What is read of one table for each column of the whole, by rank."""
    first, *others = union.columns
    expressions = [f"CAST({literal(member.mark)} AS {first.sql_type})"]
    expressions += [
        _cell(column, rank) for column, rank in zip(others, member.ranks, strict=True)
    ]
    if union.has_places and member.places is not None:
        places = range(member.places, member.places + 1 + len(BOX))
        expressions += [f"c{rank}" for rank in places]
    elif union.has_places:
        expressions += ["NULL"] * (1 + len(BOX))
    return [f"{cell} AS k{rank}" for rank, cell in enumerate(expressions)]


def _cell(column: TypedColumn, rank: int | None) -> str:
    cell = "NULL" if rank is None else f"c{rank}"
    return f"CAST({cell} AS {column.sql_type})"
