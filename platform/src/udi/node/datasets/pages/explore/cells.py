"""Cells as the page writes them."""

from typing import Any

from udi.tabular.columns.area_names import name_code
from udi.tabular.columns.column import ColumnType
from udi.tabular.overviews.chart_labels import YES_AND_NO
from udi.tabular.queries.query import NUMBERS
from udi.ui.formats import display_figure, display_iso_date

LONGEST_CELL = 80
"""Characters of a cell in a table; a row's own page shows all of it."""
MOMENTS = frozenset({ColumnType.DATE, ColumnType.DATETIME})
ORDERED = frozenset({*NUMBERS, *MOMENTS, ColumnType.TIME})
"""Types that have a least and a greatest value."""
PLAIN_NUMBERS = frozenset({ColumnType.YEAR})
RIGHT_ALIGNED = frozenset(
    {ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.LATITUDE, ColumnType.LONGITUDE}
)


def display_cell(value: Any, kind: ColumnType, locale: str) -> str:
    """A cell in the reader's language, the code of an area with its name; an empty one is nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES_AND_NO.get(locale, YES_AND_NO["en"])[value]
    if isinstance(value, int | float):
        if kind in PLAIN_NUMBERS:
            return str(value)
        return display_figure(value, locale)
    if kind in MOMENTS:
        return display_iso_date(str(value), locale)
    return name_code(str(value), kind)


def shorten(text: str) -> str:
    """A cell that is no longer than a table shows."""
    if len(text) <= LONGEST_CELL:
        return text
    return text[: LONGEST_CELL - 1].rstrip() + "…"


def write_value(value: Any) -> str:
    """A cell as a parameter of the API writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - where decimals end
        return str(int(value))
    return str(value)
