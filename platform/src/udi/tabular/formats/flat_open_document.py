"""The sheets of a spreadsheet in one XML file (flat OpenDocument 1.3, `.fods`)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from udi.tabular.formats.delimited_text import Row
from udi.tabular.messages.notes import UnreadableTableError

MOST_CELLS = 5_000_000
WIDEST = 16_384
MOST_SHEETS = 200
FIRST_ROWS = 50
MOST_BLANKS = 1_000
"""Blanks that one element may stand for."""
PIECE = 1024 * 1024
BLANKS = {"text:s": " ", "text:tab": "\t", "text:line-break": "\n"}
"""What the elements inside a paragraph stand for."""
CELLS = frozenset({"table:table-cell", "table:covered-table-cell"})
VALUES = {
    "float": "office:value",
    "percentage": "office:value",
    "currency": "office:value",
    "date": "office:date-value",
    "boolean": "office:boolean-value",
}
"""The attribute that says the value of a cell, by its type; cells of other types say it as text."""


@dataclass
class FlatSheet:
    """A sheet as it is listed: its first rows that hold anything, and how many cells are merged over several rows."""

    name: str
    hidden: bool
    first_rows: list[Row] = field(default_factory=list)
    merged_count: int = 0


@dataclass(frozen=True)
class _RowSpan:
    """A cell merged over several rows: the number of its last row, and its value."""

    last: int
    value: str


def flat_rows(path: Path, sheet: int = 0) -> Iterator[Row]:
    """The rows of a sheet, counted from 0, as text, each with its number; cells merged over rows give each their value.

    Raises:
        UnreadableTableError: it is not well formed, stops before its end, declares entities, or is larger than a sheet.
    """
    reader = _SheetReader(sheet)
    for _ in _parse(path, reader):
        yield from reader.take_rows()


def list_flat_sheets(path: Path) -> list[FlatSheet]:
    """The sheets as far as `MOST_SHEETS`.

    Raises:
        UnreadableTableError: as `flat_rows`.
    """
    reader = _SheetLister()
    for _ in _parse(path, reader):
        reader.keep_first_rows()
    return reader.sheets


def _parse(path: Path, reader: "_SheetReader") -> Iterator[None]:
    """Have a file read piece by piece: one step a piece."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse_entity
    with path.open("rb") as file:
        try:
            while piece := file.read(PIECE):
                parser.Parse(piece, False)
                yield
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError) as error:
            code = "damaged"
            raise UnreadableTableError(code) from error


def _refuse_entity(*_: object) -> None:
    code = "damaged"
    raise UnreadableTableError(code)


class _SheetReader:
    """The rows of one sheet, counted from 0; what is repeated and empty takes no room."""

    def __init__(self, sheet: int) -> None:
        self._sheet = sheet
        self._current = -1
        self._depth = 0
        self._rows: list[Row] = []
        self._number = 0
        self._cell_count = 0
        self._times = 1
        self._cells: list[str] = []
        self._blank = 0
        self._value: str | None = None
        self._cell_times = 0
        self._rows_spanned = 1
        self._spans: dict[int, _RowSpan] = {}
        self._paragraphs: list[str] = []
        self._in_paragraph = False
        self._in_note = False

    def take_rows(self) -> list[Row]:
        rows = self._rows
        self._rows = []
        return rows

    @property
    def is_read(self) -> bool:
        """Whether what comes now is of the sheet, and not of a table in one of its cells."""
        return self._depth == 1 and self._current == self._sheet

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            self._depth += 1
            if self._depth == 1:
                self._current += 1
                self._spans = {}
                self.begin_sheet(attributes)
        if not self.is_read:
            return
        if name == "table:table-row":
            self._times = int(attributes.get("table:number-rows-repeated", "1"))
            self._cells = []
            self._blank = 0
        elif name in CELLS:
            self._value = _read_value(attributes)
            self._cell_times = int(attributes.get("table:number-columns-repeated", "1"))
            self._rows_spanned = _rows_spanned(attributes)
            self._paragraphs = []
        elif name == "office:annotation":
            self._in_note = True
        elif name == "text:p" and not self._in_note:
            self._in_paragraph = True
            self._paragraphs.append("")
        elif name in BLANKS and self._in_paragraph:
            times = int(attributes.get("text:c", "1"))
            if times > MOST_BLANKS:
                raise UnreadableTableError("damaged")
            self._paragraphs[-1] += BLANKS[name] * times

    def text(self, data: str) -> None:
        if self._in_paragraph and self.is_read:
            self._paragraphs[-1] += data

    def begin_sheet(self, attributes: dict[str, str]) -> None:
        """What a sheet says of itself as it begins."""

    def count_merged_cell(self) -> None:
        """A cell merged over several rows was read."""

    def end(self, name: str) -> None:
        if name == "table:table":
            self._depth -= 1
        if not self.is_read:
            return
        if name == "text:p":
            self._in_paragraph = False
        elif name == "office:annotation":
            self._in_note = False
        elif name in CELLS:
            self._close_cell()
        elif name == "table:table-row":
            self._close_row()

    def _close_cell(self) -> None:
        text = self._value
        if text is None:
            text = "\n".join(self._paragraphs)
        if not text:
            self._blank += self._cell_times
            return
        if len(self._cells) + self._blank + self._cell_times > WIDEST:
            raise UnreadableTableError("too_many_columns", most="1,000")
        self._cells += [""] * self._blank + [text] * self._cell_times
        self._blank = 0
        if self._rows_spanned > 1:
            last = self._number + self._rows_spanned
            self._spans[len(self._cells) - 1] = _RowSpan(last, text)
            self.count_merged_cell()

    def _close_row(self) -> None:
        end = self._number + self._times
        while self._number < end:
            cells = self._fill_spans(self._number + 1)
            if not cells:
                self._number = end
                return
            self._number += 1
            self._cell_count += len(cells)
            if self._cell_count > MOST_CELLS:
                raise UnreadableTableError("too_many_cells", most=f"{MOST_CELLS:,}")
            self._rows.append((self._number, cells))

    def _fill_spans(self, number: int) -> list[str]:
        """The cells of the row that was read, as those of this number: with the values of cells merged from above."""
        self._spans = {
            place: span for place, span in self._spans.items() if span.last >= number
        }
        if not self._spans:
            return self._cells
        cells = list(self._cells)
        for place, span in self._spans.items():
            cells += [""] * (place + 1 - len(cells))
            cells[place] = cells[place] or span.value
        return cells


def _read_value(attributes: dict[str, str]) -> str | None:
    """The value of a cell whose type has an attribute for it: a moment with a blank before its time, as other sheets give it."""
    kind = attributes.get("office:value-type", "")
    value = attributes.get(VALUES.get(kind, ""))
    if value and kind == "date":
        return value.removesuffix("T00:00:00").replace("T", " ")
    return value


def _rows_spanned(attributes: dict[str, str]) -> int:
    """Over how many rows of one column a cell is merged."""
    if attributes.get("table:number-columns-spanned", "1") != "1":
        return 1
    return int(attributes.get("table:number-rows-spanned", "1"))


class _SheetLister(_SheetReader):
    """The name and the first rows of every sheet."""

    def __init__(self) -> None:
        super().__init__(0)
        self.sheets: list[FlatSheet] = []
        self._style = ""
        self._hidden_styles: set[str] = set()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "style:style":
            self._style = attributes.get("style:name", "")
        elif attributes.get("table:display") == "false":
            self._hidden_styles.add(self._style)
        super().start(name, attributes)

    def begin_sheet(self, attributes: dict[str, str]) -> None:
        self.keep_first_rows()
        self._sheet = self._current
        self._number = 0
        self._cell_count = 0
        if len(self.sheets) < MOST_SHEETS:
            hidden = attributes.get("table:style-name", "") in self._hidden_styles
            name = attributes.get("table:name") or f"Sheet{self._current + 1}"
            self.sheets.append(FlatSheet(name, hidden))

    def count_merged_cell(self) -> None:
        if self.sheets and self._current < MOST_SHEETS:
            self.sheets[-1].merged_count += 1

    def keep_first_rows(self) -> None:
        """Keep the first rows of the sheet that is read, and forget the others."""
        rows = self.take_rows()
        if self.sheets and self._current < MOST_SHEETS:
            first_rows = self.sheets[-1].first_rows
            first_rows += rows[: FIRST_ROWS - len(first_rows)]
