"""Several tables as one, written inside a child."""

from pathlib import Path

from udi.tabular.columns.column import BOX, GEOMETRY, LINE, TypedColumn
from udi.tabular.exports.extract_writer import GROUP_ROWS
from udi.tabular.exports.unions import TableUnion, UnionMember
from udi.tabular.geo.geoparquet import geo_key
from udi.tabular.sandbox.duckdb_sandbox import connect, identifier, literal
from udi.tabular.sandbox.engine import EXPORT_MEMORY, create_view


def write_union(output: Path, union: TableUnion, *paths: Path) -> int:
    """Write the rows of each table after those of the one before, numbered anew; how many there are."""
    connection = connect(*paths, output, memory=EXPORT_MEMORY)
    selections = list[str]()
    for number, (member, path) in enumerate(zip(union.members, paths, strict=True)):
        create_view(connection, literal(path), f"t{number}")
        cells = ", ".join(_member_cells(union, member))
        selections.append(f"SELECT {cells} FROM t{number}")
    names = [identifier(column.name) for column in union.columns]
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP_ROWS}"
    if union.kinds:
        names += [GEOMETRY, *BOX]
        key = geo_key(union.kinds, union.bbox)
        options += f", KV_METADATA {{geo: {literal(key)}}}"
    listed = ", ".join(f"k{rank} AS {name}" for rank, name in enumerate(names))
    rows = f"SELECT row_number() OVER () AS {LINE}, {listed} FROM ({' UNION ALL '.join(selections)})"
    result = connection.execute(
        f"COPY ({rows}) TO {literal(output)} ({options})"
    ).fetchall()
    return int(result[0][0])


def _member_cells(union: TableUnion, member: UnionMember) -> list[str]:
    """What is read of one table for each column of the whole, by rank."""
    first, *others = union.columns
    expressions = [f"CAST({literal(member.mark)} AS {first.sql_type})"]
    expressions += [
        _cell(column, rank) for column, rank in zip(others, member.ranks, strict=True)
    ]
    if union.kinds and member.places is not None:
        places = range(member.places, member.places + 1 + len(BOX))
        expressions += [f"c{rank}" for rank in places]
    elif union.kinds:
        expressions += ["NULL"] * (1 + len(BOX))
    return [f"{cell} AS k{rank}" for rank, cell in enumerate(expressions)]


def _cell(column: TypedColumn, rank: int | None) -> str:
    cell = "NULL" if rank is None else f"c{rank}"
    return f"CAST({cell} AS {column.sql_type})"
