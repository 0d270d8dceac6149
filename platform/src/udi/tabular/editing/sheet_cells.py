"""The cells of one sheet of an XLSX, changed in its XML: every other part, cell, style and formula stays as it is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from html import escape

ROW = re.compile(r"<row\b([^>]*?)(?:/>|>(.*?)</row>)", re.DOTALL)
CELL = re.compile(r"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
DATA = re.compile(r"<sheetData\s*/>|<sheetData>(.*?)</sheetData>", re.DOTALL)
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
NUMBER_ATTRIBUTE = re.compile(r'\br="([0-9]+)"')
REFERENCE_ATTRIBUTE = re.compile(r'\br="([A-Z0-9]+)"')
STYLE = re.compile(r'\bs="([0-9]+)"')
TYPE = re.compile(r'\bt="(\w+)"')
VALUE = re.compile(r"<v\b[^>]*>([^<]+)|<is\b")
DIMENSION = re.compile(r"<dimension\b[^>]*?(?:/>|></dimension>)")
SPANS = re.compile(r'\s*\bspans="[^"]*"')
PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ISO_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
)
CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
FIRST_DAY = date(1899, 12, 30)
DAY = 24 * 60 * 60
Cell = tuple[str, str]
"""The attributes of its element, and its content."""
LATER_DAYS = 1462
"""Days between the two beginnings of time that workbooks have."""


class UnusualSheetError(Exception):
    """The XML of a sheet is not written as usual, or a formula stands where a value is to be written."""


@dataclass
class SheetRow:
    """A row: the attributes of its element, and its cells (attributes, content) by column, from 0."""

    attributes: str
    cells: dict[int, Cell] = field(default_factory=dict)

    def write(self, number: int) -> str:
        """Its element; cells whose attributes say no reference get theirs."""
        attributes = SPANS.sub("", self.attributes)
        written = "".join(
            f"<c{cell}>{content}</c>" if content else f"<c{cell}/>"
            for _, (cell, content) in sorted(self.cells.items())
        )
        if not NUMBER_ATTRIBUTE.search(attributes):
            attributes = f' r="{number}"{attributes}'
        return f"<row{attributes}>{written}</row>"


class SheetData:
    """The rows of a sheet, by number; those that nothing changes are written as they were.

    `kinds` are the numbers of rows, by column, whose cells say of which kind the others are where these are empty.

    Raises:
        UnusualSheetError: it has rows or cells without their places.
    """

    def __init__(
        self,
        xml: str,
        *,
        later_days: bool = False,
        kinds: Mapping[int, int] | None = None,
    ) -> None:
        match = DATA.search(xml)
        if match is None:
            raise UnusualSheetError
        self._before = xml[: match.start()]
        self._after = xml[match.end() :]
        self._shift = LATER_DAYS if later_days else 0
        self._rows: dict[int, SheetRow | str] = {}
        for row in ROW.finditer(match[1] or ""):
            number = NUMBER_ATTRIBUTE.search(row[1])
            if number is None:
                raise UnusualSheetError
            self._rows[int(number[1])] = row[0]
        self._kind_cells: dict[int, Cell] = {}
        for column, line in (kinds or {}).items():
            kind_cell = _read_row(str(self._rows.get(line, ""))).cells.get(column)
            if kind_cell is not None:
                self._kind_cells[column] = kind_cell

    def set_cell(self, number: int, column: int, value: str, model: int = 0) -> None:
        """Write a value; it has the look of the cell there, else of that of the row `model`, and its kind.

        Where these are empty, it is of the kind of the column (`kinds`); a day, a moment and a time have the look of that too.

        Raises:
            UnusualSheetError: a formula stands there.
        """
        row = self._open(number)
        cell = row.cells.get(column)
        if "<f" in (cell or ("", ""))[1]:
            raise UnusualSheetError
        like = cell
        if like is None and model:
            like = self._open(model).cells.get(column)
        kind_cell = cell
        if cell is None or not VALUE.search(cell[1]):
            kind_cell = self._kind_cells.get(column, like)
        serial = self._serial(value, kind_cell)
        style_cell = kind_cell if serial else like
        reference = f"{_letters(column)}{number}"
        style = STYLE.search(style_cell[0]) if style_cell else None
        attributes = f' r="{reference}"' + (f' s="{style[1]}"' if style else "")
        if not value:
            row.cells[column] = (attributes, "")
        elif serial:
            row.cells[column] = (attributes, f"<v>{serial}</v>")
        else:
            kind, content = _content(value, kind_cell)
            row.cells[column] = (attributes + kind, content)

    def clear_row(self, number: int) -> None:
        """Leave nothing in a row but the look of its cells.

        Raises:
            UnusualSheetError: a formula stands there.
        """
        for column in list(self._open(number).cells):
            self.set_cell(number, column, "")

    def write(self) -> str:
        """The XML with what was changed."""
        rows = "".join(
            row if isinstance(row, str) else row.write(number)
            for number, row in sorted(self._rows.items())
        )
        before = DIMENSION.sub("", self._before)
        return f"{before}<sheetData>{rows}</sheetData>{self._after}"

    def _serial(self, value: str, kind_cell: Cell | None) -> str:
        """The number of a day, of a moment or of a time of day, in a cell of numbers; empty where the value is none."""
        if not _is_number(kind_cell):
            return ""
        try:
            if CLOCK.fullmatch(value) and _is_time_of_day(kind_cell):
                return repr(_day_part(time.fromisoformat(value)))
            if ISO_DAY.fullmatch(value):
                days = (date.fromisoformat(value) - FIRST_DAY).days - self._shift
                return str(days) if days >= 0 else ""
            if ISO_MOMENT.fullmatch(value):
                moment = datetime.fromisoformat(value)
                days = (moment.date() - FIRST_DAY).days - self._shift
                return repr(days + _day_part(moment.time())) if days >= 0 else ""
        except ValueError:
            return ""
        return ""

    def _open(self, number: int) -> SheetRow:
        row = self._rows.get(number, "")
        if isinstance(row, SheetRow):
            return row
        opened = _read_row(row)
        self._rows[number] = opened
        return opened


def _read_row(text: str) -> SheetRow:
    match = ROW.fullmatch(text)
    if match is None:
        return SheetRow("")
    row = SheetRow(match[1])
    for cell in CELL.finditer(match[2] or ""):
        reference = REFERENCE_ATTRIBUTE.search(cell[1])
        place = REFERENCE.fullmatch(reference[1]) if reference else None
        if place is None:
            raise UnusualSheetError
        row.cells[_column(place[1])] = (cell[1], cell[2] or "")
    return row


def _is_number(cell: Cell | None) -> bool:
    """Whether a cell holds a number, be it a day."""
    if cell is None or not VALUE.search(cell[1]):
        return False
    kind = TYPE.search(cell[0])
    return kind is None or kind[1] == "n"


def _is_time_of_day(cell: Cell | None) -> bool:
    """Whether the number of a cell is less than a day."""
    match = VALUE.search(cell[1]) if cell else None
    if match is None or not match[1]:
        return False
    return 0 <= float(match[1]) < 1


def _day_part(moment: time) -> float:
    """The part of a day that is over."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return (seconds + moment.microsecond / 1_000_000) / DAY


def _content(value: str, kind_cell: Cell | None) -> tuple[str, str]:
    """The attribute of the type, and the content, of a cell that says this and is of the kind of another one."""
    if _is_number(kind_cell) and PLAIN_NUMBER.fullmatch(value):
        return "", f"<v>{value}</v>"
    is_truth = kind_cell is not None and 't="b"' in kind_cell[0]
    if is_truth and value in {"true", "false"}:
        return ' t="b"', f"<v>{int(value == 'true')}</v>"
    text = escape(value, quote=False)
    return ' t="inlineStr"', f'<is><t xml:space="preserve">{text}</t></is>'


def _column(letters: str) -> int:
    """The place of a column, from 0, by its letters."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _letters(column: int) -> str:
    """The letters of a column by its place, from 0."""
    letters = ""
    place = column + 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def change_sheet(
    xml: str,
    changed: Mapping[int, Mapping[int, str]],
    removed: Iterable[int],
    *,
    model: int,
    later_days: bool,
    kinds: Mapping[int, int] | None = None,
) -> str:
    """The XML of a sheet with cells changed (by row, by column) and rows emptied; new rows look as the row `model` does.

    `kinds` as in `SheetData`.

    Raises:
        UnusualSheetError: a formula stands in one of these cells, or the sheet is not written as usual.
    """
    data = SheetData(xml, later_days=later_days, kinds=kinds)
    for number, cells in changed.items():
        for column, value in cells.items():
            data.set_cell(number, column, value, model)
    for number in removed:
        data.clear_row(number)
    return data.write()
