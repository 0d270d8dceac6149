"""A sheet of a workbook opened so that its rows can be changed, whatever its format: what is not changed stays as it is."""

import re
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TypedDict

from udi.tabular.editing.sheet_cells import UnusualSheetError
from udi.tabular.editing.table_changes import (
    EditableTable,
    TableChanges,
    UneditableTableError,
)
from udi.tabular.editing.table_rows import is_table_row, list_cells
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import has_values
from udi.tabular.profiles.opened_files import OpenedFile
from udi.tabular.profiles.profile import InferredTable

NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
UNREADABLE = (
    KeyError,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
)
STRANGE_NOTES = frozenset({"merged_cells", "formulas_without_values", "macros"})


@dataclass(frozen=True)
class SheetChanges:
    """Cells that say something else and those of new rows, by row of the sheet, by column from 0; rows to be emptied.

    New rows look as the row `model` does; `kinds` names, for each column, the last row of the table that says something.
    """

    cells: Mapping[int, Mapping[int, str]]
    removed: frozenset[int]
    model: int
    kinds: Mapping[int, int]


class LocatedTable(TypedDict):
    """The rows of a table with their places in its sheet, as `EditableWorkbook` has them."""

    names: tuple[str, ...]
    lines: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[int, ...]
    last_number: int


@dataclass(frozen=True)
class EditableWorkbook(EditableTable):
    """The sheet of a workbook: `content` is its file, `columns` are the places of its columns, from 0."""

    columns: tuple[int, ...]
    last_number: int
    """Of the rows of the sheet, those that stand below the table too."""
    content: bytes

    def find_unwritable(self, value: str) -> str:
        """The first letter that XML cannot hold; empty when there is none."""
        match = NOT_IN_XML.search(value)
        return match[0] if match else ""

    def write(self, changes: TableChanges) -> bytes:
        """The workbook with these changes; every other part of it says what it said.

        Raises:
            UneditableTableError: the workbook has formulas, whose results would stay as they are; or lines stand where rows
                are to be added; or the sheet is not written as usual.
        """
        if self.has_formulas():
            raise UneditableTableError("formula")
        model = self.lines[-1] if self.lines else 0
        if changes.added and (not model or self.last_number > model):
            raise UneditableTableError("below")
        sheet_changes = SheetChanges(
            self._list_changed_cells(changes, model),
            frozenset(self.lines[place] for place in changes.removed),
            model,
            self._find_typed_lines(),
        )
        try:
            return self.write_file(sheet_changes)
        except UnusualSheetError:
            raise UneditableTableError("irregular") from None

    @abstractmethod
    def has_formulas(self) -> bool:
        """Whether a formula stands in any sheet of the workbook."""

    @abstractmethod
    def write_file(self, changes: SheetChanges) -> bytes:
        """Its file with these changes, and no other.

        Raises:
            UnusualSheetError: the sheet is not written as usual.
        """

    def _list_changed_cells(
        self, changes: TableChanges, model: int
    ) -> dict[int, dict[int, str]]:
        cells = {
            self.lines[place]: {
                column: value
                for column, value, former in zip(
                    self.columns, values, self.rows[place], strict=True
                )
                if value != former
            }
            for place, values in changes.changed.items()
        }
        for place, values in enumerate(changes.added, start=1):
            named = zip(self.columns, values, strict=True)
            cells[model + place] = {column: value for column, value in named if value}
        return cells

    def _find_typed_lines(self) -> dict[int, int]:
        """For each column of the sheet, the last row of the table that says something there."""
        lines = dict[int, int]()
        for line, cells in zip(self.lines, self.rows, strict=True):
            for column, cell in zip(self.columns, cells, strict=True):
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


def locate_table(structure: InferredTable, rows: list[Row], left: int) -> LocatedTable:
    """The rows of a sheet that are rows of its table; `left` is the place, from 0, of the column where its cells begin."""
    located = [row for row in rows if is_table_row(structure, row)]
    filled = [number for number, cells in rows if has_values(cells)]
    return LocatedTable(
        names=tuple(column.name for column in structure.columns),
        lines=tuple(number for number, _ in located),
        rows=tuple(list_cells(structure, cells) for _, cells in located),
        columns=tuple(left + position for position in structure.shape.positions),
        last_number=max(filled, default=0),
    )
