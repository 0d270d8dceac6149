"""A delimited text cut into records and cells with their places, so that one cell is written and every other letter stays."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NEWLINE = re.compile(r"\r\n|\n|\r")
UNSEEN = str.maketrans("", "", "\ufeff\x00")
"""What readers of a text leave out of its cells."""


class OpenQuoteError(Exception):
    """A quotation mark never closes: nobody knows where the cells are."""


@dataclass(frozen=True)
class TextStyle:
    """How a text writes its records; `skip_blanks`: blanks before a quote are none of the cell."""

    delimiter: str
    newline: str = "\n"
    skip_blanks: bool = False

    def write_cell(self, value: str, *, quoted: bool = False) -> str:
        """A cell as the text writes it: between quotes where it was, or where it has to be."""
        has_mark = any(mark in value for mark in (self.delimiter, '"', "\n"))
        is_blank = self.skip_blanks and value.startswith(" ")
        text = value.replace("\n", self.newline)
        if quoted or has_mark or is_blank:
            return '"' + text.replace('"', '""') + '"'
        return text


@dataclass(frozen=True)
class CellSpan:
    """A cell: the places of its letters in the text, its quotes included, and what it says."""

    start: int
    end: int
    value: str
    is_quoted: bool


@dataclass(frozen=True)
class RecordSpan:
    """A record that begins on a line, from 1: it ends at `end`, and its line end at `stop`."""

    line: int
    start: int
    end: int
    stop: int
    cells: tuple[CellSpan, ...]

    @property
    def values(self) -> list[str]:
        """What its cells say, as readers of the text see them."""
        return [cell.value for cell in self.cells]


@dataclass(frozen=True)
class Splice:
    """Letters that take the place of those between two places of a text."""

    start: int
    end: int
    text: str


def split_records(text: str, style: TextStyle) -> list[RecordSpan]:
    """The records of a text.

    Raises:
        OpenQuoteError: a quotation mark never closes.
    """
    mark = re.escape(style.delimiter)
    blanks = " *" if style.skip_blanks else ""
    cell_pattern = re.compile(
        rf'{blanks}(?:"(?P<quoted>(?:[^"]++|"")*+)"(?P<rest>[^{mark}\r\n]*)|(?!")(?P<plain>[^{mark}\r\n]*))'
    )
    records = []
    place = 0
    line = 1
    while place < len(text):
        start = place
        cells = list[CellSpan]()
        while not cells or text[place : place + 1] == style.delimiter:
            place += bool(cells)
            if not cells and NEWLINE.match(text, place):
                break
            cell = _match_cell(cell_pattern, text, place)
            cells.append(cell)
            place = cell.end
        end = place
        if newline := NEWLINE.match(text, place):
            place = newline.end()
        records.append(RecordSpan(line, start, end, place, tuple(cells)))
        line += sum(1 for _ in NEWLINE.finditer(text, start, place))
    return records


def _match_cell(pattern: re.Pattern[str], text: str, place: int) -> CellSpan:
    match = pattern.match(text, place)
    if match is None:
        raise OpenQuoteError
    quoted = match["quoted"]
    if quoted is None:
        start = match.start("plain")
        value = match["plain"]
    else:
        start = match.start("quoted") - 1
        value = quoted.replace('""', '"') + match["rest"]
    seen = NEWLINE.sub("\n", value).translate(UNSEEN)
    return CellSpan(start, match.end(), seen, quoted is not None)


def change_record(
    record: RecordSpan, values: Sequence[tuple[int, str]], style: TextStyle
) -> list[Splice]:
    """What writes these values (position, value) in a record; a value that stands there already changes nothing."""
    splices = []
    beyond = dict[int, str]()
    for position, value in values:
        if position >= len(record.cells):
            beyond[position] = value
            continue
        cell = record.cells[position]
        if cell.value != value:
            written = style.write_cell(value, quoted=cell.is_quoted)
            splices.append(Splice(cell.start, cell.end, written))
    if any(beyond.values()):
        last = max(position for position, value in beyond.items() if value)
        added = [
            style.write_cell(beyond.get(position, ""))
            for position in range(len(record.cells), last + 1)
        ]
        splices.append(
            Splice(
                record.end,
                record.end,
                "".join(style.delimiter + cell for cell in added),
            )
        )
    return splices


def remove_record(record: RecordSpan) -> Splice:
    """What takes a record out, with its line end."""
    return Splice(record.start, record.stop, "")


def add_records(
    after: RecordSpan, rows: Iterable[Sequence[str]], style: TextStyle
) -> Splice:
    """What writes new records behind another one, quoted as its cells are."""
    quoted = [cell.is_quoted for cell in after.cells]
    lines = [
        style.delimiter.join(
            style.write_cell(value, quoted=position < len(quoted) and quoted[position])
            for position, value in enumerate(values)
        )
        for values in rows
    ]
    if after.stop > after.end:
        text = "".join(line + style.newline for line in lines)
    else:
        text = "".join(style.newline + line for line in lines)
    return Splice(after.stop, after.stop, text)


def apply_splices(text: str, splices: Iterable[Splice]) -> str:
    """The text with these changes, which do not overlap."""
    pieces = []
    place = 0
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        pieces += [text[place : splice.start], splice.text]
        place = splice.end
    return "".join([*pieces, text[place:]])
