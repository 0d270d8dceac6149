"""A delimited file opened so that its rows can be changed: the same rows as its table has, with their places in the file."""

import codecs
from dataclasses import dataclass

from udi.tabular.editing.delimited_spans import (
    NEWLINE,
    UNSEEN,
    OpenQuoteError,
    RecordSpan,
    Splice,
    TextStyle,
    add_records,
    apply_splices,
    change_record,
    remove_record,
    split_records,
)
from udi.tabular.editing.table_changes import (
    EditableTable,
    TableChanges,
    UneditableTableError,
)
from udi.tabular.editing.table_rows import is_table_row, list_cells
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import SAMPLE_CHARACTERS
from udi.tabular.formats.repaired_text import has_blanks_before_quotes
from udi.tabular.formats.text_encoding import python_name, with_byte_order
from udi.tabular.profiles.opened_files import OpenedFile
from udi.tabular.profiles.profile import InferredTable

CODEC_OF_MARK = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(frozen=True)
class EditableText(EditableTable):
    """A text with the places of its rows: `mark` and `codec` give its bytes back; `positions` are those of its columns."""

    mark: bytes
    codec: str
    text: str
    style: TextStyle
    positions: tuple[int, ...]
    records: tuple[RecordSpan, ...]
    above: RecordSpan | None
    """The last record above the rows: that of the names."""

    def find_unwritable(self, value: str) -> str:
        """The first letter that the file's encoding lacks; empty when there is none."""
        try:
            value.encode(self.codec)
        except UnicodeEncodeError as error:
            return value[error.start]
        return ""

    def write(self, changes: TableChanges) -> bytes:
        """The file with these changes; every other cell keeps its bytes."""
        splices = [remove_record(self.records[place]) for place in changes.removed]
        for place, values in changes.changed.items():
            cells = list(zip(self.positions, values, strict=True))
            splices += change_record(self.records[place], cells, self.style)
        if changes.added:
            splices.append(self._add(changes))
        return self.mark + apply_splices(self.text, splices).encode(self.codec)

    def _add(self, changes: TableChanges) -> Splice:
        """What writes the new rows behind the last one that stays."""
        above = len(self.above.cells) if self.above else 0
        width = max(above, max(self.positions) + 1)
        rows = []
        for values in changes.added:
            cells = [""] * width
            for position, value in zip(self.positions, values, strict=True):
                cells[position] = value
            rows.append(cells)
        remaining = [
            record
            for place, record in enumerate(self.records)
            if place not in changes.removed
        ]
        after = remaining[-1] if remaining else self.above or self.records[-1]
        return add_records(after, rows, self.style)


def locate_rows(
    content: bytes,
    table: OpenedFile,
    structure: InferredTable,
    rows: list[Row],
) -> EditableText:
    """The rows of a text, with their places.

    Raises:
        UneditableTableError: its rows cannot be changed without changing more.
    """
    mark, codec, text = _decode(content, python_name(table.encoding) or "utf-8")
    newline = NEWLINE.search(text)
    plain = NEWLINE.sub("\n", text)[:SAMPLE_CHARACTERS].translate(UNSEEN)
    style = TextStyle(
        table.delimiter,
        newline[0] if newline else "\n",
        has_blanks_before_quotes(plain, table.delimiter),
    )
    try:
        records = split_records(text, style)
    except OpenQuoteError:
        raise UneditableTableError("irregular") from None
    if [(record.line, record.values) for record in records] != rows:
        raise UneditableTableError("irregular")
    shape = structure.shape
    located = [
        record
        for record in records
        if is_table_row(structure, (record.line, record.values))
    ]
    above = [record for record in records if record.line <= shape.last_header_line]
    return EditableText(
        names=tuple(column.name for column in structure.columns),
        lines=tuple(record.line for record in located),
        rows=tuple(list_cells(structure, record.values) for record in located),
        mark=mark,
        codec=codec,
        text=text,
        style=style,
        positions=shape.positions,
        records=tuple(located),
        above=above[-1] if above else None,
    )


def _decode(content: bytes, encoding: str) -> tuple[bytes, str, str]:
    """The byte order mark, the codec of what follows, and the text, which gives the same bytes back.

    Raises:
        UneditableTableError: it does not.
    """
    mark = b""
    codec = encoding
    if encoding.startswith("utf"):
        mark = next((mark for mark in CODEC_OF_MARK if content.startswith(mark)), b"")
        codec = CODEC_OF_MARK.get(mark) or with_byte_order(encoding, content)
    rest = content[len(mark) :]
    try:
        text = rest.decode(codec)
        if text.encode(codec) == rest:
            return mark, codec, text
    except UnicodeError:
        pass
    raise UneditableTableError("letters")
