"""A sheet of an OpenDocument spreadsheet, packed or flat, opened so that its rows can be changed; the rest of it stays as it is."""

import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from udi.tabular.editing.document_cells import change_document, has_merged_cells
from udi.tabular.editing.editable_workbook import (
    UNREADABLE,
    EditableWorkbook,
    SheetChanges,
    locate_table,
    require_plain_notes,
    write_archive,
)
from udi.tabular.editing.sheet_cells import UnusualSheetError
from udi.tabular.editing.table_changes import UneditableTableError
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.spreadsheets import first_column
from udi.tabular.profiles.opened_files import OpenedFile
from udi.tabular.profiles.profile import InferredTable

CONTENT = "content.xml"
SIGNATURES = "META-INF/documentsignatures.xml"
FORMULA = b"table:formula="
LARGEST_CONTENT = 64 * 1024**2


@dataclass(frozen=True)
class EditableDocument(EditableWorkbook):
    """The sheet of an OpenDocument spreadsheet: `xml` is its content."""

    xml: bytes
    sheet: str

    def has_formulas(self) -> bool:
        """Whether a formula stands in any sheet: all are in one part."""
        return FORMULA in self.xml

    def write_file(self, changes: SheetChanges) -> bytes:
        """The document with its content changed."""
        return write_archive(self.content, {CONTENT: self.write_xml(changes)})

    def write_xml(self, changes: SheetChanges) -> bytes:
        """Its XML with these changes.

        Raises:
            UnusualSheetError: the sheet is not written as usual.
        """
        return change_document(
            self.xml,
            self.sheet,
            changes.cells,
            changes.removed,
            model=changes.model,
            kinds=changes.kinds,
        )


@dataclass(frozen=True)
class EditableFlatDocument(EditableDocument):
    """The sheet of a flat OpenDocument spreadsheet: `xml` is its file."""

    def write_file(self, changes: SheetChanges) -> bytes:
        """The document, changed."""
        return self.write_xml(changes)


def locate_document_rows(
    path: Path, table: OpenedFile, structure: InferredTable, rows: list[Row]
) -> EditableDocument:
    """The rows of the sheet that holds the table.

    Raises:
        UneditableTableError: it is signed, or has merged cells, macros or formulas without results.
    """
    require_plain_notes(table)
    content = path.read_bytes()
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if SIGNATURES in archive.namelist():
                raise UneditableTableError("format")
            if archive.getinfo(CONTENT).file_size > LARGEST_CONTENT:
                raise UneditableTableError("too_large")
            xml = archive.read(CONTENT)
    except UNREADABLE:
        raise UneditableTableError("irregular") from None
    _require_single_cells(xml, table.sheet)
    located = locate_table(structure, rows, first_column(path, table.sheet))
    return EditableDocument(**located, content=content, xml=xml, sheet=table.sheet)


def locate_flat_rows(
    path: Path, table: OpenedFile, structure: InferredTable, rows: list[Row]
) -> EditableFlatDocument:
    """The rows of the sheet of a flat document that holds the table.

    Raises:
        UneditableTableError: it has merged cells, or is not written as usual.
    """
    require_plain_notes(table)
    xml = path.read_bytes()
    _require_single_cells(xml, table.sheet)
    located = locate_table(structure, rows, 0)
    return EditableFlatDocument(**located, content=xml, xml=xml, sheet=table.sheet)


def _require_single_cells(xml: bytes, sheet: str) -> None:
    """Refuse a sheet with merged cells, or that is not written as usual (`UneditableTableError`)."""
    try:
        is_merged = has_merged_cells(xml, sheet)
    except UnusualSheetError:
        raise UneditableTableError("irregular") from None
    if is_merged:
        raise UneditableTableError("irregular")
