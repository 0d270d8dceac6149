"""Which column of a file is which column of a schema: by its name, then by its name as hands write it."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from udi.tabular.schemas.report import ColumnFault
from udi.tabular.schemas.schema import (
    MOST_NAMES,
    SchemaField,
    TableSchema,
    fold_name,
)

Pairs = list[tuple[SchemaField, str]]


def match_columns(columns: Sequence[str], schema: TableSchema) -> Pairs:
    """(field, column of the file) for each field that the file has."""
    named: dict[str, str] = {}
    for normalise_name in (str, fold_name, _squeezed):
        left: dict[str, str] = {}
        for column in columns:
            if column not in named.values():
                left.setdefault(normalise_name(column), column)
        for field in schema.fields:
            if field.name not in named and (
                column := left.pop(normalise_name(field.name), "")
            ):
                named[field.name] = column
    return [
        (field, named[field.name]) for field in schema.fields if field.name in named
    ]


@lru_cache(MOST_NAMES)
def _squeezed(name: str) -> str:
    """A name whose doubled letters count once: `coordonnnées` is meant as `coordonnees`."""
    return re.sub(r"(\D)\1+", r"\1", fold_name(name))


def compare_columns(
    columns: Sequence[str], schema: TableSchema
) -> tuple[ColumnFault, ...]:
    """What is wrong or only different in the header of a file."""
    return tuple(_faults(columns, schema, match_columns(columns, schema)))


def _faults(
    columns: Sequence[str], schema: TableSchema, pairs: Pairs
) -> Iterator[ColumnFault]:
    present_fields = {field.name for field, _ in pairs}
    needed = {*schema.required, *schema.primary_key}
    for field in schema.fields:
        if field.name not in present_fields:
            yield ColumnFault(
                "missing" if field.name in needed else "optional", field.name
            )
    for field, column in pairs:
        if field.name != column:
            yield ColumnFault("renamed", column, field.name)
    used = {column for _, column in pairs}
    yield from (
        ColumnFault("extra", column) for column in columns if column not in used
    )
    order = [columns.index(column) for _, column in pairs]
    if moved := next(
        (index for index in range(1, len(order)) if order[index] < order[index - 1]),
        None,
    ):
        yield ColumnFault("order", pairs[moved][1], pairs[moved - 1][1])
