"""What was understood of a file: its kind, encoding, delimiter, columns, number of rows and first lines."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from udi.node.tables.decoding import decode, guess_eight_bit, guess_encoding, read_lines, read_text
from udi.node.tables.dialect import ColumnKind, Shape, find_shape, read_date, read_records
from udi.node.tables.kind import CSV, TEXT, Kind, recognise

SHOWN_LINES, SHOWN_CHARACTERS = 4, 80
MOST_COLUMNS = 1000
COUNTED_EXACTLY = 64 * 1024**2
COUNTED = 2 * 1024**3
CHARSETS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
    "latin-1": "ISO-8859-1",
    "mac_roman": "macintosh",
    "cp850": "IBM850",
}
"""Python's names of encodings and IANA's."""


@dataclass(frozen=True)
class Column:
    """One column: its name as the file writes it, and how its values read."""

    name: str
    kind: ColumnKind


@dataclass(frozen=True)
class Profile:
    """What a file says about itself. `columns` is empty for what is not a table.

    `rows` is None when not counted; `exact` is false when line ends were counted instead of records.
    `sample` is for the producer's eyes only. `encoding` is IANA's name.
    """

    media_type: str
    label: str
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    columns: tuple[Column, ...] = ()
    rows: int | None = None
    exact: bool = True
    sample: tuple[tuple[str, ...], ...] = ()
    first_day: date | None = None
    last_day: date | None = None

    @property
    def is_table(self) -> bool:
        return bool(self.columns)

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        days = {name: day.isoformat() if day else None for name, day in self._days().items()}
        return {**asdict(self), **days}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Profile":
        """What `as_json` gave."""
        days = {name: date.fromisoformat(value[name]) if value[name] else None for name in ("first_day", "last_day")}
        columns = tuple(Column(**column) for column in value["columns"])
        return cls(**{**value, **days, "columns": columns, "sample": tuple(tuple(line) for line in value["sample"])})

    def _days(self) -> dict[str, date | None]:
        return {"first_day": self.first_day, "last_day": self.last_day}


def profile_file(name: str, sample: bytes, size: int, read: Callable[[], Iterable[bytes]]) -> Profile:
    """Profile a file from its first bytes (256 kB are plenty) and, for the rows, one pass over what `read` gives.

    Never raises on what the file holds; memory does not depend on its size.
    """
    kind = recognise(sample, name)
    if not kind.may_be_table or not sample:
        return Profile(kind.media_type, kind.label)
    complete = size <= len(sample)
    encoding = guess_encoding(sample, complete=complete)
    try:
        return _profile_text(kind, sample, size, encoding, read)
    except UnicodeDecodeError:
        fallback = guess_eight_bit(sample) if sample.isascii() or not encoding.startswith("utf-8") else encoding
        return _profile_text(kind, sample, size, fallback, read, strict=False)


def _profile_text(
    kind: Kind, sample: bytes, size: int, encoding: str, read: Callable[[], Iterable[bytes]], *, strict: bool = True
) -> Profile:
    complete = size <= len(sample)
    text = decode(sample, encoding)
    shape = find_shape(text, named_table=kind is not TEXT, complete=complete)
    named = CHARSETS[encoding]
    if shape is None or len(shape.names) > MOST_COLUMNS:
        return Profile(kind.media_type, kind.label, encoding=named)
    texts = read_text(read(), encoding, "strict" if strict else "replace")
    rows, exact = _count(texts, shape, size)
    first, last = _period(shape) if complete else (None, None)
    return Profile(
        media_type=CSV.media_type if kind is TEXT else kind.media_type,
        label=CSV.label if kind is TEXT else kind.label,
        encoding=named,
        delimiter=shape.delimiter,
        header_line=shape.header_line,
        columns=tuple(Column(name[:SHOWN_CHARACTERS], k) for name, k in zip(shape.names, shape.kinds, strict=True)),
        rows=rows,
        exact=exact,
        sample=tuple(tuple(cell[:SHOWN_CHARACTERS] for cell in record) for record in shape.body[:SHOWN_LINES]),
        first_day=first,
        last_day=last,
    )


def _count(texts: Iterable[str], shape: Shape, size: int) -> tuple[int | None, bool]:
    if size > COUNTED:
        return None, True
    if size > COUNTED_EXACTLY:
        return max(0, _line_ends(texts) - shape.skipped), False
    records = read_records(read_lines(texts), shape.delimiter)
    return max(0, sum(1 for record in records if any(map(_says, record))) - shape.skipped), True


def _says(cell: str) -> bool:
    return bool(cell.strip("\ufeff \t\n"))


def _line_ends(texts: Iterable[str]) -> int:
    """Line ends outside quotes: as fast as reading, right wherever quotes go in pairs."""
    return sum(part.count("\n") for part in _outside_quotes(texts))


def _outside_quotes(texts: Iterable[str]) -> Iterator[str]:
    inside = False
    for text in texts:
        for index, part in enumerate(text.split('"')):
            if index:
                inside = not inside
            if not inside:
                yield part


def _period(shape: Shape) -> tuple[date | None, date | None]:
    """First and last day of the first column of dates that is nobody's birthday."""
    for index, (name, kind) in enumerate(zip(shape.names, shape.kinds, strict=True)):
        if kind == "date" and not any(word in name.lower() for word in ("naiss", "birth")):
            days = [day for record in shape.body if (day := read_date(record[index]))]
            return min(days), max(days)
    return None, None
