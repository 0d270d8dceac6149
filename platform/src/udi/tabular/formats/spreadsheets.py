"""Spreadsheets: XLSX, XLSM, XLSB, XLS and ODS, read by calamine; formulas and macros are never run."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from udi.tabular.formats.archives import check_inflation
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import has_values
from udi.tabular.formats.file_kind import OLE
from udi.tabular.formats.merged_cells import fill_merged_rows, find_merged_rows
from udi.tabular.formats.uncomputed import count_uncomputed
from udi.tabular.formats.workbook_repair import (
    UNREADABLE,
    has_dotted_targets,
    repair_workbook,
)
from udi.tabular.messages.notes import Note, UnreadableTableError

MOST_CELLS = 5_000_000
MOST_PACKED = 200 * 1024**2
MOST_UNPACKED = 1024**3
MOST_SHEETS = 200
LOOKED_AT = 50
PROTECTED = "EncryptedPackage".encode("utf-16-le")
OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")
ZIP_MACROS = b"vbaProject.bin"
DIRECTORY = 64 * 1024**2


@dataclass(frozen=True)
class Sheet:
    """One sheet of a file, as its tab says."""

    name: str
    hidden: bool = False


@dataclass(frozen=True)
class Workbook:
    """A spreadsheet that opens; `chosen` is the sheet to read."""

    sheets: tuple[Sheet, ...]
    sheet_name: str
    notes: tuple[Note, ...]


def open_workbook(path: Path, requested_sheet: str = "") -> Workbook:
    """The sheets of a spreadsheet and the one that holds its table: the first shown one with two columns and a row.

    Raises:
        UnreadableError: it cannot be opened, is protected, is too large, or has no such sheet.
    """
    sheets = list_sheets(path)
    book = _open(path)
    if requested_sheet and requested_sheet not in {sheet.name for sheet in sheets}:
        raise UnreadableTableError("no_such_sheet", sheet=requested_sheet)
    if requested_sheet:
        sheet = _sheet(book, requested_sheet)
    else:
        sheet = _choose_sheet(book, sheets)
    notes = (*_notes(path, sheets, sheet.name), *_sheet_notes(path, sheet))
    return Workbook(sheets, sheet.name, notes)


def _sheet_notes(path: Path, sheet: CalamineSheet) -> Iterator[Note]:
    _, left = sheet.start or (0, 0)
    if merged := find_merged_rows(sheet.merged_cell_ranges, left):
        yield Note("merged_cells", values={"count": str(len(merged))})
    if count := count_uncomputed(path, sheet.name):
        yield Note("formulas_without_values", values={"count": str(count)})


def list_sheets(path: Path) -> tuple[Sheet, ...]:
    """The sheets of a spreadsheet, hidden ones too, as far as `MOST_SHEETS`.

    Raises:
        UnreadableError: it cannot be opened, is protected, or is too large.
    """
    _check(path)
    return tuple(
        Sheet(metadata.name, metadata.visible != SheetVisibleEnum.Visible)
        for metadata in _open(path).sheets_metadata[:MOST_SHEETS]
        if metadata.typ == SheetTypeEnum.WorkSheet
    )


def _notes(path: Path, sheets: tuple[Sheet, ...], sheet_name: str) -> tuple[Note, ...]:
    notes = list_sheet_notes(sheets, sheet_name)
    if _has_macros(path):
        return (*notes, Note("macros"))
    return notes


def list_sheet_notes(sheets: tuple[Sheet, ...], sheet_name: str) -> tuple[Note, ...]:
    """What is said of the sheets that are not the one of the table."""
    others = [
        sheet.name for sheet in sheets if sheet.name != sheet_name and not sheet.hidden
    ]
    hidden = [sheet.name for sheet in sheets if sheet.hidden]
    notes = []
    if others:
        notes.append(
            Note(
                "other_sheets",
                values={"sheets": ", ".join(others), "sheet": sheet_name},
            )
        )
    if hidden:
        notes.append(Note("hidden_sheets", values={"sheets": ", ".join(hidden)}))
    return tuple(notes)


def sheet_rows(path: Path, name: str) -> Iterator[Row]:
    """The rows of a sheet as text, each with its number; dates are ISO's.

    Raises:
        UnreadableError: the sheet cannot be read, or is too large.
    """
    sheet = _sheet(_open(path), name)
    start, left = sheet.start or (0, 0)
    with _translate_errors():
        rows: Iterator[Row] = (
            (number, [_text(cell) for cell in cells])
            for number, cells in enumerate(sheet.iter_rows(), start=1)
            if number > start
        )
        if merged := find_merged_rows(sheet.merged_cell_ranges, left):
            rows = fill_merged_rows(rows, merged)
        yield from rows


def first_column(path: Path, name: str) -> int:
    """The place, from 0, of the column where the cells of the rows of a sheet begin.

    Raises:
        UnreadableError: the sheet cannot be read, or is too large.
    """
    _, left = _sheet(_open(path), name).start or (0, 0)
    return left


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Whatever goes wrong in calamine, panics included, is the file's fault.

    Raises:
        UnreadableError: it is damaged, too large for this memory, or protected by a password.
    """
    try:
        yield
    except MemoryError as error:
        code = "too_large_sheet"
        raise UnreadableTableError(code) from error
    except (PasswordError, CalamineError, EOFError, OSError, ValueError) as error:
        if isinstance(error, PasswordError) or "password" in str(error).lower():
            code = "password"
        else:
            code = "damaged"
        raise UnreadableTableError(code) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        code = "damaged"
        raise UnreadableTableError(code) from error


def _check(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(len(OLE))
        if path.stat().st_size > MOST_PACKED:
            raise UnreadableTableError("too_large_sheet")
        if head == OLE and PROTECTED in head + file.read(DIRECTORY):
            raise UnreadableTableError("password")
        if not head.startswith((OLE[:4], b"PK")):
            raise UnreadableTableError("not_a_sheet")
    if head.startswith(b"PK"):
        check_inflation(path, MOST_UNPACKED)


def _open(path: Path) -> CalamineWorkbook:
    content = path.read_bytes()
    try:
        with _translate_errors():
            if content.startswith(b"PK") and has_dotted_targets(content):
                content = _repair(content)
            return CalamineWorkbook.from_filelike(BytesIO(content))
    except UnreadableTableError as error:
        if error.note.code != "damaged" or not content.startswith(b"PK"):
            raise
        with _translate_errors():
            return CalamineWorkbook.from_filelike(BytesIO(_repair(content)))


def _repair(content: bytes) -> bytes:
    """A workbook with its parts written as usual.

    Raises:
        ValueError: there is nothing to repair in it.
    """
    try:
        repaired = repair_workbook(content)
    except UNREADABLE as error:
        raise ValueError from error
    if repaired is None:
        raise ValueError
    return repaired


def _sheet(book: CalamineWorkbook, name: str) -> CalamineSheet:
    with _translate_errors():
        sheet = book.get_sheet_by_name(name)
    if sheet.height * sheet.width > MOST_CELLS:
        raise UnreadableTableError("too_many_cells", most=f"{MOST_CELLS:,}")
    return sheet


def _choose_sheet(book: CalamineWorkbook, sheets: tuple[Sheet, ...]) -> CalamineSheet:
    """Two columns and a row below a header; else whichever sheet says anything; shown sheets first.

    Raises:
        UnreadableTableError: no sheet says anything.
    """
    ordered = sorted(sheets, key=lambda sheet: sheet.hidden)
    fallback: CalamineSheet | None = None
    for sheet in ordered:
        worksheet = _sheet(book, sheet.name)
        rows = [
            row for _, row in zip(range(LOOKED_AT), worksheet.iter_rows(), strict=False)
        ]
        full = [row for row in rows if has_values([_text(cell) for cell in row])]
        if len(full) > 1 and max(sum(cell != "" for cell in row) for row in full) > 1:
            return worksheet
        if full and fallback is None:
            fallback = worksheet
    if fallback is None:
        raise UnreadableTableError("no_filled_sheet")
    return fallback


def _has_macros(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(len(OLE))
        mark = OLE_MACROS if head == OLE else ZIP_MACROS
        return mark in head + file.read(DIRECTORY)


def _text(cell: Any) -> str:
    """A cell as text, as a CSV file would write it."""
    if isinstance(cell, bool):
        if cell:
            return "true"
        return "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004 - exact until there
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, dt.timedelta):
        return _clock(cell)
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return (
        str(cell)
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\ufeff", "")
        .replace("\x00", "")
    )


def _clock(span: dt.timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
