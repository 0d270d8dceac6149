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

from udi.tabular.columns.column import LINE, TypedColumn
from udi.tabular.difference.difference_names import compare_names
from udi.tabular.difference.row_keys import find_key
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal
from udi.tabular.sandbox.parquet_views import open_parquet_views

MOST_EXAMPLES = 200
LONGEST_VALUE = 200
MOST_SHOWN_COLUMNS = 20


@dataclass(frozen=True)
class ColumnChanges:
    """What happened to columns; `renamed` and `retyped` are (old, new) names or types by name."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_unchanged(self) -> bool:
        return not (self.added or self.removed or self.renamed or self.retyped)


@dataclass(frozen=True)
class ChangedRow:
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

    columns: ColumnChanges
    key: tuple[str, ...]
    old_rows: int
    new_rows: int
    added: int
    removed: int
    changed: int
    by_column: tuple[tuple[str, int], ...] = ()
    added_lines: tuple[int, ...] = ()
    removed_lines: tuple[int, ...] = ()
    examples: tuple[ChangedRow, ...] = field(default=())

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing changed, order of the rows aside."""
        return self.columns.is_unchanged and not (
            self.added or self.removed or self.changed
        )

    def as_json(self) -> dict[str, Any]:
        """For a JSON file of the node."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Difference":
        """What `as_json` gave."""
        columns: dict[str, Any] = {
            name: tuple(tuple(e) if isinstance(e, list) else e for e in v)
            for name, v in value["columns"].items()
        }
        examples = tuple(
            ChangedRow(
                e["old_line"],
                e["new_line"],
                tuple(e["key"]),
                tuple((a, b, c) for a, b, c in e["cells"]),
            )
            for e in value["examples"]
        )
        parts = {
            name: tuple(value[name]) for name in ("key", "added_lines", "removed_lines")
        }
        counted = tuple((name, count) for name, count in value["by_column"])
        return cls(
            **{
                **value,
                **parts,
                "columns": ColumnChanges(**columns),
                "by_column": counted,
                "examples": examples,
            }
        )


def compute_difference(
    old: Path,
    old_columns: Sequence[TypedColumn],
    new: Path,
    new_columns: Sequence[TypedColumn],
    key: Sequence[str] | None = None,
    *,
    scratch: Path | None = None,
) -> Difference:
    """Compare two typed tables; `key` names columns of the new one, found by itself when it is None."""
    with open_parquet_views(old, new, scratch=scratch) as connection:
        names = compare_names(connection, old_columns, new_columns)
        column_changes = ColumnChanges(
            names.added, names.removed, names.renamed, names.retyped
        )
        _create_views(connection, names.shared)
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM new)"
        ).fetchone()
        old_rows, new_rows = counts or (0, 0)
        index_by_name = {
            column.name: index for index, (_, column) in enumerate(names.shared)
        }
        if key is None:
            key_columns = find_key(connection, [column for _, column in names.shared])
        else:
            key_columns = tuple(name for name in key if name in index_by_name)
        if not names.shared:
            return Difference(
                column_changes, (), old_rows, new_rows, new_rows, old_rows, 0
            )
        shared = [column.name for _, column in names.shared]
        if key_columns:
            rows = _compare_by_key(
                connection, shared, [index_by_name[name] for name in key_columns]
            )
        else:
            rows = _compare_whole_rows(connection)
    return Difference(
        columns=column_changes,
        key=key_columns,
        old_rows=old_rows,
        new_rows=new_rows,
        **rows,
    )


def _create_views(
    connection: duckdb.DuckDBPyConnection,
    shared: Sequence[tuple[TypedColumn, TypedColumn]],
) -> None:
    """Views `old` and `new`: the line, `c0`, `c1` … for columns in both, and `mark`, the row in 64 bits.

    A column that changed type is compared as text.
    """
    for table, view, side in ((0, "old", 0), (1, "new", 1)):
        cells = [identifier(LINE) + " AS line"]
        for index, both in enumerate(shared):
            name = identifier(both[side].name)
            is_same_type = both[0].sql_type == both[1].sql_type
            cells.append(
                f"{name if is_same_type else f'CAST({name} AS VARCHAR)'} AS c{index}"
            )
        connection.execute(
            f"CREATE TEMP VIEW {view}_cells AS SELECT {', '.join(cells)} FROM table{table}"
        )
        marked = ", ".join(f"c{index}" for index in range(len(shared))) or "0"
        connection.execute(
            f"CREATE TEMP VIEW {view} AS SELECT *, hash({marked}) AS mark FROM {view}_cells"
        )


def _compare_whole_rows(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Rows as a bag: as many equal ones on each side cancel out."""
    counted = {
        side: f"SELECT mark, count(*) AS number, max(line) AS line FROM {side} GROUP BY mark"
        for side in ("old", "new")
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
    rows = connection.execute(f"{query} ORDER BY 1 LIMIT {MOST_EXAMPLES}").fetchall()
    return tuple(line for (line,) in rows)


def _compare_by_key(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], key: Sequence[int]
) -> dict[str, Any]:
    same = " AND ".join(f"o.c{index} = n.c{index}" for index in key)
    joined = f"old o JOIN new n ON {same}"
    others = [index for index in range(len(names)) if index not in key]
    counted = ", ".join(
        [
            "count(*)",
            *(f"count(*) FILTER (WHERE {_differs(index)})" for index in others),
        ]
    )
    numbers = connection.execute(
        f"SELECT {counted} FROM {joined} WHERE o.mark <> n.mark"
    ).fetchone() or (0,)
    by_column = [
        (names[index], number)
        for index, number in zip(others, numbers[1:], strict=True)
        if number
    ]
    gone = f"FROM old o ANTI JOIN new n ON {same}"
    come = f"FROM new n ANTI JOIN old o ON {same}"
    return {
        "added": _number(connection, f"SELECT count(*) {come}"),
        "removed": _number(connection, f"SELECT count(*) {gone}"),
        "changed": numbers[0],
        "by_column": tuple(sorted(by_column, key=lambda entry: -entry[1])),
        "added_lines": _lines(connection, f"SELECT n.line {come}"),
        "removed_lines": _lines(connection, f"SELECT o.line {gone}"),
        "examples": tuple(_examples(connection, names, key, joined))
        if numbers[0]
        else (),
    }


def _differs(index: int) -> str:
    return f"o.c{index} IS DISTINCT FROM n.c{index}"


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    (number,) = connection.execute(query).fetchone() or (0,)
    return int(number)


def _examples(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    key: Sequence[int],
    joined: str,
) -> Iterator[ChangedRow]:
    """The first changed rows, each with its changed cells: never all the cells of a wide table."""
    lines = connection.execute(
        f"SELECT o.line, n.line FROM {joined} WHERE o.mark <> n.mark ORDER BY n.line LIMIT {MOST_EXAMPLES}"
    ).fetchall()
    pairs = ", ".join(f"({old}, {new})" for old, new in lines)
    others = [index for index in range(len(names)) if index not in key]
    cells = ", ".join(
        f"CASE WHEN {_differs(index)} THEN [{literal(names[index])}, {_display_text(f'o.c{index}')}, {_display_text(f'n.c{index}')}] END"
        for index in others
    )
    keys = ", ".join(_display_text(f"n.c{index}") for index in key)
    rows = connection.execute(
        f"SELECT o.line, n.line, [{keys}], list_filter([{cells}], lambda cell: cell IS NOT NULL)"
        f" FROM (VALUES {pairs}) p(old_line, new_line) JOIN old o ON o.line = p.old_line"
        " JOIN new n ON n.line = p.new_line ORDER BY n.line"
    ).fetchall()
    for old_line, new_line, values, changed in rows:
        changed_cells = tuple(
            (name, before, after)
            for name, before, after in changed[:MOST_SHOWN_COLUMNS]
        )
        yield ChangedRow(old_line, new_line, tuple(values), changed_cells)


def _display_text(cell: str) -> str:
    """A value as text, without a shape's bytes."""
    text = f"CASE WHEN typeof({cell}) = 'BLOB' THEN '…' ELSE left(CAST({cell} AS VARCHAR), {LONGEST_VALUE}) END"
    return f"coalesce({text}, '')"
