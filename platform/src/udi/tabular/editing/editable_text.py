"""A delimited file opened so that its rows can be changed: the same rows as its table has, with their places in the file."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from udi.tabular.editing.delimited_spans import (
    NEWLINE,
    UNSEEN,
    OpenQuoteError,
    RecordSpan,
    TextStyle,
    split_records,
)
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import SAMPLE_CHARACTERS, cell_at, has_values
from udi.tabular.formats.file_kind import FileKind
from udi.tabular.formats.repaired_text import has_blanks_before_quotes
from udi.tabular.formats.source import SourceFile
from udi.tabular.formats.text_encoding import python_name, with_byte_order
from udi.tabular.formats.totals import is_total
from udi.tabular.messages.notes import UnreadableTableError
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.opened_files import OpenedFile, open_source_file
from udi.tabular.profiles.profile import InferredTable, infer_table
from udi.tabular.profiles.row_sample import sample_rows

MOST_ROWS = 5_000
LARGEST = 4 * 1024**2
CODEC_OF_MARK = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


class UneditableTableError(Exception):
    """The rows of a file cannot be changed here; `code` is a key of `UNEDITABLE`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class EditableText:
    """A text with the places of its rows: `mark` and `codec` give its bytes back; `positions` are those of its columns."""

    mark: bytes
    codec: str
    text: str
    style: TextStyle
    names: tuple[str, ...]
    positions: tuple[int, ...]
    rows: tuple[RecordSpan, ...]
    above: RecordSpan | None
    """The last record above the rows: that of the names."""

    def values_of(self, row: RecordSpan) -> tuple[str, ...]:
        """What a row says in each column."""
        values = row.values
        return tuple(cell_at(values, position) for position in self.positions)

    def write(self, text: str) -> bytes:
        """The bytes of a text, as this one has them.

        Raises:
            UnicodeEncodeError: it has a letter that the encoding lacks.
        """
        return self.mark + text.encode(self.codec)


def open_text(path: Path, name: str, corrections: Corrections) -> EditableText:
    """Open a local file.

    Raises:
        UneditableTableError: its rows cannot be changed without changing more, or they are too many.
    """
    source = SourceFile.at(path, name)
    if source.size > LARGEST:
        raise UneditableTableError("too_large")
    try:
        with open_source_file(source, corrections) as table:
            if isinstance(table, FileKind) or table.kind.reads != "text":
                raise UneditableTableError("format")
            sample = sample_rows(table)
            if not sample.ended or sample.count > MOST_ROWS:
                raise UneditableTableError("too_large")
            structure = infer_table(table, sample, corrections)
            rows = list(table.rows())
    except UnreadableTableError:
        raise UneditableTableError("format") from None
    return _locate(path.read_bytes(), table, structure, rows)


def _locate(
    content: bytes,
    table: OpenedFile,
    structure: InferredTable,
    rows: list[Row],
) -> EditableText:
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
    without_totals = structure.settings.totals
    return EditableText(
        mark,
        codec,
        text,
        style,
        tuple(column.name for column in structure.columns),
        shape.positions,
        tuple(
            record
            for record in records
            if shape.has_line(record.line)
            and has_values(record.values)
            and not (without_totals and is_total(record.values))
        ),
        next(
            (
                record
                for record in reversed(records)
                if record.line <= shape.last_header_line
            ),
            None,
        ),
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
