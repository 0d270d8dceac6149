"""What an agreement shows of a restricted table: a table of its own, written once and asked as any other.

Filters, sorts, groups, counts, tags and lengths are those of what is shown: nothing that is asked of it can say anything
of the columns and rows that are not.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from udi.node.files.restricted import Passage
from udi.node.tables.column import GEOMETRY, TypedColumn
from udi.node.tables.cut import Cut, Written
from udi.node.tables.exports import Exports
from udi.node.tables.literals import read_value
from udi.node.tables.query import Condition, Filter, Operator
from udi.node.tables.sql import where_statement
from udi.node.tables.table import TableOfDataset
from udi.node.tables.wrong import WrongError
from udi.protocol import terms
from udi.protocol.deciding import Refused, View

VIEWS = "table_views"
"""Name of the `Views` among the site's parts."""
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


class UnfitError(Exception):
    """The table has not what an agreement names: nothing of it may be shown."""


@dataclass(frozen=True)
class Views:
    """Makes them, in turn with the exports, beside the copies of tables."""

    exports: Exports

    async def show(self, table: TableOfDataset, passage: Passage) -> TableOfDataset:
        """The table as this reader may read it, on this machine.

        Raises:
            NotGrantedError: the table has not, or not any more, what the agreement names.
        """
        await table.bring()
        view = passage.view
        if view.is_whole:
            return replace(table, is_restricted=False)
        try:
            columns, cut = cut_of(table, view)
        except UnfitError:
            raise await passage.refuse(Refused.OTHER_COLUMNS) from None
        path = table.path.with_name(f"{table.path.stem}-{_name(cut)}.parquet")
        written = _known(path) or await self._write(table, cut, path)
        return replace(
            table,
            path=path,
            columns=columns,
            rows=written.rows,
            digest=written.digest,
            is_restricted=False,
            hidden=_hidden(table, columns, placed=cut.places is not None),
            geometry=table.geometry if written.bbox else "",
            bbox=written.bbox,
        )

    async def _write(self, table: TableOfDataset, cut: Cut, path: Path) -> Written:
        written = await self.exports.view(table, cut, path)
        facts = path.with_suffix(".json")
        arriving = facts.with_suffix(f".{written.digest}")
        arriving.write_bytes(msgspec.json.encode(written))
        arriving.replace(facts)
        return written


def _hidden(table: TableOfDataset, columns: tuple[TypedColumn, ...], *, placed: bool) -> frozenset[str]:
    """The columns of a table that are not among these, and its places unless they are `placed`."""
    places = {GEOMETRY} if table.has_geometry and not placed else set()
    return frozenset({column.name for column in table.columns} - {column.name for column in columns} | places)


def _known(path: Path) -> Written | None:
    """What was written before, if all of it is still there."""
    try:
        facts = path.with_suffix(".json")
        for kept in (path, facts):
            os.utime(kept)
        return msgspec.json.decode(facts.read_bytes(), type=Written)
    except (OSError, msgspec.DecodeError):
        return None


def _name(cut: Cut) -> str:
    return hashlib.sha256(repr(cut).encode()).hexdigest()[:32]


def cut_of(table: TableOfDataset, view: View) -> tuple[tuple[TypedColumn, ...], Cut]:
    """Which columns are shown, and how they and the rows are cut out; places only where they are named, or all is."""
    ranks = {column.name: rank for rank, column in enumerate(table.columns)}
    unknown = set(view.columns) - {*ranks, GEOMETRY}
    kept = [rank for name, rank in ranks.items() if not view.columns or name in view.columns]
    if unknown or not kept:
        raise UnfitError
    statement = where_statement([_condition(table, ranks, each) for each in view.rows], table.columns)
    placed = table.has_geometry and (not view.columns or GEOMETRY in view.columns)
    cut = Cut(
        columns=tuple((rank, table.columns[rank].name) for rank in kept),
        condition=statement.sql,
        values=statement.values,
        places=len(table.columns) if placed else None,
        kinds=(table.geometry,) if placed else (),
    )
    return tuple(table.columns[rank] for rank in kept), cut


def _condition(table: TableOfDataset, ranks: dict[str, int], each: terms.RowFilter) -> Condition:
    """A filter of an agreement as a question; an empty cell passes none."""
    rank, operator = ranks.get(each.column), OPERATORS[each.operator]
    many = operator in {Operator.IN, Operator.NOT_IN}
    if rank is None or not each.values or (len(each.values) > 1 and not many):
        raise UnfitError
    try:
        values = tuple(read_value(table.columns[rank], operator, value) for value in each.values)
    except WrongError:
        raise UnfitError from None
    return Filter(rank, operator, values)
