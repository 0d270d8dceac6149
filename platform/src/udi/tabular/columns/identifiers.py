"""The numbers by which the rows of a table are told to be about somebody: which columns may hold them, and how they read."""

import re

from udi.tabular.columns.column import ColumnType, TypedColumn

IDENTIFYING_TYPES = frozenset(
    {
        ColumnType.INTEGER,
        ColumnType.TEXT,
        ColumnType.UUID,
        ColumnType.URL,
        ColumnType.EMAIL,
        ColumnType.PHONE,
        ColumnType.CODE,
        ColumnType.POSTCODE,
        ColumnType.COMMUNE,
        ColumnType.DEPARTMENT,
        ColumnType.REGION,
        ColumnType.SIREN,
        ColumnType.SIRET,
    }
)
"""Whole numbers and exact texts: one value each way of writing, so that two people never share a cell by rounding."""
LARGEST = 2**63
_DIGITS = re.compile(r"[0-9]{1,100}")


class UnreadableIdentifierError(Exception):
    """The column can hold no such number."""


def may_identify(column: TypedColumn) -> bool:
    """Whether the cells of a column can say whom a row is about."""
    return column.type in IDENTIFYING_TYPES


def normalise_identifier(column: TypedColumn, text: str) -> str:
    """A number in the one form that the column reads: of a whole number, its digits without zeros before them.

    Raises:
        UnreadableIdentifierError: the column can hold no such number.
    """
    if not may_identify(column) or not text.isprintable():
        raise UnreadableIdentifierError
    if column.type is not ColumnType.INTEGER:
        return text
    if not _DIGITS.fullmatch(text) or int(text) >= LARGEST:
        raise UnreadableIdentifierError
    return str(int(text))


def read_identifier(column: TypedColumn, text: str) -> int | str:
    """The cell that a number in that form stands for.

    Raises:
        UnreadableIdentifierError: the column can hold no such number, or it is in another form.
    """
    if normalise_identifier(column, text) != text:
        raise UnreadableIdentifierError
    if column.type is ColumnType.INTEGER:
        return int(text)
    return text
