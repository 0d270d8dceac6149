"""Rows of a small table shown for correction, and changed: what is asked is done whole, or nothing is.

Runs in a child process: the file is untrusted. What comes back is bounded, whatever the file holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from udi.tabular.editing.editable_files import open_table
from udi.tabular.editing.model_checks import check_rows
from udi.tabular.editing.row_positions import (
    UNKNOWN_POSITION,
    Presence,
    RowIndex,
    RowPosition,
    digest_of,
)
from udi.tabular.editing.table_changes import (
    EditableTable,
    TableChanges,
    UneditableTableError,
)
from udi.tabular.formats.dialect import has_values
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.schemas.report import SchemaCellError

PAGE_ROWS = 50
MOST_ENCODED = 2 * 1024**2
"""Bytes of the cells of one page, as a form sends them."""


@dataclass(frozen=True)
class EditableRow:
    """A row as it is shown: its number, from 1, its line in the file, the digest of what it says, and where it stands."""

    number: int
    line: int
    digest: str
    cells: tuple[str, ...]
    position: RowPosition = UNKNOWN_POSITION


@dataclass(frozen=True)
class RowQuery:
    """Which rows: those that hold some words, page by page, or the one of a number or of a line of the file."""

    words: str = ""
    page: int = 1
    size: int = PAGE_ROWS
    number: int = 0
    line: int = 0


@dataclass(frozen=True)
class EditableRowPage:
    """Rows of a table, or why they cannot be changed (`refusal`, a key of `UNEDITABLE`)."""

    names: tuple[str, ...] = ()
    rows: tuple[EditableRow, ...] = ()
    total: int = 0
    matching: int = 0
    refusal: str = ""


@dataclass(frozen=True)
class RowEdit:
    """What somebody wants of a row: other values, or that it goes (None).

    `number`, `digest` and `position` are those of the row as it was shown; of a new row, 0, empty and unknown.
    """

    number: int
    digest: str
    values: tuple[str, ...] | None
    position: RowPosition = UNKNOWN_POSITION

    @property
    def is_new(self) -> bool:
        return not self.digest

    @property
    def is_untouched(self) -> bool:
        """Whether it says what was shown."""
        return self.values is not None and digest_of(self.values) == self.digest


@dataclass(frozen=True)
class TableCorrection:
    """What somebody wants of a table. `columns` is the digest of the names of its columns as they were shown.

    Unless `is_checked`, cells that the model refuses are written all the same.
    """

    edits: tuple[RowEdit, ...]
    columns: str
    is_checked: bool = True


@dataclass(frozen=True)
class RowConflict:
    """A row that is not as it was shown any more: `row` is what it says now, None where it is not surely there."""

    index: int
    row: EditableRow | None = None


@dataclass(frozen=True)
class CellRefusal:
    """A cell that cannot be written: the index of its edit, its column, and why (a letter, or nothing in the row)."""

    index: int
    column: int
    letter: str = ""


@dataclass(frozen=True)
class CorrectionResult:
    """What a correction did, or what keeps it from being done: with any of those, nothing is written."""

    changed: int = 0
    added: int = 0
    removed: int = 0
    conflicts: tuple[RowConflict, ...] = ()
    refused: tuple[CellRefusal, ...] = ()
    faults: tuple[SchemaCellError, ...] = ()
    """Cells that the model refuses: `line` is the index of their edit."""
    names: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the new file was written."""
        return bool(self.changed or self.added or self.removed)

    @property
    def is_clear(self) -> bool:
        """Whether nothing was in the way, be it that nothing was asked."""
        return not (self.conflicts or self.refused or self.faults or self.refusal)


@dataclass
class _Plan:
    added: list[tuple[str, ...]] = field(default_factory=list)
    changed: dict[int, tuple[str, ...]] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    conflicts: list[RowConflict] = field(default_factory=list)
    refused: list[CellRefusal] = field(default_factory=list)


def read_rows(
    path: Path,
    name: str,
    corrections: Mapping[str, Any],
    query: RowQuery,
) -> EditableRowPage:
    """The rows that a query asks for, with the columns of the table."""
    try:
        table = open_table(path, name, Corrections.from_json(corrections))
    except UneditableTableError as error:
        return EditableRowPage(refusal=error.code)
    if obstacle := table.find_obstacle():
        return EditableRowPage(refusal=obstacle)
    numbered = list(enumerate(table.rows, start=1))
    matching = [row for row in numbered if _matches(table, query, *row)]
    first = (query.page - 1) * query.size
    index = RowIndex(table.rows)
    rows = tuple(
        _editable_row(table, index, number - 1)
        for number, _ in matching[first : first + query.size]
    )
    if sum(_encoded_size(cell) for row in rows for cell in row.cells) > MOST_ENCODED:
        return EditableRowPage(refusal="too_large")
    return EditableRowPage(table.names, rows, len(table.rows), len(matching))


def _matches(
    table: EditableTable, query: RowQuery, number: int, cells: tuple[str, ...]
) -> bool:
    if query.number or query.line:
        return query.number == number or query.line == table.lines[number - 1]
    words = query.words.casefold()
    return not words or any(words in cell.casefold() for cell in cells)


def _encoded_size(cell: str) -> int:
    """Bytes of a cell in a form: a browser ends lines with two letters."""
    return len(quote_plus(cell.replace("\n", "\r\n"), errors="replace"))


def _editable_row(table: EditableTable, index: RowIndex, place: int) -> EditableRow:
    return EditableRow(
        place + 1,
        table.lines[place],
        index.digests[place],
        table.rows[place],
        index.position_of(place),
    )


def correct_rows(
    path: Path,
    name: str,
    corrections: Mapping[str, Any],
    target: Path,
    correction: TableCorrection,
    schemas: Path | None = None,
) -> CorrectionResult:
    """Write to `target` the file with what is asked; every other cell keeps its bytes.

    A row is found by what it said, wherever it stands now: what others changed elsewhere meanwhile stays. A row that is to
    go and is not there any more is nothing to do. `schemas` is the folder of the models that tables may follow.
    """
    corrected = Corrections.from_json(corrections)
    try:
        table = open_table(path, name, corrected)
    except UneditableTableError as error:
        return CorrectionResult(refusal=error.code)
    refusal = table.find_obstacle()
    if correction.columns != digest_of(table.names):
        refusal = "columns"
    if refusal:
        return CorrectionResult(refusal=refusal, names=table.names)
    plan = _plan(table, correction.edits)
    if plan.conflicts or plan.refused:
        return CorrectionResult(
            conflicts=tuple(plan.conflicts), refused=tuple(plan.refused)
        )
    if correction.is_checked:
        faults = check_rows(
            {
                index: edit.values
                for index, edit in enumerate(correction.edits)
                if edit.values is not None and not edit.is_untouched
            },
            table.names,
            corrected.schema,
            schemas,
            target.parent,
        )
        if faults:
            return CorrectionResult(faults=tuple(faults))
    changes = TableChanges(plan.changed, frozenset(plan.removed), tuple(plan.added))
    if changes == TableChanges():
        return CorrectionResult()
    try:
        target.write_bytes(table.write(changes))
    except UneditableTableError as error:
        return CorrectionResult(refusal=error.code)
    following = corrected.for_next_file(table.names)
    if not _reads_as_asked(target, name, following, table, plan):
        target.unlink()
        return CorrectionResult(refusal="other_reading")
    return CorrectionResult(len(plan.changed), len(plan.added), len(plan.removed))


def _reads_as_asked(
    target: Path, name: str, corrections: Corrections, table: EditableTable, plan: _Plan
) -> bool:
    """Whether the new file is read as the table with these changes and no other: a value may change how a file is read."""
    expected = [
        plan.changed.get(place) or cells
        for place, cells in enumerate(table.rows)
        if place not in plan.removed
    ]
    try:
        written = open_table(target, name, corrections)
    except UneditableTableError:
        return False
    rows = [*expected, *plan.added]
    return written.names == table.names and list(written.rows) == rows


def _plan(table: EditableTable, edits: Sequence[RowEdit]) -> _Plan:
    plan = _Plan()
    index = RowIndex(table.rows)
    for place, edit in enumerate(edits):
        if edit.is_untouched:
            continue
        if edit.values is not None and _refuse(table, plan, place, edit.values):
            continue
        if edit.values is not None and edit.is_new:
            plan.added.append(edit.values)
            continue
        taken = index.find(edit.number, edit.digest, edit.position)
        if taken is None or taken in plan.removed or taken in plan.changed:
            _note_conflict(table, index, plan, place, edit)
        elif edit.values is None:
            plan.removed.add(taken)
        else:
            plan.changed[taken] = edit.values
    return plan


def _note_conflict(
    table: EditableTable, index: RowIndex, plan: _Plan, place: int, edit: RowEdit
) -> None:
    presence = index.look_for(edit.number, edit.position)
    if presence is Presence.CHANGED:
        row = _editable_row(table, index, edit.number - 1)
        plan.conflicts.append(RowConflict(place, row))
    elif edit.values is not None or presence is Presence.UNKNOWN:
        plan.conflicts.append(RowConflict(place))


def _refuse(
    table: EditableTable, plan: _Plan, index: int, values: Sequence[str]
) -> bool:
    """Note why a row cannot be written, if it cannot."""
    if not has_values(values):
        plan.refused.append(CellRefusal(index, 0))
        return True
    refused = len(plan.refused)
    for column, value in enumerate(values):
        letter = table.find_unwritable(value)
        if letter:
            plan.refused.append(CellRefusal(index, column, letter))
    return len(plan.refused) > refused
