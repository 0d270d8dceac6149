"""A sheet of an XLSX opened so that its rows can be changed; the rest of the workbook stays as it is."""

import re
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from udi.tabular.editing.editable_workbook import (
    UNREADABLE,
    EditableWorkbook,
    SheetChanges,
    locate_table,
    require_plain_notes,
    write_archive,
)
from udi.tabular.editing.sheet_cells import UnusualSheetError, change_sheet
from udi.tabular.editing.sheet_comments import empty_comments
from udi.tabular.editing.table_changes import UneditableTableError
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.spreadsheets import first_column
from udi.tabular.formats.uncomputed import BOOK, find_sheet_part
from udi.tabular.profiles.opened_files import OpenedFile
from udi.tabular.profiles.profile import InferredTable

LATER_DAYS = re.compile(r"<workbookPr\b[^>]*\bdate1904=\"(?:1|true)\"")
SHEETS = re.compile(r"xl/\w*sheets/[^/]+\.xml")
FORMULA = re.compile(rb"<(?:(?!xm:)\w+:)?f[\s/>]")
MERGED = re.compile(
    r"<(?:\w+:)?mergeCell\s[^>]*?\bref=\"[A-Z]+([0-9]{1,7}):[A-Z]+([0-9]{1,7})\""
)
SIGNED = "_xmlsignatures/"


@dataclass(frozen=True)
class EditableSheet(EditableWorkbook):
    """The sheet of a workbook: `part` is its file in the archive.

    `merged` are the first and the last row of each range of merged cells.
    """

    part: str
    xml: str
    later_days: bool
    merged: tuple[tuple[int, int], ...]

    def find_obstacle(self) -> str:
        """Cells merged in its rows: one of these cannot be changed alone."""
        if any(
            first <= self.lines[-1] and last >= self.lines[0]
            for first, last in self.merged
            if self.lines
        ):
            return "irregular"
        return ""

    def has_formulas(self) -> bool:
        """Whether a formula stands in any sheet of the workbook."""
        with zipfile.ZipFile(BytesIO(self.content)) as archive:
            return any(
                FORMULA.search(archive.read(member))
                for member in archive.infolist()
                if member.filename == self.part or SHEETS.fullmatch(member.filename)
            )

    def write_file(self, changes: SheetChanges) -> bytes:
        """The workbook with its sheet changed, and its comments without those of rows that go."""
        xml = change_sheet(
            self.xml,
            changes.cells,
            changes.removed,
            model=changes.model,
            later_days=self.later_days,
            kinds=changes.kinds,
        )
        try:
            comments = empty_comments(self.content, self.part, changes.removed)
        except UNREADABLE:
            raise UnusualSheetError from None
        return write_archive(self.content, {**comments, self.part: xml.encode()})


def locate_sheet_rows(
    path: Path, table: OpenedFile, structure: InferredTable, rows: list[Row]
) -> EditableSheet:
    """The rows of the sheet that holds the table.

    Raises:
        UneditableTableError: it is no XLSX, is signed, or has merged cells, macros or formulas without results.
    """
    require_plain_notes(table)
    content = path.read_bytes()
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
            if BOOK not in names or any(name.startswith(SIGNED) for name in names):
                raise UneditableTableError("format")
            part = find_sheet_part(archive, table.sheet)
            xml = archive.read(part).decode()
            book = archive.read(BOOK).decode("utf-8", "replace")
    except UNREADABLE:
        raise UneditableTableError("irregular") from None
    left = first_column(path, table.sheet)
    located = locate_table(structure, rows, left)
    merged = tuple((int(match[1]), int(match[2])) for match in MERGED.finditer(xml))
    located["last_number"] = max(
        [located["last_number"], *(last for _, last in merged)]
    )
    return EditableSheet(
        **located,
        content=content,
        part=part,
        xml=xml,
        later_days=LATER_DAYS.search(book) is not None,
        merged=merged,
    )
