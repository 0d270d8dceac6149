"""Tables with the same columns, as one table: which columns each has, and what a first column says of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from udi.kit.errors import ConflictError
from udi.tabular.columns.column import (
    TEXT_STORED,
    Bounds,
    ColumnType,
    TypedColumn,
)

NUMBERS = frozenset({"BIGINT", "INTEGER", "DOUBLE"})
"""How numbers are stored: a column of whole numbers in one table and of decimals in another is one column."""
TEXTS = frozenset({TEXT_STORED})
NO_UNITS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class UnionMember:
    """One of the tables: what the first column says of its rows, and the rank that each other column has in it.

    A rank of None: the table holds nothing in this column. `places` is the rank of its geometry, where it has some.
    """

    mark: str
    ranks: tuple[int | None, ...]
    places: int | None = None


@dataclass(frozen=True)
class TableUnion:
    """The columns of the whole, the one of the marks first; `bbox` is that of its places, where `has_places`."""

    columns: tuple[TypedColumn, ...]
    members: tuple[UnionMember, ...]
    has_places: bool = False
    bbox: Bounds | None = None


@dataclass(frozen=True)
class ColumnDisagreement:
    """How the columns of a table differ from those of another, by name."""

    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    other_type: tuple[str, ...] = ()
    other_unit: tuple[str, ...] = ()


def compare_columns(
    columns: tuple[TypedColumn, ...],
    others: tuple[TypedColumn, ...],
    units: Mapping[str, str] = NO_UNITS,
    other_units: Mapping[str, str] = NO_UNITS,
) -> ColumnDisagreement | None:
    """How `others` differ from `columns`; None where both may be in one table, whatever their order.

    A column whose unit is known on one side alone agrees.
    """
    by_name = {column.name: column for column in columns}
    other_by_name = {column.name: column for column in others}
    disagreement = ColumnDisagreement(
        missing=tuple(name for name in by_name if name not in other_by_name),
        added=tuple(name for name in other_by_name if name not in by_name),
        other_type=tuple(
            name
            for name, column in by_name.items()
            if name in other_by_name and _differ(column, other_by_name[name])
        ),
        other_unit=tuple(
            name for name, unit in units.items() if other_units.get(name, unit) != unit
        ),
    )
    return disagreement if disagreement != ColumnDisagreement() else None


def merge_units(
    tables: Sequence[tuple[tuple[TypedColumn, ...], Mapping[str, str]]],
) -> dict[str, str]:
    """The units that each table with something in the column has: columns, and units by name."""
    units_by_name: dict[str, set[str]] = {}
    for columns, units in tables:
        for column in columns:
            if column.type is not ColumnType.EMPTY:
                units_by_name.setdefault(column.name, set()).add(
                    units.get(column.name, "")
                )
    return {
        name: unit
        for name, known in units_by_name.items()
        if len(known) == 1 and (unit := next(iter(known)))
    }


def _differ(column: TypedColumn, other: TypedColumn) -> bool:
    if ColumnType.EMPTY in {column.type, other.type}:
        return False
    stored = {column.sql_type, other.sql_type}
    return len(stored) > 1 and not stored <= NUMBERS


def refuse_inexact_union() -> ConflictError:
    """Why tables are not one where whole numbers would lose digits beside decimals."""
    return ConflictError(
        "The files cannot be one table: a column has decimals in one file, and whole numbers too large for decimals in another.",
        remedy="Read each file on its own.",
    )


def merge_columns(
    tables: Sequence[tuple[TypedColumn, ...]],
) -> tuple[TypedColumn, ...]:
    """The columns of tables that agree, in the order of the last; a type that holds the values of each.

    Raises:
        ValueError: they do not agree.
    """
    by_name: dict[str, list[TypedColumn]] = {}
    for columns in tables:
        for column in columns:
            by_name.setdefault(column.name, []).append(column)
    return tuple(_merge(by_name[column.name]) for column in tables[-1])


def _merge(columns: list[TypedColumn]) -> TypedColumn:
    filled = [column for column in columns if column.type is not ColumnType.EMPTY]
    if not filled:
        return columns[-1]
    last = filled[-1]
    if len({column.type for column in filled}) == 1:
        return last
    stored = {column.sql_type for column in filled}
    if stored == TEXTS:
        return TypedColumn(last.name, ColumnType.TEXT)
    if len(stored) == 1:
        return last
    if not stored <= NUMBERS:
        raise ValueError(f"no type holds {sorted(stored)}")
    if "DOUBLE" in stored:
        return TypedColumn(last.name, ColumnType.NUMBER, last.format)
    return TypedColumn(last.name, ColumnType.INTEGER, last.format)
