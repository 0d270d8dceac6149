"""What an agreement shows of a restricted table: a table of its own, written once and asked as any other.

Filters, sorts, groups, counts, tags and lengths are those of what is shown: nothing that is asked of it can say anything
of the columns and rows that are not.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from udi.kit.service_registry import ServiceKey
from udi.node.files.restricted import PermittedReading
from udi.protocol import terms
from udi.protocol.access_decision import PersonRows, RefusalReason, View
from udi.tabular.columns.chosen_roles import read_roles
from udi.tabular.columns.column import TypedColumn
from udi.tabular.columns.identifiers import (
    UnreadableIdentifierError,
    read_identifier,
)
from udi.tabular.exports.exports import ExportWriter
from udi.tabular.exports.extracts import ExtractResult, TableExtract
from udi.tabular.messages.query_errors import InvalidQueryError
from udi.tabular.queries.literals import read_value
from udi.tabular.queries.query import Condition, Filter, Operator
from udi.tabular.queries.sql import where_statement
from udi.tabular.queries.table import DatasetTable

OPERATORS = {
    terms.Operator.EQ: Operator.EXACT,
    terms.Operator.NEQ: Operator.DIFFERS,
    terms.Operator.LT: Operator.STRICTLY_LESS,
    terms.Operator.LTEQ: Operator.LESS,
    terms.Operator.GT: Operator.STRICTLY_GREATER,
    terms.Operator.GTEQ: Operator.GREATER,
    terms.Operator.IS_ANY_OF: Operator.IN,
    terms.Operator.IS_NONE_OF: Operator.NOT_IN,
}


class AgreementMismatchError(Exception):
    """The table has not what an agreement names: nothing of it may be shown."""


@dataclass(frozen=True)
class TableViews:
    """Makes them, in turn with the exports, beside the copies of tables."""

    exports: ExportWriter

    async def open_view(
        self, table: DatasetTable, passage: PermittedReading
    ) -> DatasetTable:
        """The table as this reader may read it, on this machine.

        The columns and rows of an agreement are those of the main table: another one, whose columns may be called the
        same, is given whole or not at all.

        Raises:
            NotGrantedError: the table has not, or not any more, what the agreement names, or is not the main one.
        """
        view = passage.view
        if not table.is_main and not view.is_whole:
            raise await passage.refuse(RefusalReason.ONLY_IN_PART)
        await table.fetch_file()
        if view.is_whole:
            return replace(table, is_restricted=False)
        try:
            columns, subset = extract_of(table, view)
        except AgreementMismatchError:
            raise await passage.refuse(RefusalReason.OTHER_COLUMNS) from None
        path = table.path.with_name(f"{table.path.stem}-{_name(subset)}.parquet")
        stored_view = _find_stored_view(path) or await self._write(table, subset, path)
        is_placed = not table.has_geometry or subset.places is not None
        hidden_places = "" if is_placed else table.places_name
        return replace(
            table,
            path=path,
            columns=columns,
            rows=stored_view.rows,
            digest=stored_view.digest,
            is_restricted=False,
            is_part=True,
            roles=read_roles(table.roles, columns),
            hidden=_hidden_columns(table, columns, hidden_places),
            hidden_places=hidden_places,
            geometry=table.geometry if stored_view.bbox else "",
            bbox=stored_view.bbox,
        )

    async def _write(
        self, table: DatasetTable, subset: TableExtract, path: Path
    ) -> ExtractResult:
        stored_view = await self.exports.write_extract(table, subset, path)
        facts = path.with_suffix(".json")
        arriving = facts.with_suffix(f".{stored_view.digest}")
        arriving.write_bytes(msgspec.json.encode(stored_view))
        arriving.replace(facts)
        return stored_view


VIEWS = ServiceKey[TableViews]("table views", "tables")


def _hidden_columns(
    table: DatasetTable, columns: tuple[TypedColumn, ...], hidden_places: str
) -> frozenset[str]:
    """The columns of a table that are not among these, and its places where these are hidden."""
    names = {column.name for column in table.columns} | {hidden_places}
    return frozenset(names - {"", *(column.name for column in columns)})


def _find_stored_view(path: Path) -> ExtractResult | None:
    """What was written before, if all of it is still there."""
    try:
        facts = path.with_suffix(".json")
        for file_path in (path, facts):
            os.utime(file_path)
        return msgspec.json.decode(facts.read_bytes(), type=ExtractResult)
    except (OSError, msgspec.DecodeError):
        return None


def _name(subset: TableExtract) -> str:
    return hashlib.sha256(repr(subset).encode()).hexdigest()[:32]


def shows_places(table: DatasetTable, view: View) -> bool:
    """Whether a table has places and a view shows them: where it names them, or no column."""
    return table.has_geometry and (
        not view.columns or table.places_name in view.columns
    )


def extract_of(
    table: DatasetTable, view: View
) -> tuple[tuple[TypedColumn, ...], TableExtract]:
    """Which columns are shown, and how they and the rows are cut out; places only where they are named, or all is."""
    ranks = {column.name: rank for rank, column in enumerate(table.columns)}
    unknown = set(view.columns) - {*ranks, table.places_name}
    visible_ranks = [
        rank for name, rank in ranks.items() if not view.columns or name in view.columns
    ]
    if unknown or not visible_ranks:
        raise AgreementMismatchError
    conditions = [_condition(table, ranks, row_filter) for row_filter in view.rows]
    if view.persons is not None:
        conditions.append(_person_condition(table, ranks, view.persons))
    statement = where_statement(conditions, table.columns)
    placed = shows_places(table, view)
    subset = TableExtract(
        columns=tuple((rank, table.columns[rank].name) for rank in visible_ranks),
        condition=statement.sql,
        values=statement.values,
        places=len(table.columns) if placed else None,
        kinds=(table.geometry,) if placed else (),
    )
    return tuple(table.columns[rank] for rank in visible_ranks), subset


def _person_condition(
    table: DatasetTable, ranks: dict[str, int], persons: PersonRows
) -> Condition:
    """The rows of people who lend them; a number that the column cannot hold is nobody's, and keeps nobody else back."""
    rank = ranks.get(persons.column)
    if rank is None:
        raise AgreementMismatchError
    values = []
    for code in persons.codes:
        try:
            values.append(read_identifier(table.columns[rank], code))
        except UnreadableIdentifierError:
            continue
    if not values:
        raise AgreementMismatchError
    return Filter(rank, Operator.IN, tuple(values))


def _condition(
    table: DatasetTable, ranks: dict[str, int], row_filter: terms.RowFilter
) -> Condition:
    """A filter of an agreement as a question; an empty cell passes none."""
    rank = ranks.get(row_filter.column)
    operator = OPERATORS[row_filter.operator]
    many = operator in {Operator.IN, Operator.NOT_IN}
    if (
        rank is None
        or not row_filter.values
        or (len(row_filter.values) > 1 and not many)
    ):
        raise AgreementMismatchError
    try:
        values = tuple(
            read_value(table.columns[rank], operator, value)
            for value in row_filter.values
        )
    except InvalidQueryError:
        raise AgreementMismatchError from None
    return Filter(rank, operator, values)
