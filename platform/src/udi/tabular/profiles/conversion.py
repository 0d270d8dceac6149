"""From a file to a typed table: a strict conversion that loses no cell without saying so."""

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb

from udi.kit.disk_space import is_disk_full
from udi.tabular.columns.casts import cast_value, text_or_null
from udi.tabular.columns.cell_list import CellListFolder
from udi.tabular.columns.column import LINE, TypedColumn
from udi.tabular.columns.errors import CellErrorReport
from udi.tabular.columns.type_confirmation import TextTable, confirm_types, find_misfits
from udi.tabular.columns.zero_repair import LOST_ZEROS, put_zeros_back
from udi.tabular.formats.canonical_csv import (
    CanonicalResult,
    ColumnLayout,
    write_canonical,
)
from udi.tabular.formats.file_kind import FileKind
from udi.tabular.formats.parquet import parquet_relation
from udi.tabular.formats.source import SourceFile
from udi.tabular.messages.notes import Note, UnreadableTableError
from udi.tabular.profiles.corrections import NONE, Corrections
from udi.tabular.profiles.header_lines import Names
from udi.tabular.profiles.opened_files import OpenedFile, open_source_file
from udi.tabular.profiles.profile import (
    InferredTable,
    Profile,
    infer_table,
    is_period,
    profile_table,
)
from udi.tabular.profiles.repairs import (
    Repair,
    count_cell_repairs,
    list_file_repairs,
    list_line_repairs,
    list_zero_repairs,
)
from udi.tabular.profiles.row_sample import sample_rows
from udi.tabular.sandbox.duckdb_sandbox import connect, identifier, literal

SHORTEST_LINE = 2 * 1024**2
BYTES_A_CHARACTER = 4
GROUP_ROWS = 122_880
FEWEST_ROWS = 2_048
GROUP_BYTES = 64 * 1024**2
MEMORY = "700MB"


@dataclass(frozen=True)
class TableConversion:
    """What a conversion gave; `failure` when there is no table.

    `profile` is what all values say: its columns are those of the Parquet file, its rows are counted, its notes include
    the types that did not hold. `other_headers` are what the columns may be called instead (`find_other_headers`).
    """

    profile: Profile
    errors: CellErrorReport = field(default_factory=CellErrorReport)
    failure: Note | None = None
    other_headers: tuple[Names, ...] = ()
    repairs: tuple[Repair, ...] = ()
    """What differs from the file, where its producer asked for a mended copy; else the zeros that were put back."""


def convert_table(
    source: Path,
    profile: Profile,
    target: Path,
    *,
    file_name: str = "",
    corrections: Corrections = NONE,
    texts: Path | None = None,
    listing: CellListFolder | None = None,
) -> TableConversion:
    """Write the typed table of a local file to `target`; what the person corrected wins over what the values say.

    `profile` is what was understood before; `file_name` the producer's own; `texts` where the cells go as the file
    writes them, in a folder that the caller removes; `listing` takes every cell that does not fit. Works in a folder
    beside `target`, which it removes; that needs room for about the size of the file. Never raises on what the file
    holds, only on a full disk.
    """
    file = SourceFile.at(source, file_name)
    errors = CellErrorReport(listing=listing)
    if listing is not None:
        listing.reset()
    try:
        with (
            tempfile.TemporaryDirectory(
                dir=target.parent, prefix="converting-"
            ) as folder,
            open_source_file(file, corrections, scanned=math.inf) as table,
        ):
            return _convert(
                file, table, corrections, Path(folder), target, texts, errors
            )
    except UnreadableTableError as error:
        failure = error.note
    except (duckdb.Error, RuntimeError, MemoryError) as error:
        if is_disk_full(error):
            raise
        failure = Note("too_heavy")
    target.unlink(missing_ok=True)
    return TableConversion(replace(profile, failure=failure), failure=failure)


def _convert(
    source: SourceFile,
    table: OpenedFile | FileKind,
    corrections: Corrections,
    folder: Path,
    target: Path,
    texts: Path | None,
    errors: CellErrorReport,
) -> TableConversion:
    if isinstance(table, FileKind):
        raise UnreadableTableError("no_table")
    sample = sample_rows(table)
    structure = infer_table(table, sample, corrections)
    profile = profile_table(source, table, sample, structure)
    relation, group, canonical = _prepare(table, structure, folder, errors)
    sources = [table.path] if table.path else []
    connection = connect(target.parent, *sources, spill=folder, memory=MEMORY)
    try:
        plain_table = TextTable(connection, relation)
        columns, notes, misfits = confirm_types(
            plain_table, structure.columns, frozenset(corrections.types)
        )
        text_table, zero_notes = put_zeros_back(plain_table, columns, corrections.zeros)
        repairs = list_zero_repairs(zero_notes)
        if corrections.mended:
            repairs = [
                *list_line_repairs(structure.shape, sample.first, canonical),
                *list_file_repairs(table.notes),
                *count_cell_repairs(plain_table, columns, zero_notes),
            ]
        find_misfits(
            text_table, [column for column in columns if column.name in misfits], errors
        )
        rows = _write(text_table, columns, target, group)
        if texts:
            connection.execute(
                f"copy ({text_table.relation}) to {literal(texts)} (format parquet, row_group_size {group})"
            )
        first, last = find_period(connection, columns, target)
    finally:
        connection.close()
    remaining_notes = tuple(
        note for note in profile.notes if note.code not in {"misfits", LOST_ZEROS}
    )
    profile = replace(
        profile,
        columns=columns,
        rows=rows,
        exact=True,
        notes=(*remaining_notes, *_totals_notes(canonical.totals), *zero_notes, *notes),
        first_day=first,
        last_day=last,
    )
    return TableConversion(
        profile, errors, other_headers=structure.other_headers, repairs=tuple(repairs)
    )


def _prepare(
    table: OpenedFile, structure: InferredTable, folder: Path, errors: CellErrorReport
) -> tuple[str, int, CanonicalResult]:
    """The table as text for DuckDB, with the errors met: SQL, rows a group so that memory stays bounded, what was written."""
    names = tuple(column.name for column in structure.columns)
    if table.columns and table.path:
        relation = parquet_relation(table.path, table.columns, names)
        return relation, GROUP_ROWS, CanonicalResult(errors=errors)
    target = folder / "canonical.csv"
    done = write_canonical(
        table.rows(),
        target,
        ColumnLayout(names, structure.shape.positions),
        errors,
        lines=(structure.shape.last_header_line, structure.shape.last_line),
        damaged=any(note.code == "bad_bytes" for note in table.notes),
        without_totals=structure.settings.totals,
    )
    average = BYTES_A_CHARACTER * done.characters / max(1, done.rows) + len(names)
    group = max(FEWEST_ROWS, min(GROUP_ROWS, int(GROUP_BYTES / average)))
    return _csv(target, names, done), group, done


def _totals_notes(count: int) -> list[Note]:
    if not count:
        return []
    return [Note("totals_left_out", values={"count": str(count)})]


def _csv(path: Path, names: Sequence[str], done: CanonicalResult) -> str:
    kinds = ", ".join(
        f"{literal(column)}: '{kind}'"
        for column, kind in [(LINE, "bigint"), *((n, "varchar") for n in names)]
    )
    longest = max(SHORTEST_LINE, BYTES_A_CHARACTER * (done.longest + len(names) * 3))
    return (
        f"select * from read_csv({literal(path)}, columns = {{{kinds}}}, auto_detect = false, header = false, "
        f"delim = ',', quote = '\"', escape = '\"', strict_mode = true, max_line_size = {longest}, "
        f"buffer_size = {longest * 2})"
    )


def _write(
    table: TextTable, columns: Sequence[TypedColumn], target: Path, group: int
) -> int:
    values = ", ".join(
        f"{text_or_null(identifier(column.name), column.type)} as {identifier(column.name)}"
        for column in columns
    )
    listed = ", ".join(map(_typed_expression, columns))
    done = table.connection.execute(
        f"copy (select {identifier(LINE)}, {listed} from (select {identifier(LINE)}, {values} from ({table.relation}))) "
        f"to {literal(target)} "
        f"(format parquet, compression zstd, row_group_size {group})"
    ).fetchone()
    if done:
        return int(done[0])
    return 0


def _typed_expression(column: TypedColumn) -> str:
    named = identifier(column.name)
    return f"cast({cast_value(named, column)} as {column.sql_type}) as {named}"


def find_period(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn], target: Path
) -> tuple[date | None, date | None]:
    """First and last day of the first column that tells when."""
    for column in filter(is_period, columns):
        named = identifier(column.name)
        sql = f"select min({named})::date, max({named})::date from read_parquet({literal(target)})"
        row = connection.execute(sql).fetchone()
        return row or (None, None)
    return None, None
