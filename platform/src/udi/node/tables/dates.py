"""Days and times as people write them, day first unless the values prove otherwise."""

import re

from udi.node.tables.column import ColumnType, TypedColumn
from udi.node.tables.said import Values
from udi.node.tables.values import (
    CLOCK,
    COMPACT,
    HALF,
    ORDERS,
    TAIL,
    TIME,
    ZONE,
    DateOrder,
    compiled,
    read_date,
)

NAMED_DATE = r"(^|_)(date|jour|day|dt|data|giorno)|date$|(_|^)(le|du|au)$"
FEWEST_DAYS = 12
TWINS = {"dmY": "mdY", "dmy": "mdy"}
PLAIN_TEXTS = ("dmy", "mdy")


def date_column(values: Values, *, compact: bool = False, most: bool = False) -> TypedColumn | None:
    """A column of days or of moments, or None; with `most`, the order that fits most values."""
    if compact:
        named = re.search(NAMED_DATE, values.hint) and values.tolerate(_misfits(values, COMPACT))
        return _written(values, COMPACT, set(_misfits(values, COMPACT))) if named else None
    orders = sorted(
        (*ORDERS.values(), COMPACT), key=lambda order: sum(values.counts[v] for v in _misfits(values, order))
    )
    best = orders[0]
    twin = TWINS.get(best.directives)
    misfits = _misfits(values, best)
    if not most and not values.tolerate(misfits):
        return None
    if twin and not _misfits(values, ORDERS[twin]) and not misfits:
        example = max(values.counts, key=len)
        values.say("day_or_month", value=example)
    return _written(values, best, set(misfits))


def _misfits(values: Values, order: DateOrder) -> list[str]:
    return [value for value in values.counts if not read_date(value, order)]


def _written(values: Values, order: DateOrder, misfits: set[str]) -> TypedColumn:
    """The format of most values, and whether they say a time."""
    said = [value for value in values.counts if value not in misfits]
    moments = [value for value in said if compiled(rf".*?{TAIL}").fullmatch(value)]
    first = (moments or said or [""])[0]
    separators = re.findall(r"[-/. ]", first[:12])
    written = order.format
    if separators and order is not COMPACT and "B" not in order.directives:
        written = re.sub(r"[-/]", separators[0], written)
    if not moments:
        return TypedColumn(values.name, ColumnType.DATE, written)
    zones = {found[0].strip() for value in moments if (found := re.search(rf"{ZONE}$", value))}
    if len(zones) > 1:
        values.say("mixed_zones")
    return TypedColumn(values.name, ColumnType.DATETIME, written + _clock(first))


def _clock(value: str) -> str:
    found = re.search(rf"(T| +)({CLOCK})({HALF})?", value)
    if not found:
        return ""
    hours = "%I" if found[3] else "%H"
    seconds = {1: "", 2: ":%S"}[min(2, found[2].count(":"))]
    fraction = ".%f" if re.search(r"[.,]", found[2]) else ""
    return f"{'T' if found[1] == 'T' else ' '}{hours}:%M{seconds}{fraction}{' %p' if found[3] else ''}"


def time_column(values: Values) -> TypedColumn | None:
    """A column of times of day, or None."""
    if not values.fit(TIME):
        return None
    first = next(iter(values.counts))
    written = "%Hh%M" if "h" in first.lower() else "%H:%M:%S" if first.count(":") > 1 else "%H:%M"
    return TypedColumn(values.name, ColumnType.TIME, written)
