"""Numbers as people write them: decimal commas, thousands, currencies."""

import re
from collections import Counter
from collections.abc import Sequence

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.columns.column_values import ColumnValues
from udi.tabular.columns.value_patterns import INTEGERS, NUMBERS, cached_pattern

GROUPS = re.compile(
    r"[^0-9]*[1-9][0-9]{0,2}(?P<mark>[.,])[0-9]{3}((?P=mark)[0-9]{3})*[^0-9]*"
)
"""What may be thousands as well as decimals."""
COMMA_PROVEN = re.compile(
    r"[^0-9]*[0-9. \u00a0\u202f]*,([0-9]{1,2}|[0-9]{4,})[^0-9]*|[^0-9]*0,[0-9]+[^0-9]*"
)


def proven_decimal_mark(columns: Sequence[Counter[str]]) -> str | None:
    """The decimal mark that some column of a table proves: a comma, or nothing."""
    proven = any(
        all(cached_pattern(NUMBERS[","]).fullmatch(value) for value in counts)
        and any(COMMA_PROVEN.fullmatch(value) for value in counts)
        for counts in columns
    )
    if proven:
        return ","
    return None


def number_column(values: ColumnValues, *, most: bool = False) -> TypedColumn | None:
    """A column of numbers, or None; with `most`, the way that fits most values."""
    mark = _best_mark(values) if most else _mark(values)
    if mark is None:
        return None
    whole = cached_pattern(INTEGERS[mark]).fullmatch
    number = cached_pattern(NUMBERS[mark]).fullmatch
    is_whole = all(whole(value) for value in values.counts if number(value))
    return TypedColumn(
        values.name, ColumnType.INTEGER if is_whole else ColumnType.NUMBER, mark
    )


def _best_mark(values: ColumnValues) -> str:
    fits = {mark: _fitting(values.counts, pattern) for mark, pattern in NUMBERS.items()}
    return max(fits, key=lambda mark: fits[mark])


def _fitting(counts: Counter[str], pattern: str) -> int:
    matches = cached_pattern(pattern).fullmatch
    return sum(count for value, count in counts.items() if matches(value))


def _mark(values: ColumnValues) -> str | None:
    """The decimal mark of a column, with its doubts."""
    if (
        not any(character.isdigit() for character in next(iter(values.counts)))
        and len(values.counts) == 1
    ):
        return None
    possible = [mark for mark in NUMBERS if _misfits(values, mark) == 0]
    if not possible:
        possible = [
            mark
            for mark in sorted(NUMBERS, key=lambda m: _misfits(values, m))
            if values.fits(NUMBERS[mark])
        ][:1]
    if len(possible) < 2:  # noqa: PLR2004 - nothing to choose
        if possible:
            return possible[0]
        return None
    grouped = [value for value in values.counts if GROUPS.fullmatch(value)]
    if grouped:
        return _choose(values, grouped)
    return ""


def _misfits(values: ColumnValues, mark: str) -> int:
    return values.counts.total() - _fitting(values.counts, NUMBERS[mark])


def _choose(values: ColumnValues, grouped: list[str]) -> str:
    """Whether `19,582` is nineteen or nineteen thousand: what separates the cells and the other columns say it."""
    comma = any("," in value for value in grouped)
    decimal = not values.comma if comma else values.mark == ","
    mark = "," if decimal else ""
    if comma == decimal:
        values.add_note("thousands_or_decimals", value=grouped[0])
    return mark
