"""A table, or what a question leaves of it, as a file to take away; written by a child, gone once delivered."""

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TypeVar

from udi.kit.child import (
    ChildCrashError,
    ChildError,
    ChildMemoryError,
    ChildProcess,
    ChildTimeoutError,
)
from udi.kit.errors import UdiError, UnavailableError
from udi.kit.sandbox import ProcessLimits
from udi.tabular.columns.column import TypedColumn
from udi.tabular.exports.extracts import ExtractResult, TableExtract
from udi.tabular.exports.unions import TableUnion, refuse_inexact_union
from udi.tabular.queries.fair_queue import FairQueue
from udi.tabular.queries.pool import LATER, SOON, AsyncFairQueue, QueryTooHeavyError
from udi.tabular.queries.query import Query
from udi.tabular.queries.sql import (
    ALL_ROWS,
    CellExpression,
    Columns,
    Statement,
    as_finite,
    as_json,
    as_text,
    condition_statement,
    result_cells,
    whole_statement,
)
from udi.tabular.queries.table import DatasetTable

MEMORY_MB = 1_536
SECONDS = 300.0
LONGEST_FILE = 8 * 1024**3
CHUNK = 256 * 1024
MOST_TILE_COLUMNS = 1
"""Of slim tiles: each choice of columns is a file that is kept."""
MOST_FILTERED = 8
"""Files of slim tiles of some rows that are kept of one table."""
OF_ROWS = ".of-"
"""In the name of such a file."""
EXPORTS = "exports"
"""The folder, in memory, of what is made of sealed tables."""
FORMULA = "'=', '+', '-', '@', chr(9), chr(13)"


@dataclass(frozen=True)
class ExportFormat:
    """A kind of export; `options` are those of DuckDB's COPY, where it needs nothing of ours; `placed`: of places only."""

    extension: str
    media_type: str
    options: str = ""
    placed: bool = False


FORMATS = {
    "csv": ExportFormat("csv", "text/csv; charset=utf-8; header=present"),
    "json": ExportFormat("json", "application/json", "FORMAT json, ARRAY true"),
    "ndjson": ExportFormat(
        "ndjson", "application/x-ndjson", "FORMAT json, ARRAY false"
    ),
    "parquet": ExportFormat(
        "parquet", "application/vnd.apache.parquet", "FORMAT parquet, COMPRESSION zstd"
    ),
    "arrow": ExportFormat("arrow", "application/vnd.apache.arrow.file"),
    "xlsx": ExportFormat(
        "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
    "geojson": ExportFormat("geojson", "application/geo+json", placed=True),
    "pmtiles": ExportFormat("pmtiles", "application/vnd.pmtiles", placed=True),
}
WRITERS = {
    "arrow": "udi.tabular.exports.arrow_file:write_arrow",
    "csv": "udi.tabular.exports.export_writers:write_csv",
    "xlsx": "udi.tabular.exports.export_writers:write_xlsx",
    "geojson": "udi.tabular.geo.geojson:export_features",
}
NAMED_AS_ASKED = frozenset({"arrow", "geojson"})
"""What no spreadsheet opens: a name that looks like a formula stays as it is."""
COPY = "udi.tabular.exports.export_writers:copy_rows"
TILES = "udi.tabular.geo.geo_export:write_tiles"
NUMBERED_TILES = "udi.tabular.geo.geo_export:write_numbered_tiles"
"""Where each is written, in a child."""
VIEW = "udi.tabular.exports.extract_writer:write_extract"
UNION = "udi.tabular.exports.union_writer:write_union"
T = TypeVar("T")


@dataclass(frozen=True)
class TileSelection:
    """What slim tiles are of: columns by their places in the table, the number of each row beside them, and some rows.

    `rows` is the clause WHERE of the rows, about the view `t`; empty: all of them.
    """

    columns: tuple[int, ...]
    rows: Statement = ALL_ROWS


@dataclass
class ExportFile:
    """A file that is about to leave; it has no name any more, so that nothing stays when it is closed."""

    file: BinaryIO
    size: int
    start: int = 0

    async def charge(self, give: Callable[[int], Awaitable[None]]) -> None:
        """Have its bytes counted before the first is sent; where they may not be given, nothing of it stays."""
        try:
            await give(self.size)
        except BaseException:
            self.file.close()
            raise

    async def chunks(self) -> AsyncIterator[bytes]:
        """Its content, closed at the end."""
        with self.file:
            self.file.seek(self.start)
            left = self.size
            while left and (
                chunk := await asyncio.to_thread(self.file.read, min(CHUNK, left))
            ):
                left -= len(chunk)
                yield chunk


class ExportWriter:
    """Writes exports in the folder given, two at once, one a space."""

    def __init__(
        self, folder: Path, *, seconds: float = SECONDS, patience: float = 20.0
    ) -> None:
        self._folder = folder
        self._seconds = seconds
        self._gate = AsyncFairQueue(FairQueue(2, 1, 16, 4), patience)
        self._children: set[ChildProcess] = set()

    async def write(self, table: DatasetTable, query: Query, kind: str) -> ExportFile:
        """The file of an answer, whatever its length; pages are not looked at.

        Raises:
            QueryTooHeavyError: it takes too much time, memory or place, or has more rows than a sheet holds.
            TooManyRequestsError: too many exports of this producer's tables wait already.
            UnavailableError: the turn did not come in time, or the child died.
        """
        if is_whole_file(query, kind):
            return _open_export(table.path)
        async with self._gate.acquire_slot(table.space, budget=table.query_budget):
            with self._working_folder(table) as folder:
                output = folder / f"table.{FORMATS[kind].extension}"
                whole = whole_query(query, table.columns)
                await self._write_export(table, whole, kind, output)
                return _open_export(output)

    async def keep_whole(self, table: DatasetTable, kind: str) -> Path:
        """The whole table as a file of a kind, written once and kept beside it, since readers take it by parts.

        A Parquet has the columns of the table alone, where the table's own has the line of each row and its place too.

        Raises:
            QueryTooHeavyError: it takes too much time, memory or place, or has more rows than a sheet holds.
            TooManyRequestsError: too many exports of this producer's tables wait already.
            UnavailableError: the turn did not come in time, or the child died.
        """
        kept_path = whole_export_of(table, kind)
        if await asyncio.to_thread(_renew_file, kept_path):
            return kept_path
        async with self._gate.acquire_slot(table.space):
            if not kept_path.exists():
                with self._working_folder(table) as folder:
                    output = folder / f"table.{FORMATS[kind].extension}"
                    query = whole_query(Query(), table.columns)
                    await self._write_export(table, query, kind, output)
                    output.replace(kept_path)
        return kept_path

    async def write_tiles(
        self, table: DatasetTable, selection: TileSelection | None = None
    ) -> Path:
        """The vector tiles of a table, written once and kept beside it, since readers take them by parts.

        With a selection, they hold the number of each row and its columns, without the others.

        Raises:
            QueryTooHeavyError: it takes too much time, memory or place.
            TooManyRequestsError: too many exports of this producer's tables wait already.
            UnavailableError: the turn did not come in time, or the child died.
        """
        tiles_path = tiles_of(table, selection)
        if await asyncio.to_thread(_renew_file, tiles_path):
            return tiles_path
        budget = table.query_budget if selection and selection.rows.sql else None
        async with self._gate.acquire_slot(table.space, budget=budget):
            if not tiles_path.exists():
                with self._working_folder(table) as folder:
                    output = folder / "table.pmtiles"
                    await self._write_tiles(table, selection, output)
                    output.replace(tiles_path)
                    await asyncio.to_thread(_remove_old_tiles, table, tiles_path)
        return tiles_path

    async def _write_tiles(
        self, table: DatasetTable, selection: TileSelection | None, output: Path
    ) -> None:
        if selection is None:
            await self._call_child(TILES, (table.path, table.columns, output), int)
            return
        columns = tuple(table.columns[rank] for rank in selection.columns)
        rows = selection.rows
        call = (table.path, columns, output, rows.sql, rows.values)
        await self._call_child(NUMBERED_TILES, call, int)

    async def write_extract(
        self, table: DatasetTable, selection: TableExtract, path: Path
    ) -> ExtractResult:
        """A part of a table as a table of its own, kept at `path`.

        Raises:
            QueryTooHeavyError: it takes too much time, memory or place.
            TooManyRequestsError: too many exports of this producer's tables wait already.
            UnavailableError: the turn did not come in time, or the child died.
        """
        async with self._gate.acquire_slot(table.space):
            with self._working_folder(table) as folder:
                output = folder / "view.parquet"
                extract = await self._call_child(
                    VIEW, (table.path, output, selection), ExtractResult
                )
                output.replace(path)
        return extract

    async def write_union(
        self, table: DatasetTable, union: TableUnion, paths: Sequence[Path]
    ) -> None:
        """Several tables as one, kept where `table` is; `paths` are theirs, in the order of the members.

        Raises:
            ConflictError: whole numbers of one table would lose digits beside the decimals of another.
            QueryTooHeavyError, TooManyRequestsError, UnavailableError: as `keep_whole`.
        """
        async with self._gate.acquire_slot(table.space):
            with self._working_folder(table) as folder:
                output = folder / "union.parquet"
                await self._call_child(UNION, (output, union, *paths), int)
                output.replace(table.path)

    async def close(self) -> None:
        """End what is being written."""
        for child in list(self._children):
            await child.end()

    @contextmanager
    def _working_folder(self, table: DatasetTable) -> Iterator[Path]:
        """A folder for what is made of a table: in memory where the table is."""
        place = table.memory / EXPORTS if table.memory else self._folder
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_leftovers(place)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=place))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def clear(self) -> None:
        """Remove what killed processes of this machine left on its disk; from memory it goes before the next export."""
        _remove_leftovers(self._folder)

    async def _write_export(
        self, table: DatasetTable, query: Query, kind: str, output: Path
    ) -> None:
        statement = export_statement(query, table.columns, kind)
        called = [cell.name for cell in result_cells(query, table.columns)]
        if kind in NAMED_AS_ASKED:
            header = called
        else:
            header = [neutralise_formula(name) for name in called]
        last = FORMATS[kind].options or header
        await self._call_child(
            WRITERS.get(kind, COPY),
            (table.path, output, statement.sql, statement.values, last),
            int,
        )

    async def _call_child(
        self, name: str, call: tuple[object, ...], expected: type[T]
    ) -> T:
        places = tuple(str(path.parent) for path in call if isinstance(path, Path))
        async with ChildProcess(
            ProcessLimits(MEMORY_MB, LONGEST_FILE, places=places)
        ) as child:
            self._children.add(child)
            try:
                return await child.call_by_name(
                    name, expected, (call, {}), seconds=self._seconds
                )
            except ChildError as error:
                raise _refusal(error) from error
            finally:
                self._children.discard(child)


def _renew_file(path: Path) -> bool:
    """Whether a file that stays is there; its time is renewed, since those that nobody reads are removed."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed processes of this machine left."""
    for left in folder.glob("*-*"):
        if not Path("/proc", left.name.partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)


def formats_of(table: DatasetTable) -> dict[str, ExportFormat]:
    """What a table may be taken as."""
    return {
        kind: form
        for kind, form in FORMATS.items()
        if table.has_geometry or not form.placed
    }


def tiles_of(table: DatasetTable, selection: TileSelection | None = None) -> Path:
    """Where the vector tiles of a table are, once they are written."""
    if selection is None:
        return table.path.with_suffix(".pmtiles")
    ranks = "-".join(map(str, selection.columns)) or "rows"
    if not selection.rows.sql:
        return table.path.with_suffix(f".{ranks}.pmtiles")
    words = f"{selection.rows.sql} {selection.rows.values!r}"
    digest = hashlib.sha256(words.encode()).hexdigest()[:16]
    return table.path.with_suffix(f"{OF_ROWS}{digest}.{ranks}.pmtiles")


def _remove_old_tiles(table: DatasetTable, newest: Path) -> None:
    """Remove tiles of some rows that were not read for longest, where a table has too many: each filter makes a file."""
    tiles_paths = table.path.parent.glob(f"{table.path.stem}{OF_ROWS}*.pmtiles")
    by_time = sorted(
        (path for path in tiles_paths if path != newest), key=_time_of, reverse=True
    )
    for path in by_time[MOST_FILTERED - 1 :]:
        path.unlink(missing_ok=True)


def _time_of(path: Path) -> float:
    """When a file was read last; 0 where it is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def select_tiles(query: Query, columns: Columns) -> TileSelection | None:
    """Which columns and rows tiles are to have, where a question names columns; None: all of both."""
    if query.columns is None:
        return None
    return TileSelection(
        tuple(rank for rank in query.columns if rank >= 0),
        condition_statement(query.where, columns),
    )


def are_tiles(query: Query) -> bool:
    """Whether tiles can be of what is asked: the whole table, or few of its columns, of all rows or some."""
    if query.columns is None:
        return is_whole(query)
    named = [rank for rank in query.columns if rank >= 0]
    return len(named) <= MOST_TILE_COLUMNS and is_whole(
        replace(query, columns=None, where=())
    )


def whole_export_of(table: DatasetTable, kind: str) -> Path:
    """Where the whole table is as a file of a kind, once it is written."""
    return table.path.with_suffix(f".whole.{FORMATS[kind].extension}")


def is_whole(query: Query) -> bool:
    """Whether nothing is left out and nothing is asked."""
    return query == Query(page=query.page, size=query.size)


def is_whole_file(query: Query, kind: str) -> bool:
    """Whether the export is the table's own file."""
    return kind == "parquet" and is_whole(query)


def whole_query(query: Query, columns: tuple[TypedColumn, ...]) -> Query:
    """The question of an export: the columns of the file, without the row's number unless asked for."""
    if query.columns is None and not query.is_grouped and columns:
        return replace(query, columns=tuple(range(len(columns))))
    return query


def export_statement(
    query: Query, columns: tuple[TypedColumn, ...], kind: str
) -> Statement:
    """The rows of an export, each cell as its kind of file takes it, under the names of the columns."""
    if len(result_cells(query, columns)) == 1:
        csv_cell = _lone_csv_cell
    else:
        csv_cell = _csv_cell
    writers = {
        "csv": csv_cell,
        "json": as_json,
        "ndjson": as_json,
        "parquet": _as_stored,
        "arrow": _as_stored_number,
        "geojson": as_json,
    }
    write = writers.get(kind, _sheet_cell)

    def named(cell: CellExpression) -> str:
        return f'{write(cell)} AS "{cell.name.replace(chr(34), chr(34) * 2)}"'

    return whole_statement(query, columns, named, placed=kind == "geojson")


def neutralise_formula(text: str) -> str:
    """A text that no spreadsheet takes for a formula (ASVS 5.0, 1.2.10)."""
    if text[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{text}"
    return text


def _as_stored(cell: CellExpression) -> str:
    return cell.sql


def _as_stored_number(cell: CellExpression) -> str:
    """A cell as it is stored; a sum of whole numbers as Parquet has it, since few read whole numbers of 128 bits."""
    if cell.sql_type == "HUGEINT":
        return f"CAST({cell.sql} AS DOUBLE)"
    return cell.sql


def _csv_cell(cell: CellExpression) -> str:
    if cell.sql_type == "VARCHAR":
        return _sheet_cell(cell)
    if cell.sql_type == "DOUBLE":
        return as_finite(cell)
    return as_text(cell)


def _lone_csv_cell(cell: CellExpression) -> str:
    """A cell that is alone on its line: an empty one is quoted, for many readers skip an empty line and lose the row."""
    return f"coalesce(CAST({_csv_cell(cell)} AS VARCHAR), '')"


def _sheet_cell(cell: CellExpression) -> str:
    if cell.sql_type == "VARCHAR":
        return f"CASE WHEN left({cell.sql}, 1) IN ({FORMULA}) THEN '''' || {cell.sql} ELSE {cell.sql} END"
    return as_finite(cell)


def _open_export(path: Path) -> ExportFile:
    return ExportFile(path.open("rb"), path.stat().st_size)


def _refusal(error: ChildError) -> UdiError:
    smaller = (
        "Filter the rows, choose fewer columns, or download the whole table as Parquet."
    )
    if isinstance(error, ChildTimeoutError):
        return QueryTooHeavyError("This export takes too long.", remedy=smaller)
    if isinstance(error, ChildMemoryError):
        return QueryTooHeavyError(
            "This export takes too much memory.",
            remedy="Leave out the sort, or filter the rows.",
        )
    if error.args[:1] == ("TooManyRowsError",):
        return QueryTooHeavyError(
            "A sheet holds 1,048,575 rows, and this table has more.",
            remedy="Filter the rows, or download the CSV.",
        )
    if error.args[:1] == ("InexactNumbersError",):
        return refuse_inexact_union()
    if isinstance(error, ChildCrashError) and "SIGXFSZ" in error.args[0]:
        return QueryTooHeavyError("This export is too large.", remedy=smaller)
    return UnavailableError(
        "The export could not be written.", remedy=LATER, headers=SOON
    )
