"""A table against a schema: each constraint one predicate, one pass that counts, one that lists the first bad cells.

It reads the table of texts: `__line`, then every column as the file writes it, in the order of the file.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from udi.tabular.columns.column import LINE
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal
from udi.tabular.sandbox.parquet_views import open_parquet_views
from udi.tabular.schemas.column_pairs import Pairs, compare_columns, match_columns
from udi.tabular.schemas.keys import KeyViolations, check_keys
from udi.tabular.schemas.patterns import LONGEST_TRIED, compile_pattern
from udi.tabular.schemas.predicates import ColumnRule, python_function_name, rules
from udi.tabular.schemas.report import (
    LONGEST_VALUE,
    MOST_ERRORS,
    SchemaCellError,
    SchemaErrorCount,
    SchemaReport,
)
from udi.tabular.schemas.row_checks import (
    CheckedField,
    column_of,
    row_check_rules,
    unknown_checks,
)
from udi.tabular.schemas.schema import FieldType, SchemaField, TableSchema


@dataclass(frozen=True)
class ColumnCheck:
    """A rule on a column of the file, `place` in the schema; `value` is the SQL of its cell, NULL when missing."""

    place: int
    field: SchemaField
    column: str
    value: str
    rule: ColumnRule


def validate_table(
    texts: Path,
    columns: Sequence[str],
    schema: TableSchema,
    *,
    others: Mapping[str, Path] | None = None,
    scratch: Path | None = None,
    every: Path | None = None,
) -> SchemaReport:
    """Check a table of texts, whose columns are named by `columns`, against a schema.

    `others` are the tables of texts of the same package, by their schema's name, for foreign keys; `scratch` is a
    folder of the caller for what exceeds memory; every wrong cell is written to `every`, as `CellListFolder.asked` is.
    """
    present = [column for column in columns if column != LINE]
    pairs = match_columns(present, schema)
    checked = list(_column_checks(pairs, schema))
    referenced = _referenced_tables(schema, others or {})
    with open_parquet_views(texts, *referenced.values(), scratch=scratch) as connection:
        _register_patterns(connection, pairs)
        _create_view(connection, pairs, schema)
        rows, numbers = _count(connection, checked)
        failing = [
            constraint
            for constraint, number in zip(checked, numbers, strict=True)
            if number
        ]
        together = check_keys(connection, pairs, schema, list(referenced))
        errors = [
            *_first_errors(connection, failing),
            *_key_errors(connection, together),
        ]
        if every is not None and (
            failing or any(violation.cells for violation in together)
        ):
            _write_errors(connection, failing, together, every)
    return SchemaReport(
        schema=schema.name,
        title=schema.title,
        version=schema.version,
        rows=rows,
        columns=compare_columns(present, schema),
        counts=(
            *_count_wrong_cells(checked, numbers),
            *_count_key_violations(together),
        ),
        errors=tuple(
            error for _, _, error in sorted(errors, key=lambda entry: entry[:2])
        )[:MOST_ERRORS],
        unchecked=tuple(_unchecked(pairs, schema)),
    )


def _referenced_tables(
    schema: TableSchema, others: Mapping[str, Path]
) -> dict[str, Path]:
    """Return the tables of the package that foreign keys of the schema point at."""
    names = {key.table for key in schema.foreign_keys}
    return {name: path for name, path in others.items() if name in names}


def _count_wrong_cells(
    checked: Sequence[ColumnCheck], numbers: Sequence[int]
) -> Iterator[SchemaErrorCount]:
    for constraint, number in zip(checked, numbers, strict=True):
        if number:
            yield SchemaErrorCount(constraint.column, constraint.rule.kind, number)


def _count_key_violations(
    together: Sequence[KeyViolations],
) -> Iterator[SchemaErrorCount]:
    for violation in together:
        if violation.cells:
            yield SchemaErrorCount(violation.column, violation.kind, violation.cells)


def _column_checks(pairs: Pairs, schema: TableSchema) -> Iterator[ColumnCheck]:
    places = {field.name: place for place, field in enumerate(schema.fields)}
    for index, (field, column) in enumerate(pairs):
        for rule in rules(field, f"v{index}"):
            yield ColumnCheck(places[field.name], field, column, f"v{index}", rule)
    columns = {field.name: column for field, column in pairs}
    fields = _checked_fields(pairs)
    for name, rule in row_check_rules(schema.row_checks, fields):
        checked = fields[name]
        yield ColumnCheck(
            places[name], checked.field, columns[name], checked.value, rule
        )


def _checked_fields(pairs: Pairs) -> dict[str, CheckedField]:
    return {
        field.name: CheckedField(field, f"v{index}")
        for index, (field, _) in enumerate(pairs)
    }


def _create_view(
    connection: duckdb.DuckDBPyConnection, pairs: Pairs, schema: TableSchema
) -> None:
    """The view `cells`: the line, and each column of the schema as `v0`, `v1` … , NULL where the file says nothing."""
    values = [
        f"{_value(field, column, schema)} AS v{index}"
        for index, (field, column) in enumerate(pairs)
    ]
    connection.execute(
        f"CREATE TEMP VIEW cells AS SELECT {', '.join([identifier(LINE), *values])} FROM table0"
    )


def _value(field: SchemaField, column: str, schema: TableSchema) -> str:
    missing = schema.missing if field.missing is None else field.missing
    nothing = ", ".join(literal(marker) for marker in dict.fromkeys(("", *missing)))
    return f"CASE WHEN {identifier(column)} NOT IN ({nothing}) THEN {identifier(column)} END"


def _register_patterns(connection: duckdb.DuckDBPyConnection, pairs: Pairs) -> None:
    """Give DuckDB the patterns that only Python reads."""
    taught = set[str]()
    patterned = [
        candidate
        for parent_field, _ in pairs
        for candidate in (parent_field, parent_field.item)
        if candidate and candidate.pattern
    ]
    for field in patterned:
        compiled = compile_pattern(field.pattern)
        name = python_function_name(field.pattern, anywhere=field.anywhere)
        if compiled and compiled.python and name not in taught:
            taught.add(name)
            connection.create_function(name, _matcher(field), ["VARCHAR"], "BOOLEAN")


def _matcher(field: SchemaField) -> Callable[[str], bool]:
    expression = re.compile(field.pattern)
    tried = expression.search if field.anywhere else expression.fullmatch
    return lambda value: len(value) <= LONGEST_TRIED and tried(value) is not None


def _count(
    connection: duckdb.DuckDBPyConnection, checked: Sequence[ColumnCheck]
) -> tuple[int, list[int]]:
    counted = [
        "count(*)",
        *(
            f"count(*) FILTER (WHERE {constraint.rule.breaks})"
            for constraint in checked
        ),
    ]
    rows, *numbers = connection.execute(
        f"SELECT {', '.join(counted)} FROM cells"
    ).fetchone() or (0,)
    return rows, numbers


Placed = tuple[int, int, SchemaCellError]


def _first_errors(
    connection: duckdb.DuckDBPyConnection, failing: Sequence[ColumnCheck]
) -> Iterator[Placed]:
    """(line, place, error) of the cells of the first bad lines: DuckDB keeps the order of the file and stops early."""
    if not failing:
        return
    tests = ", ".join(
        f"coalesce({constraint.rule.breaks}, false)" for constraint in failing
    )
    any_fails = " OR ".join(f"({constraint.rule.breaks})" for constraint in failing)
    values = dict.fromkeys(constraint.value for constraint in failing)
    cells = ", ".join(f"left({value}, {LONGEST_VALUE})" for value in values)
    rows = connection.execute(
        f"SELECT {identifier(LINE)}, [{tests}], [{cells}] FROM cells WHERE {any_fails} LIMIT {MOST_ERRORS}"
    ).fetchall()
    places = {value: index for index, value in enumerate(values)}
    for line, broken, cell in rows:
        for constraint, breaks in zip(failing, broken, strict=True):
            if breaks:
                value = cell[places[constraint.value]] or ""
                yield (
                    line,
                    constraint.place,
                    SchemaCellError(
                        line,
                        constraint.column,
                        constraint.rule.kind,
                        value,
                        constraint.rule.expected,
                    ),
                )


def _key_errors(
    connection: duckdb.DuckDBPyConnection, together: Sequence[KeyViolations]
) -> Iterator[Placed]:
    for violation in together:
        first = f"SELECT line, value, expected FROM ({violation.query}) ORDER BY line LIMIT {MOST_ERRORS}"
        for line, value, expected in (
            connection.execute(first).fetchall() if violation.cells else ()
        ):
            yield (
                line,
                violation.place,
                SchemaCellError(line, violation.label, violation.kind, value, expected),
            )


def _write_errors(
    connection: duckdb.DuckDBPyConnection,
    failing: Sequence[ColumnCheck],
    together: Sequence[KeyViolations],
    target: Path,
) -> None:
    """Write every wrong cell, those that a rule refuses in one pass; no file where there is no room for it."""
    parts = [
        f'SELECT line, {literal(violation.label)} AS "column", {literal(violation.kind)} AS code, value, {violation.place} AS place,'
        f" expected FROM ({violation.query})"
        for violation in together
        if violation.cells
    ]
    if failing:
        broken = ", ".join(
            f"CASE WHEN {constraint.rule.breaks} THEN {{'i': {index}, 'v': left({constraint.value}, {LONGEST_VALUE})}} END"
            for index, constraint in enumerate(failing)
        )
        names = ", ".join(
            f"({index}, {literal(constraint.column)}, {literal(constraint.rule.kind)}, {constraint.place}, {literal(constraint.rule.expected)})"
            for index, constraint in enumerate(failing)
        )
        parts.append(
            "SELECT line, \"column\", code, coalesce(e.v, '') AS value, place, expected FROM"
            f" (SELECT {identifier(LINE)} AS line, unnest([{broken}]) AS e FROM cells)"
            f' JOIN (VALUES {names}) AS rules(i, "column", code, place, expected) ON rules.i = e.i'
        )
    with suppress(duckdb.IOException):
        connection.execute(
            f"COPY ({' UNION ALL '.join(parts)}) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)"
        )


def _unchecked(pairs: Pairs, schema: TableSchema) -> Iterator[tuple[str, str]]:
    """Constraints that no engine can check."""
    for field, column in pairs:
        applies = field.type in {FieldType.STRING, FieldType.ANY}
        if field.pattern and not (applies and compile_pattern(field.pattern)):
            yield column, "pattern"
    columns = {field.name: column for field, column in pairs}
    fields = _checked_fields(pairs)
    for check in unknown_checks(schema.row_checks, fields):
        yield columns[column_of(check, fields)], check.kind
