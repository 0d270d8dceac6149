"""The cells of a typed table that are worth a look: a sample of each column, and all that could be a number or a mail."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from udi.tabular.columns.column import LINE, TEXT_STORED, TypedColumn
from udi.tabular.personal.vocabulary import Header
from udi.tabular.sandbox.duckdb_sandbox import (
    MEMORY,
    Connection,
    connect,
    identifier,
    literal,
)

LOOKED = 2000
FIRST = 500
LONGEST_CELL = 2000
BATCH = 25
SHOWN_LINES = 5
MAIL = "@"
NUMBER = (
    r"\d(?:[ \x{00A0}\x{202F}./()-]{0,3}[\dABab]){7,}|[A-Za-z]{2}\d{2}(?:[ \x{00A0}]?[A-Za-z0-9]){11}"
    r"|[A-Z]{2}[- ]?\d{3}[- ]?[A-Z]{2}|\d{2,4}[ -]?[A-Z]{2,3}[ -]?\d{2}|\d\.\d{1,3}\.\d{1,3}\.\d"
    r"|\b(?:M\.|MM\.|Mme|Mlle|Monsieur|Madame|Mademoiselle|Mr|Mrs|Ms)[. ]"
)
"""Whatever a detector may want to see, in RE2's words."""
SUSPECT = re.compile(
    NUMBER.replace(r"\x{00A0}", "\u00a0").replace(r"\x{202F}", "\u202f")
)
Cell = tuple[int, str]
Test = Callable[[str], bool]


@dataclass(frozen=True)
class SuspectCells:
    """Cells that may hold something: `count` in the whole column, `cells` those that were read."""

    count: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class CellMatches:
    """Cells that pass a test."""

    count: int
    lines: tuple[int, ...]
    estimated: bool = False


@dataclass(frozen=True)
class ColumnCells:
    """One column: how many cells say something, a spread sample of them in the order of the file, and the suspects."""

    column: TypedColumn
    header: Header
    filled: int
    sample: tuple[Cell, ...]
    mails: SuspectCells
    numbers: SuspectCells

    @property
    def name(self) -> str:
        return self.column.name

    def share(self, test: Test) -> float:
        """The share of the sample that passes a test."""
        if self.sample:
            return sum(1 for _, text in self.sample if test(text)) / len(self.sample)
        return 0.0

    def hits(self, test: Test) -> CellMatches:
        """The cells of the column that pass a test, counted on the sample."""
        return count_hits(SuspectCells(self.filled, self.sample), test)


def count_hits(suspects: SuspectCells, test: Test) -> CellMatches:
    """How many of the suspects pass a test: exact when all were read."""
    lines = [line for line, text in suspects.cells if test(text)]
    read = len(suspects.cells)
    if read >= suspects.count:
        scaled = len(lines)
    else:
        scaled = round(len(lines) * suspects.count / max(read, 1))
    return CellMatches(
        scaled, tuple(lines[:SHOWN_LINES]), estimated=read < suspects.count
    )


@contextmanager
def open_table(parquet: Path) -> Iterator[Connection]:
    """A connection that sees the typed table as `t`, and nothing else."""
    connection = connect(parquet, memory=MEMORY, threads=2)
    try:
        connection.execute(
            f"CREATE VIEW t AS SELECT * FROM read_parquet({literal(parquet)})"
        )
        yield connection
    finally:
        connection.close()


def read_cells(
    table: Connection, columns: Sequence[TypedColumn], rows: int
) -> list[ColumnCells]:
    """Every column that is looked at; a small table is read whole, once."""
    if rows <= LOOKED:
        return _read_whole(table, columns)
    return [
        cells
        for start in range(0, len(columns), BATCH)
        for cells in _read_batch(table, columns[start : start + BATCH])
    ]


def _read_whole(table: Connection, columns: Sequence[TypedColumn]) -> list[ColumnCells]:
    texts = ", ".join(
        f"left({identifier(column.name)}::VARCHAR, {LONGEST_CELL})"
        for column in columns
    )
    records = table.execute(f"SELECT {LINE}, {texts} FROM t").fetchall()
    read = []
    for index, column in enumerate(columns, start=1):
        sample = tuple(
            (record[0], record[index])
            for record in records
            if record[index] is not None
        )
        searched = sample if column.sql_type == TEXT_STORED else ()
        mails = tuple(cell for cell in searched if MAIL in cell[1])
        numbers = tuple(cell for cell in searched if SUSPECT.search(cell[1]))
        read.append(
            ColumnCells(
                column=column,
                header=Header(column.name),
                filled=len(sample),
                sample=sample,
                mails=SuspectCells(len(mails), mails),
                numbers=SuspectCells(len(numbers), numbers),
            )
        )
    return read


def _read_batch(
    table: Connection, columns: Sequence[TypedColumn]
) -> Iterator[ColumnCells]:
    counted = ", ".join(_counts(column) for column in columns)
    row = table.execute(f"SELECT {counted} FROM t", _patterns(columns)).fetchone() or ()
    for index, column in enumerate(columns):
        filled, mails, numbers = (
            value or 0 for value in row[3 * index : 3 * index + 3]
        )
        yield ColumnCells(
            column=column,
            header=Header(column.name),
            filled=filled,
            sample=_sample_cells(
                table, column, filled, f"{identifier(column.name)} IS NOT NULL"
            ),
            mails=SuspectCells(
                mails,
                _sample_cells(table, column, mails, _where(column, mail=True), [MAIL]),
            ),
            numbers=SuspectCells(
                numbers,
                _sample_cells(
                    table, column, numbers, _where(column, mail=False), [NUMBER]
                ),
            ),
        )


def _counts(column: TypedColumn) -> str:
    name = identifier(column.name)
    if column.sql_type != TEXT_STORED:
        return f"count({name}), 0, 0"
    conditions = (f"count_if({_where(column, mail=mail)})" for mail in (True, False))
    return f"count({name}), {', '.join(conditions)}"


def _patterns(columns: Sequence[TypedColumn]) -> list[str]:
    return [
        pattern
        for column in columns
        if column.sql_type == TEXT_STORED
        for pattern in (MAIL, NUMBER)
    ]


def _where(column: TypedColumn, *, mail: bool) -> str:
    name = identifier(column.name)
    if mail:
        return f"contains({name}, ?)"
    return f"regexp_matches({name}, ?)"


def _sample_cells(
    table: Connection,
    column: TypedColumn,
    total: int,
    condition: str,
    values: Sequence[str] = (),
) -> tuple[Cell, ...]:
    """The first cells that fulfil a condition and others spread over the table, in its order, each cut."""
    if not total:
        return ()
    text = f"left({identifier(column.name)}::VARCHAR, {LONGEST_CELL})"
    first = FIRST if total > LOOKED else LOOKED
    query = f"SELECT {LINE}, {text} FROM t WHERE {condition}"
    cells = dict(table.execute(f"{query} LIMIT {first}", values).fetchall())
    if total > LOOKED:
        step = max(1, total // (LOOKED - FIRST))
        spread = f"{query} AND hash({LINE}) % {step} = 0 LIMIT {LOOKED}"
        cells |= dict(table.execute(spread, values).fetchall())
    return tuple(sorted(cells.items()))
