"""A table of text in one plain form: UTF-8, commas, the line of each record first, nothing above or between.

DuckDB then never meets an odd file: it would drop or merge cells without a word.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from udi.tabular.columns.errors import CellErrorReport
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import has_values
from udi.tabular.formats.totals import is_total

REPLACED = "\ufffd"


@dataclass
class CanonicalResult:
    """What was written: records, and the largest of them in characters (a bound for its reader)."""

    rows: int = 0
    longest: int = 0
    characters: int = 0
    totals: int = 0
    """Lines of totals that were left out."""
    empty: int = 0
    """Records between others that say nothing."""
    errors: CellErrorReport = field(default_factory=CellErrorReport)


def write_canonical(
    rows: Iterable[Row],
    target: Path,
    layout: "ColumnLayout",
    errors: CellErrorReport,
    *,
    lines: tuple[int, int],
    damaged: bool,
    without_totals: bool = False,
) -> CanonicalResult:
    """Write the records between two lines, with the columns of the layout.

    `lines` are that of the names, 0 without any, and that of the last record, 0 for the end of the file.
    `without_totals` leaves out lines of totals, and counts them.

    Cells where no column is are reported as `errors`, as are letters that could not be read when `damaged`.

    Raises:
        UnreadableError: the file cannot be read to its end.
    """
    done = CanonicalResult(errors=errors)
    with target.open("w", encoding="utf-8", errors="replace", newline="") as file:
        write = csv.writer(file, lineterminator="\n").writerow
        if without_totals:
            rows = _drop_totals(rows, done, lines)
        for record in _records(rows, done, layout, lines, _checks(damaged=damaged)):
            size = write(record)
            done.rows += 1
            done.characters += size
            done.longest = max(done.longest, size)
    return done


@dataclass(frozen=True)
class ColumnLayout:
    """Columns and where their cells are."""

    names: tuple[str, ...]
    positions: tuple[int, ...]

    @property
    def is_identity(self) -> bool:
        """Whether every column is kept, in its place."""
        return self.positions == tuple(range(len(self.positions)))


Check = Callable[[CanonicalResult, ColumnLayout, int, list[str]], None]


def _checks(*, damaged: bool) -> Check | None:
    if damaged:
        return _find_damage
    return None


def _drop_totals(
    rows: Iterable[Row], done: CanonicalResult, lines: tuple[int, int]
) -> Iterator[Row]:
    after, last = lines
    for line, cells in rows:
        if line > after and (not last or line <= last) and is_total(cells):
            done.totals += 1
        else:
            yield line, cells


def _records(
    rows: Iterable[Row],
    done: CanonicalResult,
    layout: ColumnLayout,
    lines: tuple[int, int],
    check: Check | None,
) -> Iterator[list[object]]:
    width = len(layout.positions)
    plain = layout.is_identity
    positions = layout.positions
    after, last = lines
    for line, cells in rows:
        if last and line > last:
            break
        if line <= after:
            continue
        if not has_values(cells):
            done.empty += 1
            continue
        record = cells
        if not plain or len(cells) != width:
            _find_extra(done, layout, line, cells)
            record = [cells[index] if index < len(cells) else "" for index in positions]
        if check:
            check(done, layout, line, record)
        yield [line, *record]


def _find_extra(
    done: CanonicalResult, layout: ColumnLayout, line: int, cells: list[str]
) -> None:
    if len(cells) <= len(layout.positions) and layout.is_identity:
        return
    places = set(layout.positions)
    for index, cell in enumerate(cells):
        if index not in places and cell and not cell.isspace():
            done.errors.add(line, f"col{index + 1}", "extra_cell", cell)


def _find_damage(
    done: CanonicalResult, layout: ColumnLayout, line: int, cells: list[str]
) -> None:
    for name, cell in zip(layout.names, cells, strict=True):
        if REPLACED in cell:
            done.errors.add(line, name, "bad_letter", cell)
