"""What was understood of a file: its kind, encoding, delimiter, columns, number of rows, first lines and doubts."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from udi.tabular.columns.column import Bounds, ColumnType, TypedColumn
from udi.tabular.columns.coordinates import find_exchanged_coordinates
from udi.tabular.columns.type_inference import corrected_column, infer_types
from udi.tabular.columns.value_patterns import date_order, is_null, read_date
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import (
    TableLayout,
    cell_at,
    count_renamed,
    find_layout,
    has_values,
    unique_names,
)
from udi.tabular.formats.file_kind import HEAD, FileKind, recognise_kind
from udi.tabular.formats.line_settings import NO_LINES, LineSettings
from udi.tabular.formats.settled_lines import leaves_no_row_out
from udi.tabular.formats.source import SourceFile
from udi.tabular.formats.spreadsheets import Sheet
from udi.tabular.formats.table_end import (
    TableEnd,
    find_settled_end,
    find_table_end,
)
from udi.tabular.formats.text_encoding import detect_encoding, iana_name
from udi.tabular.formats.totals import is_total
from udi.tabular.formats.units import find_units
from udi.tabular.messages.notes import (
    DOUBTFUL_HEADER,
    NO_HEADER,
    SETTLED_END_LEFT,
    SETTLED_LINES_LEFT,
    Note,
    UnreadableTableError,
)
from udi.tabular.profiles.corrections import NONE, Corrections
from udi.tabular.profiles.header_lines import Names, find_other_headers
from udi.tabular.profiles.opened_files import SCANNED, OpenedFile, open_source_file
from udi.tabular.profiles.row_sample import MOST_COLUMNS, RowSample, sample_rows

SHOWN_LINES = 4
SHOWN_CHARACTERS = 80
OLD_KINDS = {
    "text": ColumnType.TEXT,
    "number": ColumnType.NUMBER,
    "date": ColumnType.DATE,
    "empty": ColumnType.EMPTY,
}


@dataclass(frozen=True)
class Profile:
    """What a file says about itself. `columns` is empty for what is not a table.

    `rows` is None when not counted; `exact` is false when it was reckoned from the beginning of the file.
    `sample` is for the producer's eyes only. `encoding` is IANA's name. `failure` says why a file that should be a
    table is none; `notes` are doubts and warnings. Of places: `geometry` is their kind, `crs` the system of their
    coordinates as people call it, `bbox` their rectangle in degrees, `places` how many rows have one.
    """

    media_type: str
    label: str
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    columns: tuple[TypedColumn, ...] = ()
    rows: int | None = None
    exact: bool = True
    sample: tuple[tuple[str, ...], ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    reads: str = ""
    sheet: str = ""
    sheets: tuple[Sheet, ...] = ()
    notes: tuple[Note, ...] = ()
    failure: Note | None = None
    geometry: str = ""
    crs: str = ""
    bbox: Bounds | None = None
    places: int = 0
    last_line: int = 0
    """The line of the last record, when notes or another table stand below it; 0 otherwise."""
    skipped_line: int = 0
    """The last line above the rows, when the producer settled where they begin; 0 otherwise."""
    unit_line: dict[str, str] = field(default_factory=dict)
    """What a line of units below the names writes, by column; it is known as one by the cells below it."""

    @property
    def units(self) -> dict[str, str]:
        """The unit of each column that has one, by name."""
        return find_units(self.columns, self.unit_line)

    @property
    def is_table(self) -> bool:
        return bool(self.columns or self.geometry)

    @property
    def leaves_totals(self) -> bool:
        """Whether lines of totals are left out."""
        return any(note.code == "totals_left_out" for note in self.notes)

    @property
    def has_doubtful_header(self) -> bool:
        """Whether another line than the one taken, or none, may name the columns."""
        return any(note.code in {DOUBTFUL_HEADER, NO_HEADER} for note in self.notes)

    def without_cells(self) -> "Profile":
        """The same without anything that a cell says: of places, no more than the degrees in which they are."""
        return replace(
            self,
            sample=(),
            first_day=None,
            last_day=None,
            unit_line={},
            notes=tuple(note.without_cells() for note in self.notes),
            bbox=whole_degrees(self.bbox) if self.bbox else None,
        )

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        days = {
            name: day.isoformat() if day else None for name, day in self._days().items()
        }
        return {**asdict(self), **days}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Profile":
        """What `as_json` gave, also in earlier versions."""
        days = {
            name: date.fromisoformat(value[name]) if value[name] else None
            for name in ("first_day", "last_day")
        }
        failure = value.get("failure")
        box = value.get("bbox")
        read = {
            **days,
            "columns": tuple(map(_column, value["columns"])),
            "sample": tuple(tuple(line) for line in value["sample"]),
            "sheets": tuple(Sheet(**sheet) for sheet in value.get("sheets") or ()),
            "notes": tuple(Note.from_json(note) for note in value.get("notes") or ()),
            "failure": Note.from_json(failure) if failure else None,
            "bbox": (box[0], box[1], box[2], box[3]) if box else None,
        }
        stored_fields = {
            name: stored_value
            for name, stored_value in value.items()
            if name in cls.__dataclass_fields__
        }
        return cls(**{**stored_fields, **read})

    def _days(self) -> dict[str, date | None]:
        return {"first_day": self.first_day, "last_day": self.last_day}


def whole_degrees(box: Bounds) -> Bounds:
    """The rectangle of whole degrees around another one."""
    west, south, east, north = box
    return (
        float(math.floor(west)),
        float(math.floor(south)),
        float(math.ceil(east)),
        float(math.ceil(north)),
    )


def _column(value: dict[str, str]) -> TypedColumn:
    if "type" in value:
        kind = ColumnType(value["type"])
    else:
        kind = OLD_KINDS[value["kind"]]
    return TypedColumn(value["name"], kind, value.get("format", ""))


def profile_file(
    name: str,
    size: int,
    read: Callable[[], Iterable[bytes]],
    corrections: Corrections = NONE,
) -> Profile:
    """Profile a file from what `read` gives, each time from the start.

    Never raises on what the file holds; memory does not depend on its size, but for spreadsheets.
    """
    return profile_source(SourceFile(name, size, read), corrections)


def profile_copy(path: Path, name: str, size: int) -> Profile:
    """Profile a file from its copy, or from the copy of the beginning of a text; `size` is that of the whole file."""
    return profile_source(replace(SourceFile.at(path, name), size=size))


def profile_path(
    path: Path, name: str = "", corrections: Corrections = NONE
) -> Profile:
    """Profile a local file."""
    return profile_source(SourceFile.at(path, name), corrections)


def profile_source(source: SourceFile, corrections: Corrections = NONE) -> Profile:
    """Profile a file; what the person corrected is obeyed."""
    try:
        with open_source_file(source, corrections) as table:
            if isinstance(table, FileKind):
                if table.reads == "text":
                    charset = iana_name(
                        detect_encoding(source.read(), SCANNED).encoding
                    )
                else:
                    charset = ""
                return Profile(
                    table.media_type, table.label, encoding=charset, reads=table.reads
                )
            sample = sample_rows(table)
            return profile_table(
                source, table, sample, infer_table(table, sample, corrections)
            )
    except UnreadableTableError as error:
        kind = recognise_kind(source.head(HEAD), source.name)
        return Profile(
            kind.media_type, kind.label, reads=kind.reads, failure=error.note
        )


@dataclass(frozen=True)
class InferredTable:
    """A table whose columns are known; `values` are those of some rows, by column."""

    shape: TableLayout
    columns: tuple[TypedColumn, ...]
    values: list[list[str]]
    notes: tuple[Note, ...]
    other_headers: tuple[Names, ...] = ()
    """What the columns may be called instead (`find_other_headers`); they may be cells, and are kept nowhere."""
    settings: LineSettings = NO_LINES
    """What the producer settled of the lines, as far as it holds for this file."""
    skipped_line: int = 0
    """As in `Profile`."""


def infer_table(
    table: OpenedFile, sample: RowSample, corrections: Corrections
) -> InferredTable:
    """Where the columns are and how they read.

    Raises:
        UnreadableError: there is no table in it after all, or it is too wide.
    """
    settings, settled_notes = _find_settings(table, sample, corrections)
    shape = _find_layout(table, sample.first, corrections, settings)
    if shape is None:
        raise UnreadableTableError("no_table")
    if end := _find_end(table, sample, shape, settings):
        above = [row for row in sample.first if row[0] <= end.last_line]
        shape = _find_layout(table, above, corrections, settings) or shape
        shape = replace(
            shape, last_line=end.last_line, notes=(*shape.notes, *end.notes)
        )
    rows = [
        row
        for row in sample.rows_with_widest()
        if shape.has_line(row[0]) and not (settings.totals and is_total(row[1]))
    ]
    body = [cells for _, cells in rows]
    shape = _add_late_columns(shape, body)
    if len(shape.names) > MOST_COLUMNS:
        raise UnreadableTableError("too_many_columns", most=f"{MOST_COLUMNS:,}")
    values = [[cell_at(cells, index) for cells in body] for index in shape.positions]
    columns, doubts = infer_types(shape.names, values, delimiter=table.delimiter)
    columns, doubts = _apply_corrections(columns, doubts, values, corrections)
    others: tuple[Names, ...] = ()
    is_settled = corrections.header_line is not None or settings.header is not None
    if table.names is None and not is_settled:
        lines = [
            row
            for row in sample.first
            if not shape.last_line or row[0] <= shape.last_line
        ]
        others = find_other_headers(lines, shape)
    notes = (
        *settled_notes,
        *shape.notes,
        *_header_notes(shape, others),
        *_wide_rows(shape, rows),
        *doubts,
        *find_exchanged_coordinates(columns, values),
    )
    skipped_line = shape.last_header_line
    are_rows_placed = is_settled or settings.places_rows
    if not are_rows_placed or skipped_line == shape.header_line == 1:
        skipped_line = 0
    return InferredTable(shape, columns, values, notes, others, settings, skipped_line)


def _find_settings(
    table: OpenedFile, sample: RowSample, corrections: Corrections
) -> tuple[LineSettings, tuple[Note, ...]]:
    """What the producer settled of the lines, as far as it holds for this file, and what is said of the rest."""
    settings = corrections.lines
    if not settings or table.names is not None:
        return NO_LINES, ()
    shape = _find_layout(table, sample.first, corrections, settings)
    if shape is None:
        return NO_LINES, ()
    fits = settings.fits_names(shape.names)
    if not fits or not leaves_no_row_out(sample.first, shape, settings):
        return NO_LINES, (Note(SETTLED_LINES_LEFT),)
    tail = [*sample.tail] if sample.ended else []
    end = find_settled_end(tail, shape.last_header_line, settings)
    if settings.below and end is None:
        return replace(settings, below=None), (Note(SETTLED_END_LEFT),)
    return settings, ()


def _header_notes(shape: TableLayout, others: Sequence[Names]) -> Iterator[Note]:
    if others and shape.header_line:
        yield Note(DOUBTFUL_HEADER, values={"line": str(shape.header_line)})
    elif others:
        yield Note(NO_HEADER)


def _find_end(
    table: OpenedFile, sample: RowSample, shape: TableLayout, settings: LineSettings
) -> TableEnd | None:
    if settings.below is not None:
        return find_settled_end([*sample.tail], shape.last_header_line, settings)
    if table.names is not None or len(shape.positions) < 2:  # noqa: PLR2004 - a list has nothing beside its values
        return None
    tail = [*sample.tail] if sample.ended else []
    return find_table_end(sample.first, tail, shape.last_header_line)


def _wide_rows(shape: TableLayout, rows: Iterable[Row]) -> Iterator[Note]:
    """Rows with more cells than there are names: a delimiter in a cell shifts what follows it."""
    if not shape.header_line:
        return
    named = max(
        (
            index
            for name, index in zip(shape.names, shape.positions, strict=True)
            if name != f"col{index + 1}"
        ),
        default=-1,
    )
    lines = [
        line
        for line, cells in rows
        if any(not is_null(cell) for cell in cells[named + 1 :])
    ]
    if lines:
        values = {"count": str(len(lines)), "line": str(min(lines))}
        yield Note("wide_rows", values=values)


def profile_table(
    source: SourceFile, table: OpenedFile, sample: RowSample, structure: InferredTable
) -> Profile:
    """What is said of a table that was understood."""
    shape = structure.shape
    leaves_totals = structure.settings.totals
    body = [
        cells
        for line, cells in sample.spread
        if shape.has_line(line) and not (leaves_totals and is_total(cells))
    ]
    skipped = sum(
        1
        for line, cells in sample.first
        if line <= shape.last_header_line and has_values(cells)
    ) + sample.count_after(shape.last_line)
    if leaves_totals:
        skipped += sum(
            shape.has_line(line) and is_total(cells) for line, cells in sample.spread
        )
    first, last = (
        _period(structure.columns, structure.values)
        if sample.is_whole
        else (None, None)
    )
    return Profile(
        media_type=table.kind.media_type,
        label=table.kind.label,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header_line=shape.header_line,
        columns=structure.columns,
        rows=max(0, sample.estimate_row_count(source.size, table) - skipped),
        exact=sample.ended
        and (not shape.last_line or sample.knows_after(shape.last_line)),
        last_line=shape.last_line,
        unit_line=dict(zip(shape.names, shape.units, strict=False)),
        sample=tuple(
            tuple(_sample_cells(cells, shape.positions)) for cells in body[:SHOWN_LINES]
        ),
        first_day=first,
        last_day=last,
        reads=table.kind.reads,
        sheet=table.sheet,
        sheets=table.sheets,
        notes=(*table.notes, *structure.notes, *_quote_notes(table)),
        skipped_line=structure.skipped_line,
    )


def _find_layout(
    table: OpenedFile,
    first: list[Row],
    corrections: Corrections,
    settings: LineSettings,
) -> TableLayout | None:
    if table.names is None:
        line = corrections.header_line
        return find_layout(first, line, settings, corrections.reserved_names)
    names, notes = unique_names(table.names, corrections.reserved_names)
    renamed = count_renamed(table.names, names)
    positions = tuple(range(len(names)))
    return TableLayout(0, 0, names, positions, notes, renamed=renamed)


def _add_late_columns(shape: TableLayout, body: list[list[str]]) -> TableLayout:
    """A column that only later rows fill is a column too."""
    width = max((len(cells) for cells in body), default=0)
    late = [
        index
        for index in range(width)
        if index not in shape.positions
        and any(not is_null(cell_at(cells, index)) for cells in body)
    ]
    if not late:
        return shape
    names, notes = unique_names([*shape.names, *(f"col{index + 1}" for index in late)])
    return replace(
        shape,
        names=names,
        positions=(*shape.positions, *late),
        renamed=shape.renamed + len(late),
        notes=(*shape.notes, *notes),
    )


def _apply_corrections(
    columns: tuple[TypedColumn, ...],
    notes: tuple[Note, ...],
    values: list[list[str]],
    corrections: Corrections,
) -> tuple[tuple[TypedColumn, ...], tuple[Note, ...]]:
    corrected_types = corrections.types
    obeyed = tuple(
        corrected_column(
            column.name,
            corrected_types[column.name].type,
            column_values,
            corrected_types[column.name].format,
        )
        if column.name in corrected_types
        else column
        for column, column_values in zip(columns, values, strict=True)
    )
    return obeyed, tuple(note for note in notes if note.column not in corrected_types)


def _sample_cells(cells: list[str], indexes: tuple[int, ...]) -> Iterator[str]:
    return (cell_at(cells, index).strip()[:SHOWN_CHARACTERS] for index in indexes)


def _quote_notes(table: OpenedFile) -> Iterator[Note]:
    if table.open_quote:
        yield Note("open_quote", values={"line": str(table.open_quote)})


def is_period(column: TypedColumn) -> bool:
    """Whether a column tells when things happened: days that are nobody's birthday."""
    dated = column.type in {ColumnType.DATE, ColumnType.DATETIME}
    return dated and not any(word in column.name.lower() for word in ("naiss", "birth"))


def _period(
    columns: Iterable[TypedColumn], values: list[list[str]]
) -> tuple[date | None, date | None]:
    """First and last day of the first column that tells when."""
    for column, column_values in zip(columns, values, strict=True):
        if is_period(column):
            order = date_order(column.format)
            days = [
                day
                for value in column_values
                if (day := read_date(value.strip(), order))
            ]
            if days:
                return (min(days), max(days))
            return (None, None)
    return None, None
