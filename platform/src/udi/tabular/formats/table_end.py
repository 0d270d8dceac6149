"""Where a table ends before its file does: notes and a source below it, or another table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from udi.tabular.columns.value_patterns import is_null
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import (
    cell_at,
    has_values,
    is_name,
    names_typed_columns,
)
from udi.tabular.formats.line_settings import LineSettings
from udi.tabular.formats.settled_lines import is_apart
from udi.tabular.messages.notes import Note

_WORDS = (
    r"(?:please\s+)?(?:sources?|notes?|nota|nb|n\.b\.|champ|lecture|avertissement|attention|legende|légende|licence|fuentes?|fonti?"
    r"|quellen?|hinweis|donnees|données)"
)
NOTE = re.compile(
    rf"{_WORDS}\b.*[:,/0-9].*|(?:\*+|\(\*+\)|\([0-9a-z]\)|[¹²³]|©)\s*\S.*",
    re.IGNORECASE | re.DOTALL,
)
"""A note below an empty line."""
CLEAR_NOTE = re.compile(
    rf"{_WORDS}\s*:.*|(?:\*+|\(\*+\)|\([0-9]\)|[¹²³]|©)\s*\S.*",
    re.IGNORECASE | re.DOTALL,
)
"""A note right below the last row: `Champ : France`, yet not a place such as `Champ de Mars, Rennes`."""
LONG_TEXT = 40
"""Characters from which on a lone cell after an empty line is a sentence, not a value."""
MOST_NOTES = 12
FEWEST_ROWS = 2
FEWEST_NAMES = 2
FEWEST_CHANGES = 2
"""Columns that hold another kind of cells in another table."""
LOOKED_ROWS = 20
TAIL = 40
"""Last records of a file among which notes are looked for."""


@dataclass(frozen=True)
class TableEnd:
    """The line of the last record of a table, and what is said of what stands below it."""

    last_line: int
    notes: tuple[Note, ...]


def find_table_end(
    first: Sequence[Row], tail: Sequence[Row], after: int
) -> TableEnd | None:
    """Where a table ends whose names end at line `after`, None when it goes on to the end of its file.

    `first` are the first records of the file, `tail` its last ones, or none when its end was not read.
    """
    headers = [
        _folded(cells) for line, cells in first if line <= after and has_values(cells)
    ]
    return _end_before_table(
        [row for row in first if row[0] > after], headers
    ) or _end_before_notes([row for row in tail if row[0] > after])


def find_settled_end(
    tail: Sequence[Row], after: int, settings: LineSettings
) -> TableEnd | None:
    """The end of a table below which stand as many lines with a value as its producer settled.

    None when so many lines are not there. In another file than the one on which it was settled, these lines must
    differ from rows: fewer cells, or a total.
    """
    rows = [
        (line, _stripped(cells))
        for line, cells in tail
        if line > after and has_values(cells)
    ]
    below = settings.below or 0
    if not 0 < below < len(rows):
        return None
    usual = median(sum(map(bool, cells)) for _, cells in rows[:-below])
    if settings.columns and not all(
        is_apart(cells, usual) for _, cells in rows[-below:]
    ):
        return None
    last_line = rows[-below - 1][0]
    values = {"count": str(below), "line": str(last_line)}
    return TableEnd(last_line, (Note("footer", values=values),))


def _end_before_table(
    rows: Sequence[Row], headers: Sequence[Sequence[str]]
) -> TableEnd | None:
    """Names after an empty line, other than those of the table, above columns of another kind."""
    above: list[Row] = []
    for index, ((_, cells), (_, following)) in enumerate(pairwise(rows)):
        if has_values(cells):
            above.append(rows[index])
            continue
        if len(above) < FEWEST_ROWS or not has_values(following):
            continue
        if any(_folded(cells) in headers for _, cells in rows[index + 1 : index + 3]):
            continue
        for place in (index + 1, index + 2):
            if _begins_table(rows, place, [cells for _, cells in above]):
                line = str(rows[index + 1][0])
                note = Note("several_tables", values={"line": line})
                return TableEnd(above[-1][0], (note,))
    return None


def _begins_table(
    rows: Sequence[Row], place: int, above: Sequence[Sequence[str]]
) -> bool:
    if place + FEWEST_ROWS >= len(rows):
        return False
    names = _stripped(rows[place][1])
    filled = [name for name in names if name]
    if len(filled) < FEWEST_NAMES or len(set(filled)) < len(filled):
        return False
    if any(map(is_null, filled)) or not all(map(is_name, filled)):
        return False
    before = [_stripped(record) for record in above[-LOOKED_ROWS:]]
    below = [_stripped(cells) for _, cells in rows[place + 1 : place + 1 + LOOKED_ROWS]]
    changes = sum(
        _changes_kind(index, before, below) for index, name in enumerate(names) if name
    )
    return (
        names_typed_columns(names, before)
        and changes >= FEWEST_CHANGES
        and all(
            sum(map(bool, record)) >= FEWEST_NAMES for record in below[:FEWEST_ROWS]
        )
    )


def _changes_kind(
    index: int, before: Sequence[Sequence[str]], below: Sequence[Sequence[str]]
) -> bool:
    """Whether a word stands where the rows above hold none: below numbers, or in a column that begins with it."""
    values = [value for record in before if (value := cell_at(record, index))]
    if not values:
        return all(cell_at(record, index) for record in below[:FEWEST_ROWS])
    return not any(map(is_name, values))


def _end_before_notes(tail: Sequence[Row]) -> TableEnd | None:
    """Lone cells below the last record: a source, a note, a sentence after an empty line."""
    rows = [(line, _stripped(cells)) for line, cells in tail]
    last = len(rows)
    texts = []
    while last and (not any(rows[last - 1][1]) or _is_note(rows, last - 1)):
        last -= 1
        texts.append(next((cell for cell in rows[last][1] if cell), ""))
    notes = [text for text in texts if text]
    body = [cells for _, cells in rows[:last] if any(cells)]
    if not notes or len(notes) > MOST_NOTES or len(body) < FEWEST_ROWS:
        return None
    if sum(sum(map(bool, cells)) > 1 for cells in body) < 0.5 * len(body):
        return None
    values = {"count": str(len(notes)), "line": str(rows[last - 1][0])}
    return TableEnd(rows[last - 1][0], (Note("footer", values=values),))


def _is_note(rows: Sequence[Row], place: int) -> bool:
    filled = [cell for cell in rows[place][1] if cell]
    if len(filled) != 1 or len(rows[place][1]) == 1 == _usual_width(rows):
        return False
    if CLEAR_NOTE.fullmatch(filled[0]):
        return True
    if not _is_apart(rows, place):
        return False
    is_sentence = len(filled[0]) >= LONG_TEXT and " " in filled[0]
    return is_sentence or NOTE.fullmatch(filled[0]) is not None


def _is_apart(rows: Sequence[Row], place: int) -> bool:
    """Whether only lone cells stand between a record and an empty line above it."""
    for _, cells in reversed(rows[:place]):
        filled = sum(map(bool, cells))
        if filled != 1:
            return filled == 0
    return False


def _usual_width(rows: Sequence[Row]) -> int:
    widths = sorted(len(cells) for _, cells in rows if any(cells))
    return widths[len(widths) // 2] if widths else 0


def _stripped(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def _folded(cells: Sequence[str]) -> list[str]:
    """A record without what makes no difference between two lines of names: capitals, blanks, empty cells at its end."""
    folded = [" ".join(cell.split()).lower() for cell in cells]
    while folded and not folded[-1]:
        folded.pop()
    return folded
