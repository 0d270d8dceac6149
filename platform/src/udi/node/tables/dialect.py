"""The shape of a table in text: which delimiter, where the header is, which columns and how they read."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Literal

DELIMITERS = (",", ";", "\t", "|", ":")
SAMPLE_CHARACTERS, SAMPLE_RECORDS = 400_000, 600
WEAKEST_TABLE, CLEAR_TABLE = 0.25, 0.8
HEADER_FILLED, HEADER_TEXT, HEADER_SEARCH = 0.6, 0.7, 30
NULLS = frozenset({"", "na", "n/a", "null", "none", "nan", "-", "nc", "nr", "nd", "#n/a"})
NUMBER = re.compile(r"[-+]?(\d{1,3}([ \u00a0\u202f.,]\d{3})+|\d+)([.,]\d+)?([eE][-+]?\d+)?\s?[%€$£]?")
YEAR = re.compile(r"(19|20)\d\d")
ISO_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})([T ]\d{1,2}:\d{2}.*)?")
DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})( \d{1,2}:\d{2}.*)?")
Records = list[list[str]]
ColumnKind = Literal["text", "number", "date", "empty"]


@dataclass(frozen=True)
class Shape:
    """A table found in a sample: `header_line` counts from 1 (0: none); `body` are the sample's records below it."""

    delimiter: str
    header_line: int
    names: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]
    body: Records
    skipped: int
    """Records above the body."""


def read_records(lines: Iterable[str], delimiter: str) -> Iterable[list[str]]:
    """The records of a table; reading stops where a cell is larger than any table's."""
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:
        return


def find_shape(text: str, *, named_table: bool, complete: bool) -> Shape | None:
    """The table that a text holds, or None for a plain text; `named_table` when its name says it is one."""
    scored = [(_score(_sample(text, one, complete=complete), one), one) for one in DELIMITERS]
    score, delimiter = max(scored, key=lambda entry: entry[0])
    if score < (WEAKEST_TABLE if named_table else CLEAR_TABLE):
        if not named_table:
            return None
        delimiter = ","
    records = _sample(text, delimiter, complete=complete)
    return _shape(records, delimiter) if any(_filled(record) for record in records) else None


def _sample(text: str, delimiter: str, *, complete: bool) -> Records:
    cut = text[:SAMPLE_CHARACTERS]
    lines = (f"{line}\n" for line in cut.split("\n"))
    records = list(islice(read_records(lines, delimiter), SAMPLE_RECORDS + 1))
    if len(records) > 1 and (len(records) > SAMPLE_RECORDS or len(cut) < len(text) or not complete):
        records.pop()
    return [[cell.replace("\ufeff", "").strip() for cell in record] for record in records]


def _score(records: Records, delimiter: str) -> float:
    """How much a delimiter makes a table: regular width, no quote left in a cell, more than one column."""
    full = [record for record in records if _filled(record)]
    widths = Counter(len(record) for record in full)
    if not widths:
        return 0.0
    width = widths.most_common(1)[0][0]
    if width == 1:
        return 0.0
    near = sum(count * (1.0 if w == width else 0.5) for w, count in widths.items() if abs(w - width) <= 1)
    share = near / len(full)
    cells = sum(len(record) for record in full)
    quotes = sum('"' in cell for record in full for cell in record) / cells
    return share**2 * (1 - quotes) * (1 - 0.6 / width) * (0.6 if delimiter == ":" else 1.0)


def _shape(records: Records, delimiter: str) -> Shape:
    header = _find_header(records)
    start = 0 if header is None else header + 1
    names = [] if header is None else records[header]
    body = [record for record in records[start:] if _filled(record)]
    width = max([len(names), *(len(record) for record in body)])
    kept = [
        index
        for index in range(width)
        if _cell(names, index) or any(not is_null(_cell(record, index)) for record in body)
    ]
    columns = [[_cell(record, index) for record in body] for index in kept]
    return Shape(
        delimiter=delimiter,
        header_line=start,
        names=tuple(_cell(names, index) or f"col{index + 1}" for index in kept),
        kinds=tuple(column_kind(values) for values in columns),
        body=[[_cell(record, index) for index in kept] for record in body],
        skipped=sum(1 for record in records[:start] if _filled(record)),
    )


def _find_header(records: Records) -> int | None:
    """Index of the record that names the columns: well filled, made of words; None when data come first."""
    filled = Counter(len(_filled(record)) for record in records if _filled(record))
    needed = HEADER_FILLED * filled.most_common(1)[0][0]
    for index, record in enumerate(records[:HEADER_SEARCH]):
        cells = _filled(record)
        if not cells or len(cells) < needed:
            continue
        if sum(_is_name(cell) for cell in cells) < HEADER_TEXT * len(cells) or _like_the_rest(records, index):
            return None
        return _last_copy(records, index)
    return None


def _last_copy(records: Records, index: int) -> int:
    while index + 1 < len(records) and records[index + 1] == records[index]:
        index += 1
    return index


def _like_the_rest(records: Records, index: int) -> bool:
    """A first record of a one-column list, or with a value met again below, is no header."""
    names = records[index]
    below = records[index + 1 : index + 40]
    if len(set(_filled(names))) < len(_filled(names)) / 2:
        return True
    repeated = sum(
        any(_cell(record, column) == name for record in below if record != names)
        for column, name in enumerate(names)
        if name
    )
    return repeated > len(_filled(names)) / 2


def column_kind(values: Sequence[str]) -> ColumnKind:
    """How a column reads, from all its values that say something."""
    said = [value for value in values if not is_null(value)]
    if not said:
        return "empty"
    if all(read_date(value) for value in said):
        return "date"
    return "number" if all(NUMBER.fullmatch(value) and not _is_code(value) for value in said) else "text"


def _is_code(value: str) -> bool:
    """Leading zeros are a code that must survive, not a number."""
    return len(value) > 1 and value[0] == "0" and value[1].isdigit()


def read_date(value: str) -> date | None:
    """The day that a cell says, ISO or day first, or None."""
    if match := ISO_DATE.fullmatch(value):
        year, month, day = (int(match[group]) for group in (1, 2, 3))
    elif match := DAY_FIRST.fullmatch(value):
        day, month, year = (int(match[group]) for group in (1, 2, 3))
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def is_null(value: str) -> bool:
    """Whether a cell says nothing."""
    return value.lower() in NULLS


def _is_name(cell: str) -> bool:
    return bool(YEAR.fullmatch(cell)) or not (NUMBER.fullmatch(cell) or read_date(cell))


def _filled(record: Sequence[str]) -> list[str]:
    return [cell for cell in record if cell]


def _cell(record: Sequence[str], index: int) -> str:
    return record[index] if index < len(record) else ""
