"""Rows of a small table shown for correction, and changed: what is asked is done whole, or nothing is.

Runs in a child process: the file is untrusted. What comes back is bounded, whatever the file holds.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from udi.tabular.editing.delimited_spans import (
    RecordSpan,
    Splice,
    add_records,
    apply_splices,
    change_record,
    remove_record,
)
from udi.tabular.editing.editable_text import (
    EditableText,
    UneditableTableError,
    open_text,
)
from udi.tabular.editing.model_checks import check_rows
from udi.tabular.formats.dialect import has_values
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.schemas.report import SchemaCellError

PAGE_ROWS = 50
MOST_CHARACTERS = 2_000_000
"""Of the cells of one page."""


@dataclass(frozen=True)
class EditableRow:
    """A row as it is shown: its place among the rows, from 1, its line in the file, and the digest of what it says."""

    number: int
    line: int
    digest: str
    cells: tuple[str, ...]


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

    `number` and `digest` are those of the row as it was shown; of a new row, 0 and empty.
    """

    number: int
    digest: str
    values: tuple[str, ...] | None

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
    """A row that is not as it was shown any more: `cells` is what stands at its place, nothing where no row does."""

    index: int
    cells: tuple[str, ...]
    digest: str = ""


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
    splices: list[Splice] = field(default_factory=list)
    added: list[tuple[str, ...]] = field(default_factory=list)
    changed: dict[int, tuple[str, ...]] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    conflicts: list[RowConflict] = field(default_factory=list)
    refused: list[CellRefusal] = field(default_factory=list)


def digest_of(cells: Sequence[str]) -> str:
    """What tells a row from another one, and from itself once it is changed."""
    joined = "\x1f".join(cells)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_rows(
    path: Path,
    name: str,
    corrections: Mapping[str, Any],
    query: RowQuery,
) -> EditableRowPage:
    """The rows that a query asks for, with the columns of the table."""
    try:
        table = open_text(path, name, Corrections.from_json(corrections))
    except UneditableTableError as error:
        return EditableRowPage(refusal=error.code)
    numbered = list(enumerate(table.rows, start=1))
    matching = [row for row in numbered if _matches(table, query, *row)]
    first = (query.page - 1) * query.size
    rows = tuple(
        _editable_row(table, place, record)
        for place, record in matching[first : first + query.size]
    )
    if sum(len(cell) for row in rows for cell in row.cells) > MOST_CHARACTERS:
        return EditableRowPage(refusal="too_large")
    return EditableRowPage(table.names, rows, len(table.rows), len(matching))


def _matches(
    table: EditableText, query: RowQuery, number: int, record: RecordSpan
) -> bool:
    if query.number or query.line:
        return query.number == number or query.line == record.line
    words = query.words.casefold()
    return not words or any(
        words in value.casefold() for value in table.values_of(record)
    )


def _editable_row(table: EditableText, number: int, record: RecordSpan) -> EditableRow:
    cells = table.values_of(record)
    return EditableRow(number, record.line, digest_of(cells), cells)


def correct_rows(
    path: Path,
    name: str,
    corrections: Mapping[str, Any],
    target: Path,
    correction: TableCorrection,
    schemas: Path | None = None,
) -> CorrectionResult:
    """Write to `target` the file with what is asked; every other cell keeps its bytes.

    A row is found by what it said, wherever it stands now: what others changed elsewhere meanwhile stays. `schemas` is
    the folder of the models that tables may follow.
    """
    corrected = Corrections.from_json(corrections)
    try:
        table = open_text(path, name, corrected)
    except UneditableTableError as error:
        return CorrectionResult(refusal=error.code)
    if correction.columns != digest_of(table.names):
        return CorrectionResult(refusal="columns", names=table.names)
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
    if not plan.splices:
        return CorrectionResult()
    target.write_bytes(table.write(apply_splices(table.text, plan.splices)))
    following = corrected.for_next_file(table.names)
    if not _reads_as_asked(target, name, following, table, plan):
        target.unlink()
        return CorrectionResult(refusal="other_reading")
    return CorrectionResult(len(plan.changed), len(plan.added), len(plan.removed))


def _reads_as_asked(
    target: Path, name: str, corrections: Corrections, table: EditableText, plan: _Plan
) -> bool:
    """Whether the new file is read as the table with these changes and no other: a value may change how a file is read."""
    expected = [
        plan.changed.get(place) or table.values_of(record)
        for place, record in enumerate(table.rows)
        if place not in plan.removed
    ]
    try:
        written = open_text(target, name, corrections)
    except UneditableTableError:
        return False
    return written.names == table.names and [
        written.values_of(record) for record in written.rows
    ] == [*expected, *plan.added]


def _plan(table: EditableText, edits: Sequence[RowEdit]) -> _Plan:
    plan = _Plan()
    places = dict[str, list[int]]()
    for place, record in enumerate(table.rows):
        places.setdefault(digest_of(table.values_of(record)), []).append(place)
    for index, edit in enumerate(edits):
        if edit.is_untouched:
            continue
        if edit.values is not None and _refuse(table, plan, index, edit.values):
            continue
        if edit.values is not None and edit.is_new:
            plan.added.append(edit.values)
            continue
        taken = _take_place(places, edit)
        if taken is None:
            plan.conflicts.append(_conflict(table, index, edit.number))
        elif edit.values is None:
            plan.removed.add(taken)
            plan.splices.append(remove_record(table.rows[taken]))
        else:
            plan.changed[taken] = tuple(edit.values)
            values = list(zip(table.positions, edit.values, strict=True))
            plan.splices += change_record(table.rows[taken], values, table.style)
    if plan.added and not plan.conflicts:
        _add(table, plan)
    return plan


def _take_place(places: dict[str, list[int]], edit: RowEdit) -> int | None:
    """Where the row of an edit stands now: of equal rows, the nearest that no other edit takes."""
    equal = places.get(edit.digest)
    if not equal:
        return None
    nearest = min(equal, key=lambda place: abs(place + 1 - edit.number))
    equal.remove(nearest)
    return nearest


def _conflict(table: EditableText, index: int, number: int) -> RowConflict:
    if not 0 < number <= len(table.rows):
        return RowConflict(index, ())
    cells = table.values_of(table.rows[number - 1])
    return RowConflict(index, cells, digest_of(cells))


def _refuse(
    table: EditableText, plan: _Plan, index: int, values: Sequence[str]
) -> bool:
    """Note why a row cannot be written, if it cannot."""
    if not has_values(values):
        plan.refused.append(CellRefusal(index, 0))
        return True
    refused = len(plan.refused)
    for column, value in enumerate(values):
        letter = _find_unwritable(table, value)
        if letter:
            plan.refused.append(CellRefusal(index, column, letter))
    return len(plan.refused) > refused


def _find_unwritable(table: EditableText, value: str) -> str:
    """The first letter that the file's encoding lacks; empty when there is none."""
    try:
        table.write(value)
    except UnicodeEncodeError as error:
        return value[error.start]
    return ""


def _add(table: EditableText, plan: _Plan) -> None:
    """Write the new rows behind the last one that stays."""
    width = (
        max((*table.positions, len(table.above.cells) - 1 if table.above else 0)) + 1
    )
    rows = []
    for values in plan.added:
        cells = [""] * width
        for position, value in zip(table.positions, values, strict=True):
            cells[position] = value
        rows.append(cells)
    remaining = [
        record for place, record in enumerate(table.rows) if place not in plan.removed
    ]
    after = remaining[-1] if remaining else table.above or table.rows[-1]
    plan.splices.append(add_records(after, rows, table.style))
