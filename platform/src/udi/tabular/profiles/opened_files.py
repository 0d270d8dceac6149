"""A file opened as a table of text: whatever its format, rows with the line of each, from the start."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from udi.tabular.formats.archives import gzip_source, identify_archive, member_source
from udi.tabular.formats.delimited_text import DelimitedRecords, Row
from udi.tabular.formats.dialect import find_dialect
from udi.tabular.formats.file_kind import (
    CSV,
    FODS,
    HEAD,
    HTML,
    SPREADSHEETS,
    TABLES,
    TEXT,
    ZIP,
    FileKind,
    recognise_kind,
)
from udi.tabular.formats.json_records import json_records, record_names, record_rows
from udi.tabular.formats.parquet import parquet_columns, parquet_rows
from udi.tabular.formats.repaired_text import (
    decode_twice,
    is_encoded_twice,
    unwrap_records,
)
from udi.tabular.formats.source import SourceFile
from udi.tabular.formats.spreadsheets import Sheet, open_workbook, sheet_rows
from udi.tabular.formats.table_format import find_table_format
from udi.tabular.formats.text_encoding import (
    EncodingScan,
    decode,
    detect_encoding,
    iana_name,
    python_name,
    read_text,
    with_byte_order,
)
from udi.tabular.formats.text_spreadsheets import cell_rows, open_flat_workbook
from udi.tabular.messages.notes import Note, UnreadableTableError
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.sandbox.duckdb_sandbox import connect

SCANNED = 16 * 1024**2
"""How many bytes of a text are looked at before it is converted."""
SAMPLED = 512 * 1024


@dataclass
class OpenedFile:
    """A table of text. `names` are given by formats that name their columns themselves; `bytes_read` grows with reading."""

    kind: FileKind
    rows: Callable[[], Iterator[Row]]
    names: tuple[str, ...] | None = None
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[Sheet, ...] = ()
    notes: tuple[Note, ...] = ()
    bytes_read: int = 0
    path: Path | None = None
    columns: tuple[tuple[str, str], ...] = ()
    """Of a Parquet file: its place, and the name and the SQL as text of each column."""
    open_quote: int = 0
    """Line of a quotation mark that never closed, once all rows were read."""


@contextmanager
def open_source_file(
    source: SourceFile, corrections: Corrections, *, scanned: float = SCANNED
) -> Iterator[OpenedFile | FileKind]:
    """Open a file as the table that it is, or give its kind when it is none; its letters come from `scanned` bytes.

    Raises:
        UnreadableError: it should be a table, yet it cannot be read.
    """
    kind, source = identify_file(source)
    if kind.reads == "text":
        yield _open_text(source, kind, corrections, scanned) or kind
    elif kind.reads == "records":
        yield _open_records(source, kind, scanned)
    elif kind.reads == "package":
        with source.on_disk() as path:
            yield _open_with_package(replace(source, path=path), kind)
    elif kind.reads in {"sheet", "parquet"}:
        with source.on_disk() as path:
            local = replace(source, path=path)
            yield (
                _open_sheet(local, kind, corrections)
                if kind.reads == "sheet"
                else _open_parquet(local, kind)
            )
    elif kind.reads == "cells":
        with source.on_disk() as path:
            yield _open_cells(path, kind, corrections)
    elif kind.reads == "companions":
        raise UnreadableTableError("lone_shapefile")
    else:
        yield kind


def identify_file(source: SourceFile) -> tuple[FileKind, SourceFile]:
    """What a file is, and the file that it packs when it packs a single table.

    Raises:
        UnreadableError: an archive that cannot be opened, or a file that is not the spreadsheet it says.
    """
    head = source.head(HEAD)
    kind = recognise_kind(head, source.name)
    if kind.reads == "package":
        return kind, source
    if kind is HTML and _suffix(source.name) in (TABLES.keys() | SPREADSHEETS):
        raise UnreadableTableError("web_page")
    if head.startswith(b"PK"):
        return _identify_zip(source, kind)
    if kind.reads == "gzip":
        inner = gzip_source(source)
        inside = recognise_kind(inner.head(HEAD), inner.name)
        packed = inside.reads in {"text", "records"}
        if packed:
            return (_packed_kind(inside, kind), inner)
        return (replace(kind, reads=""), source)
    if kind.reads != "sheet" and _suffix(source.name) in SPREADSHEETS:
        if kind.reads == "text":
            return CSV if kind is TEXT else kind, source
        raise UnreadableTableError("not_a_sheet")
    return kind, source


def _identify_zip(source: SourceFile, kind: FileKind) -> tuple[FileKind, SourceFile]:
    with source.on_disk() as path:
        inside, only_member = identify_archive(path)
    if inside is ZIP and _suffix(source.name) in SPREADSHEETS:
        raise UnreadableTableError("not_a_sheet")
    if not only_member:
        return (
            kind if kind.reads == "sheet" and inside.reads == "sheet" else inside
        ), source
    inner = member_source(source, only_member)
    inner_kind = recognise_kind(inner.head(HEAD), inner.name)
    if inner_kind.reads == "text":
        return (_packed_kind(inner_kind, ZIP), inner)
    return (ZIP, source)


def _packed_kind(inside: FileKind, outside: FileKind) -> FileKind:
    return FileKind(
        outside.media_type, f"{inside.label}, {outside.label}", inside.reads
    )


def _suffix(name: str) -> str:
    return "." + name.lower().rpartition(".")[2]


def _open_text(
    source: SourceFile, kind: FileKind, corrections: Corrections, scanned: float
) -> OpenedFile | None:
    head = source.head(SAMPLED)
    corrected_encoding = python_name(corrections.encoding)
    if corrected_encoding:
        encoding_scan = EncodingScan(with_byte_order(corrected_encoding, head))
    else:
        encoding_scan = detect_encoding(source.read(), scanned)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UnreadableTableError("empty")
    text = decode(head, encoding_scan.encoding)
    named = _suffix(source.name) in TABLES or kind.label.startswith("CSV")
    dialect = find_dialect(
        text,
        named_table=named,
        complete=len(head) < SAMPLED,
        delimiter=corrections.delimiter,
    )
    delimiter = dialect.delimiter
    if not delimiter:
        return None
    table = OpenedFile(
        CSV if kind is TEXT else kind,
        rows=_no_rows,
        encoding=iana_name(encoding_scan.encoding),
        delimiter=delimiter,
    )
    twice = is_encoded_twice(text)
    table.notes = (
        *_encoding_notes(encoding_scan),
        *([Note("double_encoded")] if twice else []),
    )

    def rows() -> Iterator[Row]:
        table.bytes_read = 0
        table.open_quote = 0
        records = DelimitedRecords(
            read_text(_count_bytes(source, table), encoding_scan.encoding),
            delimiter,
            skip_blanks=dialect.skip_blanks,
        )
        repaired: Iterable[Row] = records
        if dialect.quoted_lines:
            repaired = unwrap_records(repaired, delimiter)
        if twice:
            repaired = decode_twice(repaired)
        yield from repaired
        table.open_quote = records.open_quote

    table.rows = rows
    return table


def _no_rows() -> Iterator[Row]:
    return iter(())


def _count_bytes(source: SourceFile, table: OpenedFile) -> Iterator[bytes]:
    for piece in source.read():
        yield piece
        table.bytes_read += len(piece)


def _encoding_notes(encoding_scan: EncodingScan) -> Iterator[Note]:
    if encoding_scan.damaged and encoding_scan.encoding.startswith("utf"):
        yield Note("bad_bytes", values={"mark": "\ufffd"})
    if encoding_scan.lost:
        yield Note("lost_letters", values={"mark": "\ufffd"})
    if encoding_scan.doubtful:
        words = ", ".join(
            word.decode(encoding_scan.encoding, "replace")
            for word in encoding_scan.doubtful
        )
        yield Note("encoding_unsure", values={"words": words})


def _open_records(source: SourceFile, kind: FileKind, scanned: float) -> OpenedFile:
    encoding = detect_encoding(source.read(), scanned).encoding

    def texts() -> Iterator[str]:
        return read_text(source.read(), encoding)

    names = record_names(json_records(texts()))
    return OpenedFile(
        kind,
        lambda: record_rows(json_records(texts()), names),
        names=names,
        encoding=iana_name(encoding),
    )


def _open_sheet(
    source: SourceFile, kind: FileKind, corrections: Corrections
) -> OpenedFile:
    path = source.path
    assert path  # noqa: S101 - `opened` put it on the disk
    book = open_workbook(path, corrections.sheet)
    return OpenedFile(
        kind,
        lambda: sheet_rows(path, book.sheet_name),
        sheet=book.sheet_name,
        sheets=book.sheets,
        notes=book.notes,
    )


def _open_cells(path: Path, kind: FileKind, corrections: Corrections) -> OpenedFile:
    """A spreadsheet in text."""
    if kind != FODS:
        return OpenedFile(kind, partial(cell_rows, path, kind))
    book, rows = open_flat_workbook(path, corrections.sheet)
    return OpenedFile(
        kind, rows, sheet=book.sheet_name, sheets=book.sheets, notes=book.notes
    )


def _open_with_package(source: SourceFile, kind: FileKind) -> OpenedFile | FileKind:
    table_format = find_table_format(source.head(HEAD), source.name)
    path = source.path
    if table_format is None or path is None:
        return kind
    reader = table_format.load_reader()

    def rows() -> Iterator[Row]:
        try:
            yield from enumerate(reader(path), start=1)
        except ValueError as error:
            raise UnreadableTableError("unread") from error

    return OpenedFile(kind, rows)


def _open_parquet(source: SourceFile, kind: FileKind) -> OpenedFile:
    path = source.path
    assert path  # noqa: S101 - `opened` put it on the disk
    connection = connect(path)
    try:
        columns, notes = parquet_columns(connection, path)
    finally:
        connection.close()
    names = tuple(column for column, _ in columns)
    return OpenedFile(
        kind,
        lambda: parquet_rows(path),
        names=names,
        notes=tuple(notes),
        path=path,
        columns=tuple(columns),
    )
