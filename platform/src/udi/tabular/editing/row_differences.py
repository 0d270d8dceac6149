"""What changes from the published rows of a small table to those that wait, cell by cell, also where no column names a row.

Runs in a child process: the files are untrusted. What comes back is bounded, whatever they hold.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path
from typing import Any

from udi.tabular.editing.editable_files import open_table
from udi.tabular.editing.table_changes import UneditableTableError
from udi.tabular.profiles.corrections import Corrections

MOST_CHANGES = 200
MOST_PAIRS = 4_000_000
"""Pairs of rows that are compared for their order; beyond, equal rows are only counted."""
LONGEST_CELL = 200
Rows = Sequence[tuple[str, ...]]


class RowChangeKind(StrEnum):
    """What happened to a row."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class CellChange:
    """A cell before and after; of a row that was added or removed, every cell that says something."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class RowChange:
    """A row that changes: its number among the rows that wait, or, once removed, among those that are published."""

    kind: RowChangeKind
    number: int
    cells: tuple[CellChange, ...]


@dataclass(frozen=True)
class RowDifference:
    """How many rows change, and the first of them; `is_unknown` where the two tables cannot be compared row by row."""

    changed: int = 0
    added: int = 0
    removed: int = 0
    changes: tuple[RowChange, ...] = ()
    is_unknown: bool = False


@dataclass(frozen=True)
class TableFile:
    """A local copy of a file, its name and how it is read."""

    path: Path
    name: str
    corrections: Mapping[str, Any]

    def read(self) -> tuple[tuple[str, ...], Rows]:
        """The names of its columns, and its rows.

        Raises:
            UneditableTableError: it is no small text.
        """
        corrections = Corrections.from_json(self.corrections)
        table = open_table(self.path, self.name, corrections)
        return table.names, table.rows


def compare_rows(before: TableFile, after: TableFile) -> RowDifference:
    """What the rows of `after` change of those of `before`."""
    try:
        names, old = before.read()
        new_names, new = after.read()
    except UneditableTableError:
        return RowDifference(is_unknown=True)
    if names != new_names:
        return RowDifference(is_unknown=True)
    counts = Counter[RowChangeKind]()
    changes = list[RowChange]()
    for change in _changes(names, old, new):
        counts[change.kind] += 1
        if len(changes) < MOST_CHANGES:
            changes.append(change)
    return RowDifference(
        counts[RowChangeKind.CHANGED],
        counts[RowChangeKind.ADDED],
        counts[RowChangeKind.REMOVED],
        tuple(changes),
    )


def _changes(names: Sequence[str], old: Rows, new: Rows) -> Iterator[RowChange]:
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left = old[start : len(old) - end]
    right = new[start : len(new) - end]
    for first, last, low, high in _blocks(left, right):
        paired = min(last - first, high - low)
        for place in range(paired):
            cells = _cells(names, left[first + place], right[low + place])
            number = start + low + place + 1
            yield RowChange(RowChangeKind.CHANGED, number, cells)
        for place in range(first + paired, last):
            cells = _cells(names, left[place], None)
            yield RowChange(RowChangeKind.REMOVED, start + place + 1, cells)
        for place in range(low + paired, high):
            cells = _cells(names, None, right[place])
            yield RowChange(RowChangeKind.ADDED, start + place + 1, cells)


def _blocks(left: Rows, right: Rows) -> Iterator[tuple[int, int, int, int]]:
    """Where the rows differ: a stretch on the left, and the one on the right that takes its place."""
    if len(left) * len(right) > MOST_PAIRS:
        yield from _unordered_blocks(left, right)
        return
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for tag, first, last, low, high in matcher.get_opcodes():
        if tag != "equal":
            yield first, last, low, high


def _unordered_blocks(left: Rows, right: Rows) -> Iterator[tuple[int, int, int, int]]:
    """The same without an order: rows that the other side lacks, each alone."""
    missing = Counter(right)
    for place, row in enumerate(left):
        if missing[row]:
            missing[row] -= 1
        else:
            yield place, place + 1, 0, 0
    extra = Counter(left)
    for place, row in enumerate(right):
        if extra[row]:
            extra[row] -= 1
        else:
            yield 0, 0, place, place + 1


def _cells(
    names: Sequence[str],
    before: tuple[str, ...] | None,
    after: tuple[str, ...] | None,
) -> tuple[CellChange, ...]:
    blank = ("",) * len(names)
    return tuple(
        CellChange(name, was[:LONGEST_CELL], now[:LONGEST_CELL])
        for name, was, now in zip(names, before or blank, after or blank, strict=True)
        if was != now
    )
