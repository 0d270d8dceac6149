"""Days and times as people write them, day first unless the values prove otherwise."""

import re

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.columns.column_values import ColumnValues
from udi.tabular.columns.value_patterns import (
    CLOCK,
    COMPACT,
    HALF,
    ORDERS,
    TAIL,
    TIME,
    ZONE,
    DateOrder,
    cached_pattern,
    read_date,
)

NAMED_DATE = r"(^|_)(date|jour|day|dt|data|giorno)|date$|(_|^)(le|du|au)$"
TWINS = {"dmY": "mdY", "dmy": "mdy"}


def date_column(
    values: ColumnValues, *, compact: bool = False, most: bool = False
) -> TypedColumn | None:
    """A column of days or of moments, or None; with `most`, the order that fits most values."""
    if compact:
        named = re.search(NAMED_DATE, values.hint) and values.tolerates(
            _misfits(values, COMPACT)
        )
        if named:
            return _formatted_column(values, COMPACT, set(_misfits(values, COMPACT)))
        return None
    orders = sorted(
        (*ORDERS.values(), COMPACT),
        key=lambda order: sum(values.counts[v] for v in _misfits(values, order)),
    )
    best = orders[0]
    twin = TWINS.get(best.directives)
    misfits = _misfits(values, best)
    if not most and not values.tolerates(misfits):
        return None
    if twin and not _misfits(values, ORDERS[twin]) and not misfits:
        example = max(values.counts, key=len)
        values.add_note("day_or_month", value=example)
    return _formatted_column(values, best, set(misfits))


def _misfits(values: ColumnValues, order: DateOrder) -> list[str]:
    return [value for value in values.counts if not read_date(value, order)]


def _formatted_column(
    values: ColumnValues, order: DateOrder, misfits: set[str]
) -> TypedColumn:
    """The format of most values, and whether they say a time."""
    matching_values = [value for value in values.counts if value not in misfits]
    moments = [
        value
        for value in matching_values
        if cached_pattern(rf".*?{TAIL}").fullmatch(value)
    ]
    first = (moments or matching_values or [""])[0]
    separators = re.findall(r"[-/. ]", first[:12])
    pattern = order.format
    if separators and order is not COMPACT and "B" not in order.directives:
        pattern = re.sub(r"[-/]", separators[0], pattern)
    if not moments:
        return TypedColumn(values.name, ColumnType.DATE, pattern)
    zones = {
        match[0].strip()
        for value in moments
        if (match := re.search(rf"{ZONE}$", value))
    }
    if len(zones) > 1:
        values.add_note("mixed_zones")
    return TypedColumn(values.name, ColumnType.DATETIME, pattern + _time_format(first))


def _time_format(value: str) -> str:
    match = re.search(rf"(T| +)({CLOCK})({HALF})?", value)
    if not match:
        return ""
    hours = "%I" if match[3] else "%H"
    seconds = {1: "", 2: ":%S"}[min(2, match[2].count(":"))]
    fraction = ".%f" if re.search(r"[.,]", match[2]) else ""
    return f"{'T' if match[1] == 'T' else ' '}{hours}:%M{seconds}{fraction}{' %p' if match[3] else ''}"


def time_column(values: ColumnValues) -> TypedColumn | None:
    """A column of times of day, or None."""
    if not values.fits(TIME):
        return None
    first = next(iter(values.counts))
    if "h" in first.lower():
        pattern = "%Hh%M"
    else:
        pattern = "%H:%M:%S" if first.count(":") > 1 else "%H:%M"
    return TypedColumn(values.name, ColumnType.TIME, pattern)
