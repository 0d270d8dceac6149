"""Exports, written inside a child: a table or a part of it as another kind of file."""

import csv
import os
from collections.abc import Iterator
from datetime import date, datetime, time
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from udi.tabular.sandbox.duckdb_sandbox import literal
from udi.tabular.sandbox.engine import EXPORT_MEMORY, open_parquet

MOST_ROWS = 1_048_575
LONGEST_CELL = 32_767
EXACT = 10**15
"""Beyond this a spreadsheet rounds: such numbers are written as text."""
FIRST_DAY = date(1900, 3, 1)
"""Before this, spreadsheets do not agree on dates: they are written as text."""
WRITTEN = datetime(2000, 1, 1)  # noqa: DTZ001 - sheets have no zones
"""When a sheet says that it was made: the same rows are the same bytes, as their ETag promises."""
BATCH = 2_000
END = "\n"
CUT_NOTICE = (
    "Cells longer than 32,767 characters were cut: take the CSV to have them whole."
)


class TooManyRowsError(Exception):
    """More rows than a sheet holds; the number is its argument."""


def copy_rows(
    path: Path, output: Path, sql: str, values: tuple[Any, ...], options: str
) -> int:
    """Write the rows of a statement as DuckDB itself does, JSON or Parquet; how many."""
    connection = open_parquet(path, memory=EXPORT_MEMORY, output=output)
    result = connection.execute(
        f"COPY ({sql}) TO {literal(output)} ({options})", list(values)
    )
    return int(result.fetchall()[0][0])


def write_csv(
    path: Path, output: Path, sql: str, values: tuple[Any, ...], header: list[str]
) -> int:
    """Write the rows of a statement as CSV; how many.

    DuckDB would rename columns that differ by their capitals only, so the first line is ours; it takes one only with
    an end, which is that of the last row.
    """
    line = StringIO()
    csv.writer(line, lineterminator="\n").writerow(header)
    ends = f"PREFIX {literal(line.getvalue())}, SUFFIX {literal(END)}"
    row_count = copy_rows(
        path, output, sql, values, f"FORMAT csv, HEADER false, {ends}"
    )
    if not row_count:
        os.truncate(output, output.stat().st_size - len(END))
    return row_count


def write_xlsx(
    path: Path, output: Path, sql: str, values: tuple[Any, ...], header: list[str]
) -> int:
    """Write the rows of a statement as a sheet (XLSX), row after row; how many.

    Raises:
        TooManyRowsError: there are more than a sheet holds.
    """
    connection = open_parquet(path, memory=EXPORT_MEMORY)
    total = connection.execute(
        f"SELECT count(*) FROM ({sql})", list(values)
    ).fetchall()[0][0]
    if total > MOST_ROWS:
        raise TooManyRowsError(total)
    options = {
        "constant_memory": True,
        "tmpdir": str(output.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(str(output), options) as book:
        book.set_properties({"created": WRITTEN})
        page = book.add_worksheet("data")
        writer = _SheetWriter(
            page,
            book.add_format({"num_format": "yyyy-mm-dd"}),
            book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            book.add_format({"num_format": "hh:mm:ss"}),
        )
        writer.write_row(0, header)
        for number, row in enumerate(_rows(connection.execute(sql, list(values))), 1):
            writer.write_row(number, row)
        if writer.was_cut:
            book.add_worksheet("notes").write_string(0, 0, CUT_NOTICE)
    return int(total)


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := result.fetchmany(BATCH):
        yield from batch


class _SheetWriter:
    """Writes cells as what they are, never as what a spreadsheet would make of their text."""

    def __init__(self, page: Any, day: Any, moment: Any, hour: Any) -> None:
        self._page = page
        self._day = day
        self._moment = moment
        self._hour = hour
        self.was_cut = False

    def write_row(self, number: int, row: Any) -> None:
        """One row."""
        for place, value in enumerate(row):
            if value is not None:
                self._cell(number, place, value)

    def _cell(self, row: int, place: int, value: Any) -> None:
        if isinstance(value, bool):
            self._page.write_boolean(row, place, value)
        elif isinstance(value, int | float) and abs(value) < EXACT:
            self._page.write_number(row, place, value)
        elif isinstance(value, datetime) and value.date() >= FIRST_DAY:
            self._page.write_datetime(row, place, value, self._moment)
        elif (
            isinstance(value, date)
            and not isinstance(value, datetime)
            and value >= FIRST_DAY
        ):
            self._page.write_datetime(row, place, value, self._day)
        elif isinstance(value, time):
            self._page.write_datetime(row, place, value, self._hour)
        else:
            self._text(
                row, place, value.isoformat() if isinstance(value, date) else str(value)
            )

    def _text(self, row: int, place: int, text: str) -> None:
        if len(text) > LONGEST_CELL:
            self.was_cut = True
            text = text[: LONGEST_CELL - 1] + "…"
        self._page.write_string(row, place, text)
