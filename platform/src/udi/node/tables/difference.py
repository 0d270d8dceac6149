"""What changed between two versions of a table: columns, then rows by a key found in both, or as a whole.

It reads two typed tables and shows values of cells: for the producer's eyes, on the node alone. Memory is bounded by
DuckDB's limit and the caller's scratch folder; rows are compared by a 64-bit mark, so that two different rows are taken
for equal once in some ten billion pairs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from udi.node.tables.column import LINE, TypedColumn
from udi.node.tables.difference_key import find_key
from udi.node.tables.difference_names import compare_names
from udi.node.tables.locked import literal, quoted
from udi.node.tables.reading import reading

MOST_EXAMPLES, LONGEST_VALUE, MOST_SHOWN_COLUMNS = 200, 200, 20


@dataclass(frozen=True)
class Columns:
    """What happened to columns; `renamed` and `retyped` are (old, new) names or types by name."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()

    @property
    def same(self) -> bool:
        return not (self.added or self.removed or self.renamed or self.retyped)


@dataclass(frozen=True)
class Changed:
    """A row that stayed and changed: its lines, its key, and (column, old value, new value)."""

    old_line: int
    new_line: int
    key: tuple[str, ...]
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Difference:
    """The whole comparison. `key` is empty when rows were compared as wholes; then none is «changed».

    `by_column` counts changed rows by column, most first. Lines are those of each version's own file.
    """

    columns: Columns
    key: tuple[str, ...]
    old_rows: int
    new_rows: int
    added: int
    removed: int
    changed: int
    by_column: tuple[tuple[str, int], ...] = ()
    added_lines: tuple[int, ...] = ()
    removed_lines: tuple[int, ...] = ()
    examples: tuple[Changed, ...] = field(default=())

    @property
    def same(self) -> bool:
        """Whether nothing changed, order of the rows aside."""
        return self.columns.same and not (self.added or self.removed or self.changed)

    def as_json(self) -> dict[str, Any]:
        """For a JSON file of the node."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Difference":
        """What `as_json` gave."""
        columns: dict[str, Any] = {
            name: tuple(tuple(e) if isinstance(e, list) else e for e in v) for name, v in value["columns"].items()
        }
        examples = tuple(
            Changed(e["old_line"], e["new_line"], tuple(e["key"]), tuple((a, b, c) for a, b, c in e["cells"]))
            for e in value["examples"]
        )
        parts = {name: tuple(value[name]) for name in ("key", "added_lines", "removed_lines")}
        counted = tuple((name, count) for name, count in value["by_column"])
        return cls(**{**value, **parts, "columns": Columns(**columns), "by_column": counted, "examples": examples})


def compare(
    old: Path,
    old_columns: Sequence[TypedColumn],
    new: Path,
    new_columns: Sequence[TypedColumn],
    key: Sequence[str] | None = None,
    *,
    scratch: Path | None = None,
) -> Difference:
    """Compare two typed tables; `key` names columns of the new one, found by itself when it is None."""
    with reading(old, new, scratch=scratch) as connection:
        names = compare_names(connection, old_columns, new_columns)
        found = Columns(names.added, names.removed, names.renamed, names.retyped)
        _define(connection, names.shared)
        counts = connection.execute("SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM new)").fetchone()
        old_rows, new_rows = counts or (0, 0)
        kept = {column.name: index for index, (_, column) in enumerate(names.shared)}
        if key is None:
            chosen = find_key(connection, [column for _, column in names.shared])
        else:
            chosen = tuple(name for name in key if name in kept)
        if not names.shared:
            return Difference(found, (), old_rows, new_rows, new_rows, old_rows, 0)
        shared = [column.name for _, column in names.shared]
        rows = _by_key(connection, shared, [kept[name] for name in chosen]) if chosen else _as_wholes(connection)
    return Difference(columns=found, key=chosen, old_rows=old_rows, new_rows=new_rows, **rows)


def _define(connection: duckdb.DuckDBPyConnection, shared: Sequence[tuple[TypedColumn, TypedColumn]]) -> None:
    """Views `old` and `new`: the line, `c0`, `c1` … for columns in both, and `mark`, the row in 64 bits.

    A column that changed type is compared as text.
    """
    for table, view, side in ((0, "old", 0), (1, "new", 1)):
        cells = [quoted(LINE) + " AS line"]
        for index, both in enumerate(shared):
            name = quoted(both[side].name)
            alike = both[0].stored == both[1].stored
            cells.append(f"{name if alike else f'CAST({name} AS VARCHAR)'} AS c{index}")
        connection.execute(f"CREATE TEMP VIEW {view}_cells AS SELECT {', '.join(cells)} FROM table{table}")
        marked = ", ".join(f"c{index}" for index in range(len(shared))) or "0"
        connection.execute(f"CREATE TEMP VIEW {view} AS SELECT *, hash({marked}) AS mark FROM {view}_cells")


def _as_wholes(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Rows as a bag: as many equal ones on each side cancel out."""
    counted = {
        side: f"SELECT mark, count(*) AS number, max(line) AS line FROM {side} GROUP BY mark" for side in ("old", "new")
    }
    connection.execute(
        "CREATE TEMP TABLE bag AS SELECT coalesce(n.number, 0) - coalesce(o.number, 0) AS more, o.line AS old_line,"
        f" n.line AS new_line FROM ({counted['old']}) o FULL JOIN ({counted['new']}) n ON o.mark = n.mark"
        " WHERE coalesce(n.number, 0) <> coalesce(o.number, 0)"
    )
    sums = connection.execute(
        "SELECT coalesce(sum(greatest(more, 0)), 0)::BIGINT, coalesce(sum(greatest(-more, 0)), 0)::BIGINT FROM bag"
    ).fetchone()
    added, removed = sums or (0, 0)
    return {
        "added": added,
        "removed": removed,
        "changed": 0,
        "added_lines": _lines(connection, "SELECT new_line FROM bag WHERE more > 0"),
        "removed_lines": _lines(connection, "SELECT old_line FROM bag WHERE more < 0"),
    }


def _lines(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    found = connection.execute(f"{query} ORDER BY 1 LIMIT {MOST_EXAMPLES}").fetchall()
    return tuple(line for (line,) in found)


def _by_key(connection: duckdb.DuckDBPyConnection, names: Sequence[str], key: Sequence[int]) -> dict[str, Any]:
    same = " AND ".join(f"o.c{index} = n.c{index}" for index in key)
    joined = f"old o JOIN new n ON {same}"
    others = [index for index in range(len(names)) if index not in key]
    counted = ", ".join(["count(*)", *(f"count(*) FILTER (WHERE {_differs(index)})" for index in others)])
    numbers = connection.execute(f"SELECT {counted} FROM {joined} WHERE o.mark <> n.mark").fetchone() or (0,)
    by_column = [(names[index], number) for index, number in zip(others, numbers[1:], strict=True) if number]
    gone = f"FROM old o ANTI JOIN new n ON {same}"
    come = f"FROM new n ANTI JOIN old o ON {same}"
    return {
        "added": _number(connection, f"SELECT count(*) {come}"),
        "removed": _number(connection, f"SELECT count(*) {gone}"),
        "changed": numbers[0],
        "by_column": tuple(sorted(by_column, key=lambda entry: -entry[1])),
        "added_lines": _lines(connection, f"SELECT n.line {come}"),
        "removed_lines": _lines(connection, f"SELECT o.line {gone}"),
        "examples": tuple(_examples(connection, names, key, joined)) if numbers[0] else (),
    }


def _differs(index: int) -> str:
    return f"o.c{index} IS DISTINCT FROM n.c{index}"


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    (number,) = connection.execute(query).fetchone() or (0,)
    return int(number)


def _examples(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], key: Sequence[int], joined: str
) -> Iterator[Changed]:
    """The first changed rows, each with its changed cells: never all the cells of a wide table."""
    lines = connection.execute(
        f"SELECT o.line, n.line FROM {joined} WHERE o.mark <> n.mark ORDER BY n.line LIMIT {MOST_EXAMPLES}"
    ).fetchall()
    pairs = ", ".join(f"({old}, {new})" for old, new in lines)
    others = [index for index in range(len(names)) if index not in key]
    cells = ", ".join(
        f"CASE WHEN {_differs(index)} THEN [{literal(names[index])}, {_shown(f'o.c{index}')}, {_shown(f'n.c{index}')}] END"
        for index in others
    )
    keys = ", ".join(_shown(f"n.c{index}") for index in key)
    found = connection.execute(
        f"SELECT o.line, n.line, [{keys}], list_filter([{cells}], lambda cell: cell IS NOT NULL)"
        f" FROM (VALUES {pairs}) p(old_line, new_line) JOIN old o ON o.line = p.old_line"
        " JOIN new n ON n.line = p.new_line ORDER BY n.line"
    ).fetchall()
    for old_line, new_line, values, changed in found:
        shown = tuple((name, before, after) for name, before, after in changed[:MOST_SHOWN_COLUMNS])
        yield Changed(old_line, new_line, tuple(values), shown)


def _shown(cell: str) -> str:
    """A value as text, without a shape's bytes."""
    text = f"CASE WHEN typeof({cell}) = 'BLOB' THEN '…' ELSE left(CAST({cell} AS VARCHAR), {LONGEST_VALUE}) END"
    return f"coalesce({text}, '')"
