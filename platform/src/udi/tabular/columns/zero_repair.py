"""Zeros in front of codes, put back where a producer asks for it."""

from collections.abc import Collection, Sequence

from udi.tabular.columns.casts import TRIMMED, fits, text_or_null
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.columns.type_confirmation import TextTable
from udi.tabular.columns.value_patterns import DIGITS, SHORT_CODES, WHOLE
from udi.tabular.messages.notes import Note
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal

LOST_ZEROS = "lost_zeros"
ZEROS_PUT_BACK = "zeros_put_back"
CERTAIN = "certain"
"""Value of a note of zeros that were lost beyond doubt."""
CERTAIN_CODES = frozenset({ColumnType.COMMUNE, ColumnType.SIREN, ColumnType.SIRET})
"""Types whose short values are no codes of another country: postcodes and telephone numbers may be."""


def put_zeros_back(
    table: TextTable, columns: Sequence[TypedColumn], chosen: Collection[str]
) -> tuple[TextTable, tuple[Note, ...]]:
    """The table with a zero before each value that lacks one digit, in the `chosen` columns, and what is said of zeros.

    All values are counted. Another column is only reported, where its type or its other values show that zeros were lost;
    that is certain of codes that are French by their type, when all values of the column fit it.
    """
    codes = [column for column in columns if column.type in DIGITS]
    if not codes:
        return table, ()
    counts = ", ".join(
        f"count(*) filter (where {_lacks_zero(column)}), count(*) filter (where {_is_whole(column)}), "
        f"min({_trimmed(column)}) filter (where {_lacks_zero(column)}), count(*) filter (where {_is_misfit(column)})"
        for column in codes
    )
    row = table.connection.execute(
        f"select {counts} from ({table.relation})"
    ).fetchone()
    notes = []
    repaired = []
    for index, column in enumerate(codes):
        lacking, whole, example, misfits = (row or ())[4 * index : 4 * index + 4]
        if not lacking:
            continue
        values = {"count": str(lacking), "value": str(example)}
        if column.name in chosen:
            repaired.append(column)
            notes.append(Note(ZEROS_PUT_BACK, column.name, values))
        elif whole or column.type in SHORT_CODES:
            if column.type in CERTAIN_CODES and not misfits:
                values[CERTAIN] = "true"
            notes.append(Note(LOST_ZEROS, column.name, values))
    if not repaired:
        return table, tuple(notes)
    cells = ", ".join(
        f"case when {_lacks_zero(column)} then '0' || {_trimmed(column)} else {identifier(column.name)} end "
        f"as {identifier(column.name)}"
        for column in repaired
    )
    relation = f"select * replace ({cells}) from ({table.relation})"
    return TextTable(table.connection, relation), tuple(notes)


def _trimmed(column: TypedColumn) -> str:
    return f"trim({identifier(column.name)}, {literal(TRIMMED)})"


def _lacks_zero(column: TypedColumn) -> str:
    pattern = f"[1-9][0-9]{{{DIGITS[column.type] - 2}}}"
    return f"regexp_full_match({_trimmed(column)}, {literal(pattern)})"


def _is_whole(column: TypedColumn) -> str:
    return f"regexp_full_match({_trimmed(column)}, {literal(WHOLE[column.type])})"


def _is_misfit(column: TypedColumn) -> str:
    value = text_or_null(identifier(column.name), column.type)
    return f"not {fits(value, column)}"
