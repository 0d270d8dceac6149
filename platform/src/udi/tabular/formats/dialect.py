"""The shape of a table: which delimiter, where the header is, which columns hold something."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from udi.tabular.columns.column import RESERVED_NAMES
from udi.tabular.columns.value_patterns import is_date, is_null, is_number
from udi.tabular.formats.delimited_text import DelimitedRecords, Row
from udi.tabular.formats.header_lines import is_unit_line, join_groups, join_lines
from udi.tabular.formats.line_settings import NO_LINES, LineSettings
from udi.tabular.formats.repaired_text import has_blanks_before_quotes, unwrap_lines
from udi.tabular.messages.notes import Note, UnreadableTableError

DELIMITERS = (",", ";", "\t", "|", ":")
SAMPLE_CHARACTERS = 400_000
SAMPLE_RECORDS = 600
WEAKEST_TABLE = 0.25
CLEAR_TABLE = 0.8
HEADER_FILLED = 0.6
HEADER_TEXT = 0.7
HEADER_SEARCH = 30
TITLE_LINES = 5
"""Lines below the first well filled one among which the names of the columns may be, when that one is a title."""
FEWEST_BLOCK = 4
"""Records, with that of the names, of a table that ends at an empty line."""
YEAR = re.compile(r"(19|20)[0-9][0-9]")
LONGEST_NAME = 250
Records = list[list[str]]


@dataclass(frozen=True)
class TableLayout:
    """Where the columns of a table are; `header_line` is the line of their names, 0 without any.

    `kept` are the positions of the columns that have a name or a value, in the records.
    """

    header_line: int
    last_header_line: int
    names: tuple[str, ...]
    positions: tuple[int, ...]
    notes: tuple[Note, ...] = ()
    last_line: int = 0
    """The line of the last record, when something else stands below it; 0 otherwise."""
    units: tuple[str, ...] = ()
    """The unit of each column, empty where none is said; nothing at all without a line of units."""
    units_line: int = 0
    """The line of the units; 0 without any."""
    names_line: int = 0
    """The last line of the names; 0 without any."""
    groups_line: int = 0
    """The line of the groups that the names begin with; 0 without any."""
    renamed: int = 0
    """Columns that are not called as the file calls them, or that it does not name."""

    def has_line(self, line: int) -> bool:
        """Whether a record that begins on a line is one of the table's."""
        return line > self.last_header_line and (
            not self.last_line or line <= self.last_line
        )


@dataclass(frozen=True)
class TextDialect:
    """How a text writes its records; `delimiter` is empty when it is no table."""

    delimiter: str = ""
    skip_blanks: bool = False
    """Whether blanks stand between a delimiter and the quote of a cell."""
    quoted_lines: bool = False
    """Whether whole lines stand between quotes."""


def find_dialect(
    text: str, *, named_table: bool, complete: bool, delimiter: str = ""
) -> TextDialect:
    """The dialect of a text; `named_table` when its name says that it is a table, `delimiter` when it is known."""
    if unwrapped := unwrap_lines(text):
        inner = delimiter or find_delimiter(
            unwrapped, named_table=False, complete=complete
        )
        if inner and inner in unwrapped.partition("\n")[0]:
            return TextDialect(inner, quoted_lines=True)
    delimiter = delimiter or find_delimiter(
        text, named_table=named_table, complete=complete
    )
    skip_blanks = bool(delimiter) and has_blanks_before_quotes(
        text[:SAMPLE_CHARACTERS], delimiter
    )
    return TextDialect(delimiter, skip_blanks=skip_blanks)


def find_delimiter(text: str, *, named_table: bool, complete: bool) -> str:
    """The delimiter of a text, empty when it is no table; `named_table` when its name says that it is one."""
    scored = [
        (
            *_score(sample_records(text, candidate, complete=complete), candidate),
            candidate,
        )
        for candidate in DELIMITERS
    ]
    score, regular, delimiter = max(scored)
    if score >= WEAKEST_TABLE and (named_table or regular >= CLEAR_TABLE):
        return delimiter
    if named_table:
        return ","
    return ""


def sample_records(text: str, delimiter: str, *, complete: bool) -> Records:
    """The first records of a text."""
    sample = text[:SAMPLE_CHARACTERS]
    try:
        records = [
            cells
            for _, cells in islice(
                DelimitedRecords(
                    [sample],
                    delimiter,
                    skip_blanks=has_blanks_before_quotes(sample, delimiter),
                ),
                SAMPLE_RECORDS + 1,
            )
        ]
    except UnreadableTableError:
        return []
    if len(records) > 1 and (
        len(records) > SAMPLE_RECORDS or len(sample) < len(text) or not complete
    ):
        records.pop()
    return records


def _score(records: Records, delimiter: str) -> tuple[float, float]:
    """How much a delimiter makes a table, and the share of its records that are as wide as most.

    Regular width, no quote left in a cell, more than one column.
    """
    full = [record for record in records if has_values(record)]
    widths = Counter(len(record) for record in full)
    width = widths.most_common(1)[0][0] if widths else 1
    if width == 1:
        return 0.0, 0.0
    near = sum(
        count * (1.0 if w == width else 0.5)
        for w, count in widths.items()
        if abs(w - width) <= 1
    )
    share = near / len(full)
    cells = sum(len(record) for record in full)
    quotes = sum('"' in cell for record in full for cell in record) / cells
    return share**2 * (1 - quotes) * (1 - 0.6 / width) * (
        0.6 if delimiter == ":" else 1.0
    ), share


def find_layout(
    rows: Sequence[Row],
    header_line: int | None = None,
    settings: LineSettings = NO_LINES,
    reserved_names: frozenset[str] = RESERVED_NAMES,
) -> TableLayout | None:
    """The columns of some rows, or None when nothing is in them; `header_line` and `settings` when lines are known already."""
    rows = [(line, [cell.strip() for cell in cells]) for line, cells in rows]
    if not any(has_values(cells) for _, cells in rows):
        return None
    last_line = 0
    if settings.header is not None:
        header_line, last_line = settings.header
    if header_line is None:
        header = _find_header(rows)
    else:
        header = _known_header(rows, header_line, last_line)
    if header and last_line:
        names = join_lines([cells for _, cells in rows[header[0] : header[1] + 1]])
    else:
        names = _joined_names(rows, header)
    body = rows[header[1] + 1 :] if header else rows
    units = _find_units(body, settings) if header or settings.units else None
    if units:
        body = body[units.place + 1 :]
    body = [row for row in body if row[0] >= settings.first]
    width = max([len(names), *(len(cells) for _, cells in body)])
    positions = [
        index
        for index in range(width)
        if cell_at(names, index)
        or any(not is_null(cell_at(cells, index)) for _, cells in body)
    ]
    unique, notes = unique_names(
        [cell_at(names, index) or f"col{index + 1}" for index in positions],
        reserved_names,
    )
    first, last = (rows[header[0]][0], rows[header[1]][0]) if header else (0, 0)
    layout = TableLayout(
        last if header_line is None else first,
        max(last, settings.first - 1),
        unique,
        tuple(positions),
        notes,
        names_line=last,
        groups_line=_groups_line(rows, header, names),
        renamed=count_renamed([cell_at(names, index) for index in positions], unique),
    )
    if units is None:
        return layout
    return replace(
        layout,
        last_header_line=max(units.line, layout.last_header_line),
        notes=(*notes, Note("units_line", values={"line": str(units.line)})),
        units=tuple(cell_at(units.cells, index) for index in positions),
        units_line=units.line,
    )


@dataclass(frozen=True)
class UnitLine:
    """The line of the units below the names, and its place among the records below these."""

    place: int
    line: int
    cells: list[str]


def _find_units(body: Sequence[Row], settings: LineSettings) -> UnitLine | None:
    if settings.units is None:
        return _units(body)
    for place, (line, cells) in enumerate(body):
        if line == settings.units:
            return UnitLine(place, line, cells)
    return None


def _units(body: Sequence[Row]) -> UnitLine | None:
    for place, (line, cells) in enumerate(body[:2]):
        if has_values(cells):
            below = [record for _, record in body[place + 1 : place + 21]]
            if is_unit_line(cells, [record for record in below if has_values(record)]):
                return UnitLine(place, line, cells)
            return None
    return None


def _joined_names(rows: Sequence[Row], header: tuple[int, int] | None) -> list[str]:
    """The names, each with the group that the line above says."""
    if header is None:
        return []
    names = rows[header[1]][1]
    if header[0] == 0 or header[0] != header[1]:
        return names
    return join_groups(rows[header[0] - 1][1], names)


def _groups_line(
    rows: Sequence[Row], header: tuple[int, int] | None, names: Sequence[str]
) -> int:
    if header is None or header[0] != header[1] or names == rows[header[1]][1]:
        return 0
    return rows[header[0] - 1][0]


def unique_names(
    names: Iterable[str], reserved_names: frozenset[str] = RESERVED_NAMES
) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """Names that differ from each other also without capitals, as databases want them, and what is said of it."""
    used_names = set(reserved_names)
    unique = list[str]()
    notes = list[Note]()
    for raw_name in names:
        name = plain = " ".join(raw_name.split())[:LONGEST_NAME]
        number = 1
        while name.lower() in used_names:
            number += 1
            name = f"{plain} ({number})"
        if number > 1 and not any(note.column == plain for note in notes):
            is_reserved = plain.lower() in reserved_names
            code = "reserved_name" if is_reserved else "repeated_name"
            notes.append(Note(code, plain))
        used_names.add(name.lower())
        unique.append(name)
    return tuple(unique), tuple(notes)


def count_renamed(written: Sequence[str], names: Sequence[str]) -> int:
    """How many columns have another name than what is written for them."""
    return sum(name != cell for cell, name in zip(written, names, strict=True))


def _known_header(
    rows: list[Row], line: int, last_line: int = 0
) -> tuple[int, int] | None:
    """First and last index of the records of names that begin on a line, and on `last_line` when they are several."""
    indexes = [
        index
        for index, row in enumerate(rows)
        if line and line <= row[0] <= max(line, last_line)
    ]
    if not indexes or rows[indexes[0]][0] != line:
        return None
    return (indexes[0], indexes[-1])


def _find_header(rows: list[Row]) -> tuple[int, int] | None:
    """First and last index of the record that names the columns: well filled, made of words; None when data come first."""
    block = _first_block(rows)
    filled = Counter(len(_filled(cells)) for _, cells in block if has_values(cells))
    needed = HEADER_FILLED * filled.most_common(1)[0][0]
    for index, (_, record) in enumerate(rows[:HEADER_SEARCH]):
        cells = _filled(record)
        if not cells or len(cells) < needed:
            continue
        if sum(is_name(cell) for cell in cells) < HEADER_TEXT * len(
            cells
        ) or _resembles_values(rows, index):
            return None
        named = _find_header_below_title(rows, index)
        return named, _last_header(rows, named)
    return None


def _first_block(rows: list[Row]) -> list[Row]:
    """The records above the first empty one when they are a table by themselves, else all records."""
    filled = [has_values(cells) for _, cells in rows]
    start = filled.index(True)
    if False not in filled[start:]:
        return rows
    block = rows[start : filled.index(False, start)]
    records = [cells for _, cells in block]
    if (
        len(block) >= FEWEST_BLOCK
        and all(len(_filled(cells)) > 1 for cells in records)
        and names_typed_columns(records[0], records[1:])
    ):
        return block
    return rows


def _find_header_below_title(rows: list[Row], index: int) -> int:
    """The line of names below a title: a title leaves cells empty that the names of the columns fill.

    Between two lines of words, the one with more of them stands above columns of numbers or of dates.
    """
    records = [cells for _, cells in rows]
    most = len(_filled(records[index]))
    for place in range(index + 1, min(index + 1 + TITLE_LINES, len(records))):
        names = _filled(records[place])
        below = [
            record for record in records[place + 1 : place + 21] if has_values(record)
        ]
        joined = join_groups(records[place - 1], records[place])
        distinct = len({*filter(None, joined)}) == len(names)
        distinct = distinct and not any(map(is_null, names))
        if (
            len(names) > most
            and distinct
            and len(below) > 1
            and names_typed_columns(records[place], below)
        ):
            return place
    return index


def _last_header(rows: list[Row], index: int) -> int:
    """A header may be repeated, or be followed, after a blank line, by a second one above typed columns."""
    records = [cells for _, cells in rows]
    while index + 1 < len(records) and records[index + 1] == records[index]:
        index += 1
    after = index + 1
    if after + 3 < len(records) and not has_values(records[after]):
        second = records[after + 1]
        below = records[after + 2 : after + 22]
        if len(_filled(second)) >= len(_filled(records[index])) and names_typed_columns(
            second, below
        ):
            return after + 1
    return index


def names_typed_columns(names: list[str], below: Records) -> bool:
    """Words above values that are not words, in one column at least."""
    return all(is_name(name) for name in _filled(names)) and any(
        name
        and (values := [v for record in below if (v := cell_at(record, index))])
        and not any(map(is_name, values))
        for index, name in enumerate(names)
    )


def _resembles_values(rows: list[Row], index: int) -> bool:
    """A first record of a one-column list, or with a value met again below, is no header."""
    names = rows[index][1]
    below = [cells for _, cells in rows[index + 1 : index + 40]]
    if len(set(_filled(names))) < len(_filled(names)) / 2:
        return True
    repeated = sum(
        any(cell_at(record, column) == name for record in below if record != names)
        for column, name in enumerate(names)
        if name
    )
    return repeated > len(_filled(names)) / 2


def is_name(cell: str) -> bool:
    """Whether a cell is neither a number nor a date; years name columns too."""
    return bool(YEAR.fullmatch(cell)) or not (is_number(cell) or is_date(cell))


def has_values(record: Sequence[str]) -> bool:
    """Whether any cell of a record says something."""
    for cell in record:  # noqa: SIM110 - met once a record, twice as fast as any()
        if cell and not cell.isspace():
            return True
    return False


def _filled(record: Sequence[str]) -> list[str]:
    return [cell for cell in record if cell]


def cell_at(record: Sequence[str], index: int) -> str:
    """A cell, empty where a record is too short."""
    if index < len(record):
        return record[index]
    return ""
