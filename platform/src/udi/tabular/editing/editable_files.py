"""A small file opened so that its rows can be changed, as a text or as a sheet."""

from pathlib import Path

from udi.tabular.editing.editable_document import (
    locate_document_rows,
    locate_flat_rows,
)
from udi.tabular.editing.editable_sheet import locate_sheet_rows
from udi.tabular.editing.editable_text import locate_rows
from udi.tabular.editing.table_changes import (
    LARGEST,
    MOST_ROWS,
    EditableTable,
    UneditableTableError,
)
from udi.tabular.formats.file_kind import FODS, ODS, XLS, XLSB, FileKind
from udi.tabular.formats.source import SourceFile
from udi.tabular.messages.notes import UnreadableTableError
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.opened_files import open_source_file
from udi.tabular.profiles.profile import infer_table
from udi.tabular.profiles.row_sample import sample_rows

READ = frozenset({"text", "sheet"})


def open_table(path: Path, name: str, corrections: Corrections) -> EditableTable:
    """Open a local file: the same rows as its table has, with their places in the file.

    Raises:
        UneditableTableError: its rows cannot be changed without changing more, or they are too many.
    """
    source = SourceFile.at(path, name)
    if source.size > LARGEST:
        raise UneditableTableError("too_large")
    try:
        with open_source_file(source, corrections) as table:
            if isinstance(table, FileKind) or not _is_read(table.kind):
                raise UneditableTableError("format")
            if table.kind in {XLS, XLSB}:
                raise UneditableTableError("old_workbook")
            sample = sample_rows(table)
            if not sample.ended or sample.count > MOST_ROWS:
                raise UneditableTableError("too_large")
            structure = infer_table(table, sample, corrections)
            rows = list(table.rows())
            if table.kind == FODS:
                return locate_flat_rows(path, table, structure, rows)
            if table.kind.media_type == ODS.media_type:
                return locate_document_rows(path, table, structure, rows)
            if table.kind.reads == "sheet":
                return locate_sheet_rows(path, table, structure, rows)
    except UnreadableTableError:
        raise UneditableTableError("format") from None
    return locate_rows(path.read_bytes(), table, structure, rows)


def _is_read(kind: FileKind) -> bool:
    """Whether rows of a file of this kind may be changed at all."""
    return kind.reads in READ or kind == FODS
