"""Cells merged over several rows: each row of the range has their value."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from udi.tabular.formats.delimited_text import Row

Corners = tuple[tuple[int, int], tuple[int, int]]
"""Row and column of the first and of the last cell of a range, from 0."""


@dataclass(frozen=True)
class MergedCell:
    """A range of one column; `first` and `last` are lines, `place` is the position of its column."""

    first: int
    last: int
    place: int


def find_merged_rows(
    ranges: Iterable[Corners] | None, left: int = 0
) -> list[MergedCell]:
    """The ranges of several rows and of one column, in rows that begin at the column `left`, from 0."""
    return [
        MergedCell(first_row + 1, last_row + 1, first_column - left)
        for (first_row, first_column), (last_row, last_column) in ranges or ()
        if first_column == last_column >= left and last_row > first_row
    ]


def fill_merged_rows(
    rows: Iterable[Row], merged: Iterable[MergedCell]
) -> Iterator[Row]:
    """The rows, with the value of each range in all its rows."""
    begins: dict[int, list[MergedCell]] = {}
    for cell in merged:
        begins.setdefault(cell.first, []).append(cell)
    current: dict[int, tuple[MergedCell, str]] = {}
    for line, cells in rows:
        for place, (cell, value) in list(current.items()):
            if line > cell.last:
                del current[place]
            elif place < len(cells) and not cells[place]:
                cells[place] = value
        for cell in begins.get(line, ()):
            if cell.place < len(cells):
                current[cell.place] = cell, cells[cell.place]
        yield line, cells
