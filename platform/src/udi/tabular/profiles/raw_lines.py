"""The first and the last lines of a file as it is, beside what each of them was taken for.

Runs in a child process: the file is untrusted. What comes back is bounded, whatever the file holds.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any

from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import has_values
from udi.tabular.formats.file_kind import FileKind
from udi.tabular.formats.source import SourceFile
from udi.tabular.formats.text_encoding import python_name, read_text
from udi.tabular.formats.totals import is_total
from udi.tabular.messages.notes import UnreadableTableError
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.opened_files import (
    OpenedFile,
    identify_file,
    open_source_file,
)
from udi.tabular.profiles.profile import InferredTable, infer_table
from udi.tabular.profiles.row_sample import RowSample, sample_rows

FIRST_LINES = 15
LAST_LINES = 8
LONGEST_TEXT = 240
MOST_CELLS = 24
LONGEST_CELL = 60
TABLES = frozenset({"text", "sheet", "cells"})
"""Ways to read a file of which the lines can be shown: others name their columns themselves."""


class LineRole(StrEnum):
    """What a line was taken for."""

    TITLE = "title"
    NAMES = "names"
    UNITS = "units"
    ROW = "row"
    TOTAL = "total"
    LEFT_OUT = "left_out"
    """Below the last row, or between the names and the first row."""
    EMPTY = "empty"


@dataclass(frozen=True)
class RawLine:
    """A line of a text, separators included, or the cells of a line of a sheet; both cut when they are long.

    `below` counts the lines with a value that stand below it, or is -1 where the end of the file was not read.
    """

    line: int
    role: LineRole
    text: str = ""
    cells: tuple[str, ...] = ()
    below: int = -1


@dataclass(frozen=True)
class RawLines:
    """The lines that are shown of a file; `last` is empty when its end was not read, or when `first` has them all."""

    first: tuple[RawLine, ...] = ()
    last: tuple[RawLine, ...] = ()
    totals: int = 0
    """Lines of totals among the lines that were looked at, left out or not."""
    names: tuple[int, int] = (0, 0)
    """First and last line of the names."""
    units: int = 0


def read_raw_lines(
    path: Path, name: str, corrections: Mapping[str, Any], size: int
) -> RawLines:
    """The lines of a local file, or of the copy of the beginning of a text of `size` bytes.

    Never raises on what the file holds: there are no lines of what is no table.
    """
    source = SourceFile.at(path, name)
    corrected = Corrections.from_json(corrections)
    try:
        with open_source_file(source, corrected) as table:
            if isinstance(table, FileKind) or table.kind.reads not in TABLES:
                return RawLines()
            sample = sample_rows(table)
            if source.size < size:
                sample.ended = False
                sample.first = sample.first[:-1]
            structure = infer_table(table, sample, corrected)
            return _collect_lines(source, table, sample, structure)
    except UnreadableTableError:
        return RawLines()


def _collect_lines(
    source: SourceFile, table: OpenedFile, sample: RowSample, structure: InferredTable
) -> RawLines:
    begins = dict(chain(sample.first, sample.tail))
    if table.kind.reads == "text":
        first, last = _split(_text_lines(source, table), has_end=sample.ended)
    else:
        first, last = _split_sample(sample)
    below = _count_below(sample)
    lines = [
        tuple(_raw_line(line, begins, structure, below) for line in part)
        for part in (first, last)
    ]
    shape = structure.shape
    return RawLines(
        first=lines[0],
        last=lines[1],
        totals=sum(
            is_total(cells) for line, cells in sample.spread if shape.has_line(line)
        ),
        names=(shape.header_line, shape.names_line),
        units=shape.units_line,
    )


def _text_lines(source: SourceFile, table: OpenedFile) -> Iterator[tuple[int, str]]:
    """The lines of a decoded text, each cut to what is shown: a file without line ends takes no more memory."""
    _, inner = identify_file(source)
    encoding = python_name(table.encoding) or "utf-8"
    number = 1
    begun = ""
    for text in read_text(inner.read(), encoding):
        *ended, rest = text.split("\n")
        for piece in ended:
            yield number, (begun + piece[:LONGEST_TEXT])[:LONGEST_TEXT]
            begun = ""
            number += 1
        begun = (begun + rest[:LONGEST_TEXT])[:LONGEST_TEXT]
    if begun:
        yield number, begun


NumberedLine = tuple[int, str] | Row


def _split(
    lines: Iterable[NumberedLine], *, has_end: bool
) -> tuple[list[NumberedLine], list[NumberedLine]]:
    first: list[NumberedLine] = []
    last: deque[NumberedLine] = deque(maxlen=LAST_LINES)
    for numbered_line in lines:
        if len(first) < FIRST_LINES:
            first.append(numbered_line)
        elif not has_end:
            break
        else:
            last.append(numbered_line)
    return first, [*last]


def _split_sample(
    sample: RowSample,
) -> tuple[list[NumberedLine], list[NumberedLine]]:
    """The same of a sheet, whose records are its lines: they are in the sample, and the sheet is not read again."""
    first: list[NumberedLine] = [*sample.first[:FIRST_LINES]]
    if not sample.ended:
        return first, []
    below = [row for row in sample.tail if row[0] > first[-1][0]]
    return first, [*below[-LAST_LINES:]]


def _count_below(sample: RowSample) -> dict[int, int]:
    """How many lines with a value stand below each of the last ones."""
    if not sample.ended:
        return {}
    below = {}
    count = 0
    for line, cells in reversed(sample.tail):
        below[line] = count
        count += has_values(cells)
    return below


def _raw_line(
    numbered_line: NumberedLine,
    begins: Mapping[int, list[str]],
    structure: InferredTable,
    below: Mapping[int, int],
) -> RawLine:
    line, content = numbered_line
    cells = begins.get(line)
    is_empty = not has_values(cells if cells is not None else [str(content)])
    role = LineRole.EMPTY if is_empty else _role(line, cells, structure)
    if isinstance(content, str):
        return RawLine(line, role, text=content, below=below.get(line, -1))
    cut_cells = tuple(cell[:LONGEST_CELL] for cell in content[:MOST_CELLS])
    return RawLine(line, role, cells=cut_cells, below=below.get(line, -1))


def _role(line: int, cells: list[str] | None, structure: InferredTable) -> LineRole:
    shape = structure.shape
    if shape.header_line and shape.header_line <= line <= shape.names_line:
        return LineRole.NAMES
    if line and line == shape.groups_line:
        return LineRole.NAMES
    if line == shape.units_line:
        return LineRole.UNITS
    if line < max(shape.header_line, 1):
        return LineRole.TITLE
    if not shape.has_line(line):
        return LineRole.LEFT_OUT
    if cells is not None and is_total(cells):
        return LineRole.LEFT_OUT if structure.settings.totals else LineRole.TOTAL
    return LineRole.ROW
