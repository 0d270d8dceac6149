"""A sheet of an OpenDocument spreadsheet opened so that its rows can be changed; the rest of it stays as it is."""

import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from udi.tabular.editing.document_cells import change_document, has_merged_cells
from udi.tabular.editing.editable_sheet import (
    NOT_IN_XML,
    UNREADABLE,
    find_typed_lines,
    list_changed_cells,
    list_table_rows,
    require_plain_notes,
    write_archive,
)
from udi.tabular.editing.sheet_cells import UnusualSheetError
from udi.tabular.editing.table_changes import (
    EditableTable,
    TableChanges,
    UneditableTableError,
)
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import cell_at, has_values
from udi.tabular.formats.spreadsheets import first_column
from udi.tabular.profiles.opened_files import OpenedFile
from udi.tabular.profiles.profile import InferredTable

CONTENT = "content.xml"
SIGNATURES = "META-INF/documentsignatures.xml"
FORMULA = b"table:formula="
LARGEST_CONTENT = 64 * 1024**2


@dataclass(frozen=True)
class EditableDocument(EditableTable):
    """The sheet of an OpenDocument spreadsheet: `xml` is its content, `columns` are the places of its columns, from 0."""

    content: bytes
    xml: bytes
    sheet: str
    columns: tuple[int, ...]
    last_number: int
    """Of the rows of the sheet, those that stand below the table too."""

    def find_unwritable(self, value: str) -> str:
        """The first letter that XML cannot hold; empty when there is none."""
        match = NOT_IN_XML.search(value)
        return match[0] if match else ""

    def write(self, changes: TableChanges) -> bytes:
        """The document with these changes; every other part of it says what it said.

        Raises:
            UneditableTableError: it has formulas, whose results would stay as they are; or lines stand where rows are to be
                added.
        """
        if FORMULA in self.xml:
            raise UneditableTableError("formula")
        model = self.lines[-1] if self.lines else 0
        if changes.added and (not model or self.last_number > model):
            raise UneditableTableError("below")
        try:
            xml = change_document(
                self.xml,
                self.sheet,
                list_changed_cells(self, self.columns, changes),
                [self.lines[place] for place in changes.removed],
                model=model,
                kinds=find_typed_lines(self, self.columns),
            )
        except UnusualSheetError:
            raise UneditableTableError("irregular") from None
        return write_archive(self.content, {CONTENT: xml})


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
    located = list_table_rows(structure, rows)
    positions = structure.shape.positions
    left = first_column(path, table.sheet)
    return EditableDocument(
        names=tuple(column.name for column in structure.columns),
        lines=tuple(number for number, _ in located),
        rows=tuple(
            tuple(cell_at(cells, position) for position in positions)
            for _, cells in located
        ),
        content=content,
        xml=xml,
        sheet=table.sheet,
        columns=tuple(left + position for position in positions),
        last_number=max(
            (number for number, cells in rows if has_values(cells)), default=0
        ),
    )
