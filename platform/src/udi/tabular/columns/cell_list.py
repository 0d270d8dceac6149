"""Every cell of a table that is to be looked at, whatever their number, in one file that a page reads line by line.

Its parts are written on the way, each where it is found; DuckDB then brings them in the order of the producer's file.
"""

import csv
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import duckdb

from udi.tabular.sandbox.duckdb_sandbox import connect, literal

NO_PLACE = 1_000_000
"""After those of the columns, on one line."""
LONGEST_LINE = 2 * 1024**2
PLAIN = "{'line': 'bigint', 'column': 'varchar', 'code': 'varchar', 'value': 'varchar'}"


class CellListFile:
    """Cells listed one by one, in a CSV file; `is_whole` is false once there was no room left for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_whole = True
        self._file: TextIO | None = None

    def add(self, line: int, column: str, code: str, value: str) -> None:
        """One more."""
        try:
            if self._file is None:
                self._file = self.path.open(
                    "w", encoding="utf-8", errors="replace", newline=""
                )
            csv.writer(self._file, lineterminator="\n").writerow(
                (line, column, code, value.replace("\0", ""))
            )
        except OSError:
            self.is_whole = False

    def end(self) -> bool:
        """Write what is left; whether there is something."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError:
            self.is_whole = False
        self._file = None
        return self.path.exists()

    def discard(self) -> None:
        """Nothing was listed."""
        self.end()
        self.path.unlink(missing_ok=True)
        self.is_whole = True


class CellListFolder:
    """The parts of a list in a folder of their own, which the caller removes.

    `cells` and `places` are listed one by one; DuckDB writes `misfits` (line, column, code, value, place) and `asked`
    (the same and `expected`), which are Parquet files.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.cells = CellListFile(folder / "cells.csv")
        self.places = CellListFile(folder / "places.csv")
        self.misfits = folder / "misfits.parquet"
        self.schema_errors = folder / "asked.parquet"
        self._is_whole = True

    def reset(self) -> None:
        """Forget what an earlier reading of the same file listed."""
        self._is_whole = True
        self.cells.discard()
        self.places.discard()
        for path in (self.misfits, self.schema_errors):
            path.unlink(missing_ok=True)

    def mark_incomplete(self) -> None:
        """A part could not be written: a list that is not whole is none."""
        self._is_whole = False

    def write(self, target: Path) -> int:
        """Write the whole list to `target`, JSON lines packed by gzip; how many cells, 0 when it cannot be whole.

        A line has `line`, `column`, `code`, `value`, `expected` and `asked`: whether a schema asks for something else. Of
        a cell that is wrong in both ways, it says what the schema asks for.
        """
        parts = [
            _csv_query(part.path) for part in (self.cells, self.places) if part.end()
        ]
        parts += (
            [f"SELECT * FROM read_parquet({literal(self.misfits)})"]
            if self.misfits.exists()
            else []
        )
        has_schema_errors = self.schema_errors.exists()
        if not (parts or has_schema_errors) or not (
            self._is_whole and self.cells.is_whole and self.places.is_whole
        ):
            return 0
        with suppress(duckdb.Error, OSError, MemoryError):
            return self._write(parts, target, has_schema_errors=has_schema_errors)
        target.unlink(missing_ok=True)
        return 0

    def _write(self, parts: list[str], target: Path, *, has_schema_errors: bool) -> int:
        refused = f"(SELECT * FROM read_parquet({literal(self.schema_errors)}))"
        unfit = f"FROM ({' UNION ALL '.join(parts)})"
        plain = f"SELECT line, \"column\", code, value, place, '' AS expected, false AS asked {unfit}"
        if has_schema_errors and parts:
            plain += f' ANTI JOIN {refused} USING (line, "column")'
        union = [plain] * bool(parts) + [
            f"SELECT *, true AS asked FROM {refused}"
        ] * has_schema_errors
        listed = (
            f'SELECT line, "column", code, value, expected, asked FROM ({" UNION ALL BY NAME ".join(union)})'
            ' ORDER BY line, place, "column", code'
        )
        with connect(target.parent, spill=self.folder) as connection:
            done = connection.execute(
                f"COPY ({listed}) TO {literal(target)} (FORMAT json, COMPRESSION gzip)"
            ).fetchone()
        if done:
            return int(done[0])
        return 0


def _csv_query(path: Path) -> str:
    read = (
        f"read_csv({literal(path)}, columns = {PLAIN}, auto_detect = false, header = false, delim = ',', quote = '\"',"
        f" escape = '\"', strict_mode = true, max_line_size = {LONGEST_LINE})"
    )
    return f"SELECT line, \"column\", code, coalesce(value, '') AS value, {NO_PLACE} AS place FROM {read}"
