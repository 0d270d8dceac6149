"""Whether lines that a producer settled in one file are lines of the same sort in a later one."""

from collections.abc import Sequence
from statistics import median

from udi.tabular.columns.value_patterns import is_null
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import TableLayout, cell_at, has_values, is_name
from udi.tabular.formats.header_lines import is_unit_line
from udi.tabular.formats.line_settings import LineSettings
from udi.tabular.formats.totals import is_total

LOOKED_ROWS = 20
"""Rows with which a line that is left out is compared."""


def is_apart(cells: Sequence[str], usual: float) -> bool:
    """Whether a line is a total, or has a value in fewer than half as many cells as rows usually have."""
    return is_total(cells) or 2 * sum(map(bool, cells)) < usual


def leaves_no_row_out(
    rows: Sequence[Row], shape: TableLayout, settings: LineSettings
) -> bool:
    """Whether no line between the names and the first row of another file looks like a row.

    `shape` is how that file is read as it was settled on an earlier one. A line of units must be one by itself.
    True where nothing of that was settled, or in the very file on which it was.
    """
    if not settings.columns or not (settings.units or settings.first):
        return True
    filled = [
        (line, [cell.strip() for cell in cells])
        for line, cells in rows
        if line > shape.names_line and has_values(cells)
    ]
    body = [cells for line, cells in filled if line > shape.last_header_line]
    looked = body[:LOOKED_ROWS]
    above = [(line, cells) for line, cells in filled if line <= shape.last_header_line]
    if settings.units and not any(
        line == settings.units and is_unit_line(cells, looked) for line, cells in above
    ):
        return False
    skipped = [cells for line, cells in above if line != shape.units_line]
    return not any(_looks_like_row(cells, looked) for cells in skipped)


def _looks_like_row(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a line is as full as rows are, with a word or a number where they have one; so is any above no row."""
    if not rows:
        return True
    if is_apart(cells, median(sum(map(bool, row)) for row in rows)):
        return False
    filled = [(place, cell) for place, cell in enumerate(cells) if not is_null(cell)]
    return any(
        is_name(cell) == is_name(value)
        for place, cell in filled
        for row in rows
        if not is_null(value := cell_at(row, place))
    )
