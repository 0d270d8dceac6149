"""Whether the line taken for the names of the columns leaves a doubt, and what else could name them."""

import re
from collections.abc import Sequence

from udi.tabular.columns.value_patterns import is_null
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import (
    TableLayout,
    cell_at,
    has_values,
    is_name,
    names_typed_columns,
)
from udi.tabular.personal.vocabulary import COLUMN_WORDS, Header

LOOKED_LINES = 50
"""Lines with a value, from the first of the file, in which names of columns are looked for."""
MOST_HEADERS = 3
FEWEST_NAMES = 2
LONGEST_NAME = 40
"""Characters of a cell that still reads like the name of a column."""
UNNAMED_SHARE = 0.2
"""From this share of the columns on, names that are missing make the line doubtful."""
DIGIT = re.compile(r"\d")
Names = tuple[str, ...]


def find_other_headers(rows: Sequence[Row], shape: TableLayout) -> tuple[Names, ...]:
    """What the columns may be called instead of `shape.names`; empty when their line leaves no doubt.

    `rows` are the first ones of the file, titles included. Each result has one name a column, in the order of
    `shape.kept`, empty where the line has none; the last result has no name at all, so that values alone count.
    """
    filled = [
        (line, [cell.strip() for cell in cells])
        for line, cells in rows
        if has_values(cells)
    ][:LOOKED_LINES]
    others = [
        cells
        for line, cells in filled
        if line not in _header_lines(shape) and names_columns(cells)
    ]
    below = [cells for line, cells in filled if line > shape.last_header_line]
    if not (others or _is_incomplete(shape) or _is_followed_by_names(below)):
        return ()
    other_headers = [
        tuple(cell_at(cells, index) for index in shape.positions)
        for cells in others[:MOST_HEADERS]
    ]
    return (*dict.fromkeys(other_headers), ("",) * len(shape.positions))


def names_columns(cells: Sequence[str]) -> bool:
    """Whether a record reads like names of columns about people: «Nom», «Né(e) le», «Vorname», «Fecha de nacimiento»."""
    filled = [cell for cell in cells if cell]
    named = {cell.lower() for cell in filled if _is_column_name(cell)}
    return len(named) >= FEWEST_NAMES and 2 * len(named) >= len(filled)


def _is_column_name(cell: str) -> bool:
    """Whether each word of a cell is one that names columns say."""
    if len(cell) > LONGEST_NAME or DIGIT.search(cell):
        return False
    words = Header(cell).words
    return bool(words) and words <= COLUMN_WORDS


def _header_lines(shape: TableLayout) -> set[int]:
    return {shape.header_line, shape.last_header_line}


def _is_incomplete(shape: TableLayout) -> bool:
    """No line names the columns, or one that leaves many without a name."""
    unnamed = [
        name
        for name, index in zip(shape.names, shape.positions, strict=True)
        if name == f"col{index + 1}"
    ]
    return len(unnamed) >= FEWEST_NAMES and len(unnamed) >= UNNAMED_SHARE * len(
        shape.names
    )


def _is_followed_by_names(below: Sequence[Sequence[str]]) -> bool:
    """Whether the first record below the names has words only, above columns of numbers or of dates."""
    if len(below) <= FEWEST_NAMES:
        return False
    first = [cell for cell in below[0] if cell]
    words = len(first) >= FEWEST_NAMES and all(
        is_name(cell) and not is_null(cell) for cell in first
    )
    return words and names_typed_columns(
        list(below[0]), [list(cells) for cells in below[1:21]]
    )
