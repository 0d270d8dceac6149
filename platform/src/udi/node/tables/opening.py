"""A file opened as a table of text: whatever its format, rows with the line of each, from the start."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from udi.node.tables.corrections import Corrections
from udi.node.tables.decoding import Scan, decode, iana_name, python_name, read_text, scan, with_order
from udi.node.tables.delimited import Delimited, Row
from udi.node.tables.dialect import find_delimiter
from udi.node.tables.kind import CSV, HEAD, HTML, SPREADSHEETS, TABLES, TEXT, ZIP, Kind, recognise
from udi.node.tables.locked import connect
from udi.node.tables.notes import Note, UnreadableError
from udi.node.tables.parquet import parquet_columns, parquet_rows
from udi.node.tables.records import json_records, record_names, record_rows
from udi.node.tables.sheets import Sheet, open_workbook, sheet_rows
from udi.node.tables.source import Source
from udi.node.tables.zipped import look_inside, member, unzipped

SCANNED = 16 * 1024**2
"""How many bytes of a text are looked at before it is converted."""
SAMPLED = 512 * 1024


@dataclass
class Opened:
    """A table of text. `names` are given by formats that name their columns themselves; `bytes_read` grows with reading."""

    kind: Kind
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
def opened(source: Source, corrections: Corrections, *, scanned: float = SCANNED) -> Iterator[Opened | Kind]:
    """Open a file as the table that it is, or give its kind when it is none; its letters come from `scanned` bytes.

    Raises:
        UnreadableError: it should be a table, yet it cannot be read.
    """
    kind, source = identify(source)
    if kind.reads == "text":
        yield _open_text(source, kind, corrections, scanned) or kind
    elif kind.reads == "records":
        yield _open_records(source, kind, scanned)
    elif kind.reads in {"sheet", "parquet"}:
        with source.on_disk() as path:
            local = replace(source, path=path)
            yield _open_sheet(local, kind, corrections) if kind.reads == "sheet" else _open_parquet(local, kind)
    else:
        yield kind


def identify(source: Source) -> tuple[Kind, Source]:
    """What a file is, and the file that it packs when it packs a single table.

    Raises:
        UnreadableError: an archive that cannot be opened, or a file that is not the spreadsheet it says.
    """
    head = source.head(HEAD)
    kind = recognise(head, source.name)
    if kind is HTML and _suffix(source.name) in (TABLES.keys() | SPREADSHEETS):
        raise UnreadableError("web_page")
    if head.startswith(b"PK"):
        return _identify_zip(source, kind)
    if kind.reads == "gzip":
        inner = unzipped(source)
        inside = recognise(inner.head(HEAD), inner.name)
        packed = inside.reads in {"text", "records"}
        return (_packed(inside, kind), inner) if packed else (replace(kind, reads=""), source)
    if kind.reads != "sheet" and _suffix(source.name) in SPREADSHEETS:
        if kind.reads == "text":
            return CSV if kind is TEXT else kind, source
        raise UnreadableError("not_a_sheet")
    return kind, source


def _identify_zip(source: Source, kind: Kind) -> tuple[Kind, Source]:
    with source.on_disk() as path:
        inside, alone = look_inside(path)
    if inside is ZIP and _suffix(source.name) in SPREADSHEETS:
        raise UnreadableError("not_a_sheet")
    if not alone:
        return (kind if kind.reads == "sheet" and inside.reads == "sheet" else inside), source
    inner = member(source, alone)
    found = recognise(inner.head(HEAD), inner.name)
    return (_packed(found, ZIP), inner) if found.reads == "text" else (ZIP, source)


def _packed(inside: Kind, outside: Kind) -> Kind:
    return Kind(outside.media_type, f"{inside.label}, {outside.label}", inside.reads)


def _suffix(name: str) -> str:
    return "." + name.lower().rpartition(".")[2]


def _open_text(source: Source, kind: Kind, corrections: Corrections, scanned: float) -> Opened | None:
    head, known = source.head(SAMPLED), python_name(corrections.encoding)
    found = Scan(with_order(known, head)) if known else scan(source.read(), scanned)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UnreadableError("empty")
    text = decode(head, found.encoding)
    named = _suffix(source.name) in TABLES or kind.label.startswith("CSV")
    delimiter = corrections.delimiter or find_delimiter(text, named_table=named, complete=len(head) < SAMPLED)
    if not delimiter:
        return None
    table = Opened(CSV if kind is TEXT else kind, rows=_unread, encoding=iana_name(found.encoding), delimiter=delimiter)
    table.notes = tuple(_letters(found))

    def rows() -> Iterator[Row]:
        table.bytes_read, table.open_quote = 0, 0
        records = Delimited(read_text(_counted(source, table), found.encoding), delimiter)
        yield from records
        table.open_quote = records.open_quote

    table.rows = rows
    return table


def _unread() -> Iterator[Row]:
    return iter(())


def _counted(source: Source, table: Opened) -> Iterator[bytes]:
    for piece in source.read():
        yield piece
        table.bytes_read += len(piece)


def _letters(found: Scan) -> Iterator[Note]:
    if found.damaged and found.encoding.startswith("utf"):
        yield Note("bad_bytes", values={"mark": "\ufffd"})
    if found.lost:
        yield Note("lost_letters", values={"mark": "\ufffd"})
    if found.doubtful:
        words = ", ".join(word.decode(found.encoding, "replace") for word in found.doubtful)
        yield Note("encoding_unsure", values={"words": words})


def _open_records(source: Source, kind: Kind, scanned: float) -> Opened:
    encoding = scan(source.read(), scanned).encoding

    def texts() -> Iterator[str]:
        return read_text(source.read(), encoding)

    names = record_names(json_records(texts()))
    return Opened(kind, lambda: record_rows(json_records(texts()), names), names=names, encoding=iana_name(encoding))


def _open_sheet(source: Source, kind: Kind, corrections: Corrections) -> Opened:
    path = source.path
    assert path  # noqa: S101 - `opened` put it on the disk
    book = open_workbook(path, corrections.sheet)
    return Opened(kind, lambda: sheet_rows(path, book.chosen), sheet=book.chosen, sheets=book.sheets, notes=book.notes)


def _open_parquet(source: Source, kind: Kind) -> Opened:
    path = source.path
    assert path  # noqa: S101 - `opened` put it on the disk
    connection = connect(path)
    try:
        columns, notes = parquet_columns(connection, path)
    finally:
        connection.close()
    names = tuple(column for column, _ in columns)
    return Opened(kind, lambda: parquet_rows(path), names=names, notes=tuple(notes), path=path, columns=tuple(columns))
