"""Where a table ends before its file does: notes and a source below it, or another table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from udi.tabular.columns.value_patterns import is_null
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import (
    has_values,
    is_name,
    names_typed_columns,
)
from udi.tabular.messages.notes import Note

NOTE = re.compile(
    r"(?:please\s+)?(?:sources?|notes?|nota|nb|n\.b\.|champ|lecture|avertissement|attention|legende|légende|licence|fuentes?|fonti?"
    r"|quellen?|hinweis|donnees|données)\b.*[:,/0-9].*|(?:\*+|\(\*+\)|\([0-9a-z]\)|[¹²³]|©)\s*\S.*",
    re.IGNORECASE | re.DOTALL,
)
LONG_TEXT = 40
"""Characters from which on a lone cell after an empty line is a sentence, not a value."""
MOST_NOTES = 12
FEWEST_ROWS = 2
FEWEST_NAMES = 2
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
    return _end_before_table(
        [row for row in first if row[0] > after]
    ) or _end_before_notes([row for row in tail if row[0] > after])


def _end_before_table(rows: Sequence[Row]) -> TableEnd | None:
    """Names after an empty line, above columns of another kind."""
    above: list[Row] = []
    for index, ((_, cells), (_, following)) in enumerate(pairwise(rows)):
        if has_values(cells):
            above.append(rows[index])
            continue
        if len(above) < FEWEST_ROWS or not has_values(following):
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
    return names_typed_columns(names, before) and all(
        sum(map(bool, record)) >= FEWEST_NAMES for record in below[:FEWEST_ROWS]
    )


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
    if NOTE.fullmatch(filled[0]):
        return True
    apart = any(not any(cells) for _, cells in rows[max(0, place - 3) : place])
    return apart and len(filled[0]) >= LONG_TEXT and " " in filled[0]


def _usual_width(rows: Sequence[Row]) -> int:
    widths = sorted(len(cells) for _, cells in rows if any(cells))
    return widths[len(widths) // 2] if widths else 0


def _stripped(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]
