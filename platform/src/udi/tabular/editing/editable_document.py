"""A sheet of an OpenDocument spreadsheet opened so that its rows can be changed; the rest of it stays as it is."""

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
)
from udi.tabular.editing.sheet_cells import UnusualSheetError
from udi.tabular.editing.table_changes import UneditableTableError
from udi.tabular.formats.delimited_text import Row
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

    def change_members(self, changes: SheetChanges) -> dict[str, bytes]:
        """The content of the document, changed."""
        xml = change_document(
            self.xml,
            self.sheet,
            changes.cells,
            changes.removed,
            model=changes.model,
            kinds=changes.kinds,
        )
        return {CONTENT: xml}


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
        is_merged = has_merged_cells(xml, table.sheet)
    except (*UNREADABLE, UnusualSheetError):
        raise UneditableTableError("irregular") from None
    if is_merged:
        raise UneditableTableError("irregular")
    located = locate_table(path, table, structure, rows)
    return EditableDocument(**located, content=content, xml=xml, sheet=table.sheet)
