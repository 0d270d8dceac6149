"""A table against a schema: each constraint one predicate, one pass that counts, one that lists the first bad cells.

It reads the table of texts: `__line`, then every column as the file writes it, in the order of the file.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from udi.node.tables.column import GEOMETRY, LINE
from udi.node.tables.locked import literal, quoted
from udi.node.tables.reading import reading
from udi.node.tables.schemas.keys import Together, check_keys
from udi.node.tables.schemas.match import Pairs, compare_columns, pair
from udi.node.tables.schemas.patterns import LONGEST_TRIED, compile_pattern
from udi.node.tables.schemas.predicates import Rule, python_function, rules
from udi.node.tables.schemas.report import LONGEST_VALUE, MOST_ERRORS, CellError, Count, SchemaReport
from udi.node.tables.schemas.schema import Field, FieldType, Schema


@dataclass(frozen=True)
class Checked:
    """A rule on a column of the file, `place` in the schema; `value` is the SQL of its cell, NULL when missing."""

    place: int
    field: Field
    column: str
    value: str
    rule: Rule


def check(
    texts: Path,
    columns: Sequence[str],
    schema: Schema,
    *,
    others: Mapping[str, Path] | None = None,
    scratch: Path | None = None,
    every: Path | None = None,
) -> SchemaReport:
    """Check a table of texts, whose columns are named by `columns`, against a schema.

    `others` are the tables of texts of the same package, by their schema's name, for foreign keys; `scratch` is a
    folder of the caller for what exceeds memory; every wrong cell is written to `every`, as `Listing.asked` is.
    """
    present = [column for column in columns if column not in {LINE, GEOMETRY}]
    pairs = pair(present, schema)
    checked = list(_checked(pairs, schema))
    others = {name: path for name, path in (others or {}).items() if name in {key.table for key in schema.foreign_keys}}
    with reading(texts, *others.values(), scratch=scratch) as connection:
        _teach(connection, pairs)
        _define(connection, pairs, schema)
        rows, numbers = _count(connection, checked)
        failing = [each for each, number in zip(checked, numbers, strict=True) if number]
        together = check_keys(connection, pairs, schema, list(others))
        errors = [*_first_errors(connection, failing), *_beside(connection, together)]
        if every is not None and (failing or any(each.cells for each in together)):
            _keep_all(connection, failing, together, every)
    counts = [Count(each.column, each.rule.kind, n) for each, n in zip(checked, numbers, strict=True) if n]
    return SchemaReport(
        schema=schema.name,
        title=schema.title,
        version=schema.version,
        rows=rows,
        columns=compare_columns(present, schema),
        counts=(*counts, *(Count(each.column, each.kind, each.cells) for each in together if each.cells)),
        errors=tuple(error for _, _, error in sorted(errors, key=lambda entry: entry[:2]))[:MOST_ERRORS],
        unchecked=tuple(_unchecked(pairs)),
    )


def _checked(pairs: Pairs, schema: Schema) -> Iterator[Checked]:
    places = {field.name: place for place, field in enumerate(schema.fields)}
    for index, (field, column) in enumerate(pairs):
        for rule in rules(field, f"v{index}"):
            yield Checked(places[field.name], field, column, f"v{index}", rule)


def _define(connection: duckdb.DuckDBPyConnection, pairs: Pairs, schema: Schema) -> None:
    """The view `cells`: the line, and each column of the schema as `v0`, `v1` … , NULL where the file says nothing."""
    values = [f"{_value(field, column, schema)} AS v{index}" for index, (field, column) in enumerate(pairs)]
    connection.execute(f"CREATE TEMP VIEW cells AS SELECT {', '.join([quoted(LINE), *values])} FROM table0")


def _value(field: Field, column: str, schema: Schema) -> str:
    missing = schema.missing if field.missing is None else field.missing
    nothing = ", ".join(literal(each) for each in dict.fromkeys(("", *missing)))
    return f"CASE WHEN {quoted(column)} NOT IN ({nothing}) THEN {quoted(column)} END"


def _teach(connection: duckdb.DuckDBPyConnection, pairs: Pairs) -> None:
    """Give DuckDB the patterns that only Python reads."""
    taught = set[str]()
    patterned = [one for each, _ in pairs for one in (each, each.item) if one and one.pattern]
    for field in patterned:
        compiled = compile_pattern(field.pattern)
        name = python_function(field.pattern, anywhere=field.anywhere)
        if compiled and compiled.python and name not in taught:
            taught.add(name)
            connection.create_function(name, _matcher(field), ["VARCHAR"], "BOOLEAN")


def _matcher(field: Field) -> Callable[[str], bool]:
    expression = re.compile(field.pattern)
    tried = expression.search if field.anywhere else expression.fullmatch
    return lambda value: len(value) <= LONGEST_TRIED and tried(value) is not None


def _count(connection: duckdb.DuckDBPyConnection, checked: Sequence[Checked]) -> tuple[int, list[int]]:
    counted = ["count(*)", *(f"count(*) FILTER (WHERE {each.rule.breaks})" for each in checked)]
    rows, *numbers = connection.execute(f"SELECT {', '.join(counted)} FROM cells").fetchone() or (0,)
    return rows, numbers


Placed = tuple[int, int, CellError]


def _first_errors(connection: duckdb.DuckDBPyConnection, failing: Sequence[Checked]) -> Iterator[Placed]:
    """(line, place, error) of the cells of the first bad lines: DuckDB keeps the order of the file and stops early."""
    if not failing:
        return
    tests = ", ".join(f"coalesce({each.rule.breaks}, false)" for each in failing)
    any_fails = " OR ".join(f"({each.rule.breaks})" for each in failing)
    values = dict.fromkeys(each.value for each in failing)
    cells = ", ".join(f"left({value}, {LONGEST_VALUE})" for value in values)
    found = connection.execute(
        f"SELECT {quoted(LINE)}, [{tests}], [{cells}] FROM cells WHERE {any_fails} LIMIT {MOST_ERRORS}"
    ).fetchall()
    places = {value: index for index, value in enumerate(values)}
    for line, broken, cell in found:
        for each, breaks in zip(failing, broken, strict=True):
            if breaks:
                value = cell[places[each.value]] or ""
                yield line, each.place, CellError(line, each.column, each.rule.kind, value, each.rule.expected)


def _beside(connection: duckdb.DuckDBPyConnection, together: Sequence[Together]) -> Iterator[Placed]:
    for each in together:
        first = f"SELECT line, value, expected FROM ({each.found}) ORDER BY line LIMIT {MOST_ERRORS}"
        for line, value, expected in connection.execute(first).fetchall() if each.cells else ():
            yield line, each.place, CellError(line, each.told, each.kind, value, expected)


def _keep_all(
    connection: duckdb.DuckDBPyConnection, failing: Sequence[Checked], together: Sequence[Together], target: Path
) -> None:
    """Write every wrong cell, those that a rule refuses in one pass; no file where there is no room for it."""
    parts = [
        f'SELECT line, {literal(each.told)} AS "column", {literal(each.kind)} AS code, value, {each.place} AS place,'
        f" expected FROM ({each.found})"
        for each in together
        if each.cells
    ]
    if failing:
        broken = ", ".join(
            f"CASE WHEN {each.rule.breaks} THEN {{'i': {index}, 'v': left({each.value}, {LONGEST_VALUE})}} END"
            for index, each in enumerate(failing)
        )
        names = ", ".join(
            f"({index}, {literal(each.column)}, {literal(each.rule.kind)}, {each.place}, {literal(each.rule.expected)})"
            for index, each in enumerate(failing)
        )
        parts.append(
            "SELECT line, \"column\", code, coalesce(e.v, '') AS value, place, expected FROM"
            f" (SELECT {quoted(LINE)} AS line, unnest([{broken}]) AS e FROM cells)"
            f' JOIN (VALUES {names}) AS rules(i, "column", code, place, expected) ON rules.i = e.i'
        )
    with suppress(duckdb.IOException):
        connection.execute(
            f"COPY ({' UNION ALL '.join(parts)}) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)"
        )


def _unchecked(pairs: Pairs) -> Iterator[tuple[str, str]]:
    """Constraints that no engine can check."""
    for field, column in pairs:
        applies = field.type in {FieldType.STRING, FieldType.ANY}
        if field.pattern and not (applies and compile_pattern(field.pattern)):
            yield column, "pattern"
