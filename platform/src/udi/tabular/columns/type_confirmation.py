"""Types confirmed on all values of a table of text, and the cells that do not fit them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb

from udi.tabular.columns.casts import fits, misfit_code, text_or_null
from udi.tabular.columns.cell_list import CellListFolder
from udi.tabular.columns.column import LINE, TEXT_STORED, ColumnType, TypedColumn
from udi.tabular.columns.column_values import ENOUGH, TOLERATED
from udi.tabular.columns.errors import (
    LONGEST_VALUE,
    MOST_LISTED,
    CellError,
    CellErrorReport,
)
from udi.tabular.columns.type_inference import infer_types
from udi.tabular.columns.value_patterns import DAMAGED, LONG_INTEGER
from udi.tabular.messages.notes import Note
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal

WIDER = {
    ColumnType.INTEGER: ColumnType.NUMBER,
    ColumnType.YEAR: ColumnType.INTEGER,
    ColumnType.LATITUDE: ColumnType.NUMBER,
    ColumnType.LONGITUDE: ColumnType.NUMBER,
    ColumnType.DATE: ColumnType.DATETIME,
}
"""What a type that does not hold for all values may still be, before it is text."""
ANY = {ColumnType.TEXT, ColumnType.JSON}
ROUNDS = 4
TYPING_VALUES = 4000
COUNTED_TOGETHER = 30
NOT_QUANTITY = f"-?0[0-9]+|{LONG_INTEGER}"
"""What a column of whole numbers cannot hold without losing a digit: zeros in front, numbers of over 64 bits."""


@dataclass(frozen=True)
class TextTable:
    """A table of text that DuckDB reads: SQL with `__line`, then each column under its name."""

    connection: duckdb.DuckDBPyConnection
    relation: str


@dataclass(frozen=True)
class ColumnFit:
    """How a column holds for all its values."""

    values: int
    misfits: int
    special: int
    """Of these, leading zeros and too many digits in numbers; codes that a spreadsheet damaged, which change nothing of what the others are."""
    example: str

    @property
    def tolerable(self) -> bool:
        return not self.misfits or (
            self.values >= ENOUGH and self.misfits <= TOLERATED * self.values
        )

    @property
    def only_damaged(self) -> bool:
        return self.misfits == self.special < self.values


def confirm_types(
    table: TextTable, columns: Sequence[TypedColumn], fixed: frozenset[str]
) -> tuple[tuple[TypedColumn, ...], tuple[Note, ...], frozenset[str]]:
    """The types that hold for all values, what is said of them, and the columns with misfits; those `fixed` stay."""
    column_by_name = {column.name: column for column in columns}
    notes: dict[str, Note] = {}
    waiting = list(columns)
    misfits = set[str]()
    for _ in range(ROUNDS):
        again = []
        for column, fit in _count_misfits(
            table, [column for column in waiting if column.type not in ANY]
        ):
            better, note = (
                (column, _kept_note(column, fit))
                if column.name in fixed
                else _choose_type(table, column, fit)
            )
            notes.pop(column.name, None)
            notes.update({column.name: note} if note else {})
            misfits.discard(column.name)
            misfits |= {column.name} if better == column and fit.misfits else set()
            column_by_name[column.name] = better
            if better != column:
                again.append(better)
        waiting = again
    return tuple(column_by_name.values()), tuple(notes.values()), frozenset(misfits)


def _choose_type(
    table: TextTable, column: TypedColumn, fit: ColumnFit
) -> tuple[TypedColumn, Note | None]:
    """The column as it is, or the next type to try."""
    if column.type is ColumnType.EMPTY:
        return (_infer_again(table, column) if fit.values else column), None
    if fit.special and column.type is ColumnType.INTEGER:
        return replace(column, type=ColumnType.CODE, format=""), None
    for tried in _wider(column) if fit.misfits else ():
        (_, after), *_ = _count_misfits(table, [tried])
        if after.misfits < fit.misfits:
            return tried, None
    if fit.tolerable or (fit.only_damaged and column.sql_type == TEXT_STORED):
        return column, _kept_note(column, fit)
    values = {"count": str(fit.misfits), "value": fit.example}
    return replace(column, type=ColumnType.TEXT, format=""), Note(
        "fell_back", column.name, values
    )


def _wider(column: TypedColumn) -> Iterator[TypedColumn]:
    """What a column may be instead; whole numbers tell nothing of the mark that decimals may come with."""
    if wider := WIDER.get(column.type):
        yield replace(column, type=wider)
    if column.type is ColumnType.INTEGER and not column.format:
        yield replace(column, type=ColumnType.NUMBER, format=",")


def _kept_note(column: TypedColumn, fit: ColumnFit) -> Note | None:
    if not fit.misfits or fit.only_damaged:
        return None
    return Note(
        "misfits", column.name, {"count": str(fit.misfits), "value": fit.example}
    )


def _infer_again(table: TextTable, column: TypedColumn) -> TypedColumn:
    """A column that was empty in all the rows looked at."""
    named = identifier(column.name)
    sql = f"select {named} from ({table.relation}) where {text_or_null(named, column.type)} is not null limit {TYPING_VALUES}"
    values = [str(row[0]) for row in table.connection.execute(sql).fetchall()]
    (typed_column,), _ = infer_types([column.name], [values])
    if typed_column.type is ColumnType.EMPTY:
        return replace(column, type=ColumnType.TEXT)
    return typed_column


def _count_misfits(
    table: TextTable, columns: Sequence[TypedColumn]
) -> Iterator[tuple[TypedColumn, ColumnFit]]:
    for start in range(0, len(columns), COUNTED_TOGETHER):
        some = columns[start : start + COUNTED_TOGETHER]
        values = ", ".join(
            f"{_plain(column)} as v{index}" for index, column in enumerate(some)
        )
        checks = ", ".join(
            f"v{index}, {_misfit(index, column)} as m{index}"
            for index, column in enumerate(some)
        )
        counts = ", ".join(_counts(index, column) for index, column in enumerate(some))
        sql = f"select {counts} from (select {checks} from (select {values} from ({table.relation})))"
        row = table.connection.execute(sql).fetchone() or ()
        for index, column in enumerate(some):
            counted, misfits, special, example = row[4 * index : 4 * index + 4]
            yield column, ColumnFit(counted, misfits, special, example or "")


def _plain(column: TypedColumn) -> str:
    if column.type is ColumnType.EMPTY:
        kind = ColumnType.BOOLEAN
    else:
        kind = column.type
    return text_or_null(identifier(column.name), kind)


def _misfit(index: int, column: TypedColumn) -> str:
    value = f"v{index}"
    if column.type is ColumnType.EMPTY:
        return "false"
    return f"{value} is not null and not ({fits(value, column)})"


def _counts(index: int, column: TypedColumn) -> str:
    pattern = NOT_QUANTITY if column.type is ColumnType.INTEGER else DAMAGED
    special = f"regexp_full_match(v{index}, {literal(pattern)})"
    return (
        f"count(v{index}), count(*) filter (where m{index}), count(*) filter (where m{index} and {special}), "
        f"left(any_value(v{index}) filter (where m{index}), {LONGEST_VALUE})"
    )


def find_misfits(
    table: TextTable, columns: Sequence[TypedColumn], errors: CellErrorReport
) -> None:
    """Add to the errors the cells that do not fit these columns."""
    if not columns:
        return
    values = ", ".join(
        f"{_plain(column)} as v{index}" for index, column in enumerate(columns)
    )
    cells = ", ".join(
        f"case when {_misfit(index, column)} then {{'c': {index}, 'k': {misfit_code(f'v{index}', column)}, "
        f"'v': left(v{index}, {LONGEST_VALUE})}} end"
        for index, column in enumerate(columns)
    )
    line = identifier(LINE)
    query = (
        f"select {line}, e.c, e.k, e.v from (select {line}, unnest([{cells}]) as e "
        f"from (select {line}, {values} from ({table.relation}))) where e is not null"
    )
    if errors.listing is not None:
        query = _write_misfits(table, query, columns, errors.listing)
    listed = table.connection.execute(f"{query} limit {MOST_LISTED}").fetchall()
    counted = table.connection.execute(
        f"select c, k, count(*) from ({query}) group by all"
    ).fetchall()
    errors.merge_errors(
        [
            CellError(number, columns[index].name, code, value)
            for number, index, code, value in listed
        ],
        Counter({(columns[index].name, code): count for index, code, count in counted}),
    )


def _write_misfits(
    table: TextTable,
    query: str,
    columns: Sequence[TypedColumn],
    listing: CellListFolder,
) -> str:
    """Write every misfit where the listing wants them, in the order of the file; where they are read from now on."""
    names = ", ".join(literal(column.name) for column in columns)
    listing_query = f'select {identifier(LINE)} as line, [{names}][c + 1] as "column", k as code, v as value, c as place from ({query})'
    target = literal(listing.misfits)
    try:
        table.connection.execute(
            f"copy ({listing_query}) to {target} (format parquet, compression zstd)"
        )
    except duckdb.IOException:
        listing.mark_incomplete()
        return query
    return f"select line, place as c, code as k, value as v from read_parquet({target})"
