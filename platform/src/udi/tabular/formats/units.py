"""The unit of the numbers of a column, as its header writes it: `(€)`, `en kWh`, or a line of units below the names."""

import re
from collections.abc import Mapping, Sequence

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.formats.header_lines import is_unit

BRACKETS = re.compile(r"[(\[]\s*([^()\[\]]{1,20}?)\s*[)\]]\s*$")
PREPOSITION = re.compile(r"\s(?:en|in)\s+(\S{1,20}(?:\s\S{1,10})?)\s*$", re.IGNORECASE)
COUNTS = frozenset({"nombre", "nb", "nbre", "no", "n", "effectif", "number"})
"""What a line of units says of numbers that count: no unit."""
MEASURED = frozenset({ColumnType.INTEGER, ColumnType.NUMBER})
LONGEST_UNIT = 40


def find_units(
    columns: Sequence[TypedColumn], unit_line: Mapping[str, str]
) -> dict[str, str]:
    """The unit of each column of numbers that has one, by name; a line of units says more than a name."""
    units = {
        column.name: clean_unit(unit_line.get(column.name, ""))
        or find_unit(column.name)
        for column in columns
        if column.type in MEASURED
    }
    return {name: unit for name, unit in units.items() if unit}


def find_unit(name: str) -> str:
    """The unit that a name ends with, as it is written; empty where it names none that is known."""
    match = BRACKETS.search(name) or PREPOSITION.search(name)
    if match and is_unit(match[1]):
        return clean_unit(match[1])
    return ""


def clean_unit(cell: str) -> str:
    """A unit without brackets and prepositions; empty for a word that counts."""
    unit = re.sub(r"^[(\[\s]+|[)\]\s]+$", "", cell)
    unit = re.sub(r"^(?:en|in the|in)\s+", "", unit, flags=re.IGNORECASE)
    if unit.lower().rstrip(".") in COUNTS:
        return ""
    return unit[:LONGEST_UNIT]
