"""Codes whose zeros in front a spreadsheet program dropped, since it took them for numbers."""

from udi.tabular.columns.column import ColumnType
from udi.tabular.columns.column_values import ColumnValues
from udi.tabular.columns.value_patterns import (
    DIGITS,
    SHORT_CODES,
    WHOLE,
    cached_pattern,
)


def note_lost_zeros(kind: ColumnType, values: ColumnValues) -> None:
    """Note the values of a column of codes that lack one digit, where others have all of them."""
    digits = DIGITS.get(kind)
    if digits is None:
        return
    short = [value for value in values.counts if _lacks_zero(value, digits)]
    whole = any(cached_pattern(WHOLE[kind]).fullmatch(value) for value in values.counts)
    if short and (whole or kind in SHORT_CODES):
        count = sum(values.counts[value] for value in short)
        values.add_note("lost_zeros", count=str(count), value=short[0])


def _lacks_zero(value: str, digits: int) -> bool:
    return value.isdigit() and len(value) == digits - 1 and value[0] != "0"
