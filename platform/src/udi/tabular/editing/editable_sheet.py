"""A sheet of an XLSX opened so that its rows can be changed; the rest of the workbook stays as it is."""

import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from udi.tabular.editing.sheet_cells import UnusualSheetError, change_sheet
from udi.tabular.editing.sheet_comments import empty_comments
from udi.tabular.editing.table_changes import (
    EditableTable,
    TableChanges,
    UneditableTableError,
)
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import cell_at, has_values
from udi.tabular.formats.spreadsheets import first_column
from udi.tabular.formats.totals import is_total
from udi.tabular.formats.uncomputed import BOOK, find_sheet_part
from udi.tabular.profiles.opened_files import OpenedFile
from udi.tabular.profiles.profile import InferredTable

NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
LATER_DAYS = re.compile(r"<workbookPr\b[^>]*\bdate1904=\"(?:1|true)\"")
UNREADABLE = (KeyError, OSError, EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile)  # fmt: skip
SHEETS = re.compile(r"xl/\w*sheets/[^/]+\.xml")
FORMULA = re.compile(rb"<(?:(?!xm:)\w+:)?f[\s/>]")
MERGED = re.compile(
    r"<(?:\w+:)?mergeCell\s[^>]*?\bref=\"[A-Z]+([0-9]{1,7}):[A-Z]+([0-9]{1,7})\""
)
SIGNED = "_xmlsignatures/"
STRANGE_NOTES = frozenset({"merged_cells", "formulas_without_values", "macros"})


@dataclass(frozen=True)
class EditableSheet(EditableTable):
    """The sheet of a workbook: `part` is its file in the archive, `columns` are the places of its columns, from 0.

    `merged` are the first and the last row of each range of merged cells.
    """

    content: bytes
    part: str
    xml: str
    later_days: bool
    columns: tuple[int, ...]
    merged: tuple[tuple[int, int], ...]
    last_number: int
    """Of the rows of the sheet, those that stand below the table too."""

    def find_obstacle(self) -> str:
        """Cells merged in its rows: one of these cannot be changed alone."""
        if any(
            first <= self.lines[-1] and last >= self.lines[0]
            for first, last in self.merged
            if self.lines
        ):
            return "irregular"
        return ""

    def find_unwritable(self, value: str) -> str:
        """The first letter that XML cannot hold; empty when there is none."""
        match = NOT_IN_XML.search(value)
        return match[0] if match else ""

    def write(self, changes: TableChanges) -> bytes:
        """The workbook with these changes; every other part of it says what it said.

        Raises:
            UneditableTableError: the workbook has formulas, whose results would stay as they are; or lines stand where rows
                are to be added.
        """
        if self._has_formulas():
            raise UneditableTableError("formula")
        cells = list_changed_cells(self, self.columns, changes)
        model = self.lines[-1] if self.lines else 0
        if changes.added and (not model or self.last_number > model):
            raise UneditableTableError("below")
        removed = [self.lines[place] for place in changes.removed]
        try:
            xml = change_sheet(
                self.xml,
                cells,
                removed,
                model=model,
                later_days=self.later_days,
                kinds=find_typed_lines(self, self.columns),
            )
        except UnusualSheetError:
            raise UneditableTableError("irregular") from None
        try:
            comments = empty_comments(self.content, self.part, frozenset(removed))
        except UNREADABLE:
            raise UneditableTableError("irregular") from None
        return write_archive(self.content, {**comments, self.part: xml.encode()})

    def _has_formulas(self) -> bool:
        """Whether a formula stands in any sheet of the workbook."""
        with zipfile.ZipFile(BytesIO(self.content)) as archive:
            return any(
                FORMULA.search(archive.read(member))
                for member in archive.infolist()
                if member.filename == self.part or SHEETS.fullmatch(member.filename)
            )


def list_changed_cells(
    table: EditableTable, columns: Sequence[int], changes: TableChanges
) -> dict[int, dict[int, str]]:
    """The cells that say something else, and those of new rows: by row of the sheet, by column from 0."""
    cells = {
        table.lines[place]: {
            column: value
            for column, value, former in zip(
                columns, values, table.rows[place], strict=True
            )
            if value != former
        }
        for place, values in changes.changed.items()
    }
    model = table.lines[-1] if table.lines else 0
    for place, values in enumerate(changes.added, start=1):
        named = zip(columns, values, strict=True)
        cells[model + place] = {column: value for column, value in named if value}
    return cells


def find_typed_lines(table: EditableTable, columns: Sequence[int]) -> dict[int, int]:
    """For each column of the sheet, the last row of the table that says something there."""
    lines = dict[int, int]()
    for line, cells in zip(table.lines, table.rows, strict=True):
        for column, cell in zip(columns, cells, strict=True):
            if cell:
                lines[column] = line
    return lines


def write_archive(content: bytes, changed: Mapping[str, bytes]) -> bytes:
    """A ZIP whose members are those of another, in their order, but for the content of some."""
    written = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(content)) as archive,
        zipfile.ZipFile(written, "w") as target,
    ):
        for member in archive.infolist():
            written_member = changed.get(member.filename)
            if written_member is None:
                written_member = archive.read(member)
            target.writestr(member, written_member, member.compress_type)
    return written.getvalue()


def require_plain_notes(table: OpenedFile) -> None:
    """Refuse a sheet whose cells cannot be changed alone (`UneditableTableError`)."""
    if any(note.code in STRANGE_NOTES for note in table.notes):
        raise UneditableTableError("irregular")


def list_table_rows(structure: InferredTable, rows: Iterable[Row]) -> list[Row]:
    """The rows of a sheet that are rows of its table."""
    shape = structure.shape
    without_totals = structure.settings.totals
    return [
        (number, cells)
        for number, cells in rows
        if shape.has_line(number)
        and has_values(cells)
        and not (without_totals and is_total(cells))
    ]


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
    shape = structure.shape
    located = list_table_rows(structure, rows)
    left = first_column(path, table.sheet)
    filled = [number for number, cells in rows if has_values(cells)]
    merged = tuple((int(match[1]), int(match[2])) for match in MERGED.finditer(xml))
    return EditableSheet(
        names=tuple(column.name for column in structure.columns),
        lines=tuple(number for number, _ in located),
        rows=tuple(
            tuple(cell_at(cells, position) for position in shape.positions)
            for _, cells in located
        ),
        content=content,
        part=part,
        xml=xml,
        later_days=LATER_DAYS.search(book) is not None,
        columns=tuple(left + position for position in shape.positions),
        merged=merged,
        last_number=max([*filled, *(last for _, last in merged)], default=0),
    )
