"""Spreadsheets written as text: flat OpenDocument, symbolic link (SYLK) and data interchange (DIF)."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import has_values
from udi.tabular.formats.file_kind import DIF, SYLK, FileKind
from udi.tabular.formats.flat_open_document import (
    MOST_CELLS,
    WIDEST,
    FlatSheet,
    flat_rows,
    list_flat_sheets,
)
from udi.tabular.formats.source import SourceFile
from udi.tabular.formats.spreadsheets import Sheet, Workbook, list_sheet_notes
from udi.tabular.formats.text_encoding import detect_encoding, read_text
from udi.tabular.messages.notes import Note, UnreadableTableError

LARGEST = 64 * 1024**2
FIELD = re.compile(r";([A-Z])((?:[^;]|;;)*)")
MOST_DIGITS = 9
"""Of the number of a row or of a column."""
BOTH = 2
"""Lines of each item of a DIF file."""


def cell_rows(path: Path, kind: FileKind) -> Iterator[Row]:
    """The rows of the only sheet as text, each with its number.

    Raises:
        UnreadableTableError: the file is damaged, or larger than a sheet.
    """
    _require_size(path)
    return READERS[kind](path)


def open_flat_workbook(
    path: Path, requested_sheet: str = ""
) -> tuple[Workbook, Callable[[], Iterator[Row]]]:
    """The sheets of a flat OpenDocument, of which one is chosen as in other spreadsheets, and its rows.

    Raises:
        UnreadableTableError: the file is damaged, larger than a sheet, or has no such sheet.
    """
    _require_size(path)
    listed = list_flat_sheets(path)
    sheets = tuple(Sheet(sheet.name, sheet.hidden) for sheet in listed)
    names = [sheet.name for sheet in sheets]
    if requested_sheet and requested_sheet not in names:
        raise UnreadableTableError("no_such_sheet", sheet=requested_sheet)
    if requested_sheet:
        rank = names.index(requested_sheet)
    else:
        rank = _choose_sheet(listed)
    name = names[rank] if names else ""
    notes = list_sheet_notes(sheets, name)
    if listed and (count := listed[rank].merged_count):
        notes = (*notes, Note("merged_cells", values={"count": str(count)}))
    book = Workbook(sheets, name, notes)
    return book, partial(flat_rows, path, rank)


def _choose_sheet(listed: list[FlatSheet]) -> int:
    """The first with two columns and a row below a header, else the first that says anything; shown sheets first."""
    ranks = sorted(range(len(listed)), key=lambda rank: listed[rank].hidden)
    fallback = 0
    for rank in reversed(ranks):
        if any(has_values(cells) for _, cells in listed[rank].first_rows):
            fallback = rank
    for rank in ranks:
        full = [cells for _, cells in listed[rank].first_rows if has_values(cells)]
        if len(full) > 1 and max(sum(map(bool, cells)) for cells in full) > 1:
            return rank
    return fallback


def _require_size(path: Path) -> None:
    if path.stat().st_size > LARGEST:
        raise UnreadableTableError("too_large_sheet")


def _lines(path: Path) -> list[str]:
    source = SourceFile.at(path)
    encoding = detect_encoding(source.read(), LARGEST).encoding
    return "".join(read_text(source.read(), encoding)).splitlines()


def _symbolic_link_rows(path: Path) -> Iterator[Row]:
    """The cells of records `C;Yrow;Xcolumn;Kvalue`; row and column stay as in the last record, also one of formats (`F`)."""
    table: dict[int, dict[int, str]] = {}
    row = 1
    column = 1
    count = 0
    for line in _lines(path):
        if not line.startswith(("C;", "F;")):
            continue
        fields = dict(FIELD.findall(line[1:]))
        row = _whole_number(fields.get("Y"), row)
        column = _whole_number(fields.get("X"), column)
        if line.startswith("C") and "K" in fields:
            if column > WIDEST:
                raise UnreadableTableError("too_many_columns", most="1,000")
            count += 1
            table.setdefault(row, {})[column] = _unquoted(
                fields["K"].replace(";;", ";")
            )
        if count > MOST_CELLS:
            raise UnreadableTableError("too_many_cells", most=f"{MOST_CELLS:,}")
    for number in sorted(table):
        cells = table[number]
        yield number, [cells.get(place, "") for place in range(1, max(cells) + 1)]


def _whole_number(text: str | None, before: int) -> int:
    if text is None:
        return before
    if not text.isascii() or not text.isdigit() or len(text) > MOST_DIGITS:
        raise UnreadableTableError("damaged")
    return int(text)


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"')
    return {"TRUE": "true", "FALSE": "false"}.get(text, text)


def _interchange_rows(path: Path) -> Iterator[Row]:
    """The tuples after the header: two lines an item, `0,number` or `1,0` then the text.

    The last tuple is a row also where the mark of the end (`EOD`) is missing.
    """
    lines = _lines(path)
    try:
        start = lines.index("DATA") + 1 + BOTH
    except ValueError as error:
        code = "damaged"
        raise UnreadableTableError(code) from error
    number = 0
    cells: list[str] = []
    for kind, text in zip(lines[start::BOTH], lines[start + 1 :: BOTH], strict=False):
        if kind.startswith("-1"):
            if number:
                yield number, cells
            if text.strip() == "EOD":
                return
            number += 1
            cells = []
        elif kind.startswith("0,") and text.strip() in {"V", "TRUE", "FALSE"}:
            value = kind.partition(",")[2].strip()
            cells.append({"TRUE": "true", "FALSE": "false"}.get(text.strip(), value))
        else:
            cells.append("" if kind.startswith("0,") else _unquoted(text))
    if number:
        yield number, cells


READERS: dict[FileKind, Callable[[Path], Iterator[Row]]] = {
    SYLK: _symbolic_link_rows,
    DIF: _interchange_rows,
}
