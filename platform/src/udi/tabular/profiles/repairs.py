"""What differs between a file and its mended copy: each repair, and how many cells or lines it concerns."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from udi.tabular.columns.casts import fits, text_or_null
from udi.tabular.columns.column import TEXT_STORED, ColumnType, TypedColumn
from udi.tabular.columns.type_confirmation import ANY, TextTable
from udi.tabular.columns.zero_repair import ZEROS_PUT_BACK
from udi.tabular.formats.canonical_csv import CanonicalResult
from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import TableLayout, has_values
from udi.tabular.messages.notes import Note, NoteExplanation
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal

MOST_COLUMNS = 30
"""Columns counted in one statement."""
NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}.*)?"
BOOLEAN = "true|false"


class RepairKind(StrEnum):
    """A kind of repair; those of cells name a column."""

    TITLES = "titles"
    NAMES = "names"
    COLUMN_NAMES = "column_names"
    UNITS = "units"
    SKIPPED = "skipped"
    EMPTY_LINES = "empty_lines"
    TOTALS = "totals"
    NOTES = "notes"
    OTHER_TABLE = "other_table"
    MERGED = "merged"
    DECODED = "decoded"
    ZEROS = "zeros"
    DATES = "dates"
    TIMES = "times"
    NUMBERS = "numbers"
    BOOLEANS = "booleans"
    NO_VALUE = "no_value"
    MISFITS = "misfits"


PLAIN = {
    ColumnType.DATE: (RepairKind.DATES, DAY),
    ColumnType.DATETIME: (RepairKind.DATES, DAY),
    ColumnType.TIME: (RepairKind.TIMES, TIME),
    ColumnType.INTEGER: (RepairKind.NUMBERS, NUMBER),
    ColumnType.NUMBER: (RepairKind.NUMBERS, NUMBER),
    ColumnType.LATITUDE: (RepairKind.NUMBERS, NUMBER),
    ColumnType.LONGITUDE: (RepairKind.NUMBERS, NUMBER),
    ColumnType.BOOLEAN: (RepairKind.BOOLEANS, BOOLEAN),
}
"""How a mended copy writes the values of a type, and what writing them so is called."""
EXPLANATIONS = {
    RepairKind.TITLES: NoteExplanation(
        "Lines above the names of the columns, left out: %(count)s."
    ),
    RepairKind.NAMES: NoteExplanation("Lines of names made into one: %(count)s."),
    RepairKind.COLUMN_NAMES: NoteExplanation(
        "Names of columns given or changed, where they were missing, repeated, too long or had needless blanks: %(count)s."
    ),
    RepairKind.UNITS: NoteExplanation("Lines of units, left out: %(count)s."),
    RepairKind.SKIPPED: NoteExplanation(
        "Lines between the names and the first row, left out: %(count)s."
    ),
    RepairKind.EMPTY_LINES: NoteExplanation("Empty lines, left out: %(count)s."),
    RepairKind.TOTALS: NoteExplanation("Lines of totals, left out: %(count)s."),
    RepairKind.NOTES: NoteExplanation(
        "Lines of notes below the last row, left out: %(count)s."
    ),
    RepairKind.OTHER_TABLE: NoteExplanation("Another table below, left out."),
    RepairKind.MERGED: NoteExplanation(
        "Cells merged over several rows, whose value is given to each of these rows: %(count)s."
    ),
    RepairKind.DECODED: NoteExplanation(
        "Letters with accents that were encoded twice, decoded a second time."
    ),
    RepairKind.ZEROS: NoteExplanation(
        "«%(column)s»: zeros in front put back in %(count)s cells."
    ),
    RepairKind.DATES: NoteExplanation(
        "«%(column)s»: %(count)s dates written as year-month-day, without time zone."
    ),
    RepairKind.TIMES: NoteExplanation(
        "«%(column)s»: %(count)s times written as hour:minute:second."
    ),
    RepairKind.NUMBERS: NoteExplanation(
        "«%(column)s»: %(count)s numbers written without marks of thousands and without signs (currency, percent, parentheses), with a decimal point."
    ),
    RepairKind.BOOLEANS: NoteExplanation(
        "«%(column)s»: %(count)s answers written as true or false."
    ),
    RepairKind.NO_VALUE: NoteExplanation(
        "«%(column)s»: %(count)s cells that say that there is no value (such as «nc» or «-») left empty."
    ),
    RepairKind.MISFITS: NoteExplanation(
        "«%(column)s»: %(count)s cells that do not match the type of the column left empty."
    ),
}


@dataclass(frozen=True)
class Repair:
    """One kind of repair, in one column where it is of cells; it says nothing of any cell."""

    kind: RepairKind
    count: int
    column: str = ""

    @property
    def explanation(self) -> NoteExplanation:
        return EXPLANATIONS[self.kind]

    @property
    def message_values(self) -> dict[str, str]:
        """What the words may name."""
        return {"column": self.column, "count": str(self.count)}

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Repair":
        return cls(RepairKind(value["kind"]), int(value["count"]), str(value["column"]))


def list_zero_repairs(notes: Iterable[Note]) -> list[Repair]:
    """The zeros that were put back in each column, as notes tell of them."""
    return [
        Repair(RepairKind.ZEROS, int(note.values["count"]), note.column)
        for note in notes
        if note.code == ZEROS_PUT_BACK
    ]


def count_cell_repairs(
    table: TextTable, columns: Sequence[TypedColumn], notes: Iterable[Note]
) -> list[Repair]:
    """The repairs of the cells of each column; `notes` tell of the zeros."""
    zeros = {repair.column: repair.count for repair in list_zero_repairs(notes)}
    repairs = []
    for start in range(0, len(columns), MOST_COLUMNS):
        part = columns[start : start + MOST_COLUMNS]
        values = ", ".join(
            f"{text_or_null(identifier(column.name), column.type)} as v{index}, {identifier(column.name)} as r{index}"
            for index, column in enumerate(part)
        )
        counts = ", ".join(_counts(index, column) for index, column in enumerate(part))
        row = table.connection.execute(
            f"select {counts} from (select {values} from ({table.relation}))"
        ).fetchone()
        for index, column in enumerate(part):
            written, silent, misfits = (row or ())[3 * index : 3 * index + 3]
            plain_kind, _ = PLAIN.get(column.type, (RepairKind.NUMBERS, ""))
            counted = (
                (RepairKind.ZEROS, zeros.get(column.name, 0)),
                (plain_kind, written),
                (RepairKind.NO_VALUE, silent),
                (RepairKind.MISFITS, misfits),
            )
            repairs += [
                Repair(kind, int(count), column.name)
                for kind, count in counted
                if count
            ]
    return repairs


def _counts(index: int, column: TypedColumn) -> str:
    """Cells that are written otherwise, that say that there is no value, and that do not fit."""
    if column.type in ANY or column.type is ColumnType.EMPTY:
        return "0, 0, 0"
    value = f"v{index}"
    silent = f"count(*) filter (where {value} is null and trim(r{index}) <> '')"
    if column.sql_type == TEXT_STORED:
        return f"0, {silent}, 0"
    fitting = fits(value, column)
    written = "0"
    if column.type in PLAIN:
        _, pattern = PLAIN[column.type]
        is_plain = f"regexp_full_match({value}, {literal(pattern)})"
        written = f"count(*) filter (where {fitting} and not {is_plain})"
    misfits = f"count(*) filter (where {value} is not null and not ({fitting}))"
    return f"{written}, {silent}, {misfits}"


def list_line_repairs(
    shape: TableLayout, first: Iterable[Row], canonical: CanonicalResult
) -> list[Repair]:
    """The repairs of lines and of names; `first` are the first records of the file."""
    names = {line for line in (shape.groups_line, shape.header_line) if line}
    filled = [line for line, cells in first if has_values(cells)]
    if shape.header_line:
        names |= {
            line for line in filled if shape.header_line <= line <= shape.names_line
        }
    above = [line for line in filled if line <= shape.last_header_line]
    start = min(names, default=0)
    end = max(names, default=0)
    notes = {note.code: note.values for note in shape.notes}
    counted = (
        (RepairKind.TITLES, sum(line < start for line in above)),
        (RepairKind.NAMES, len(names) if len(names) > 1 else 0),
        (RepairKind.COLUMN_NAMES, shape.renamed),
        (RepairKind.UNITS, int(bool(shape.units_line))),
        (
            RepairKind.SKIPPED,
            sum(line > end and line != shape.units_line for line in above),
        ),
        (RepairKind.EMPTY_LINES, canonical.empty),
        (RepairKind.TOTALS, canonical.totals),
        (RepairKind.NOTES, int(notes.get("footer", {}).get("count", "0"))),
        (RepairKind.OTHER_TABLE, int("several_tables" in notes)),
    )
    return [Repair(kind, count) for kind, count in counted if count]


def list_file_repairs(notes: Iterable[Note]) -> list[Repair]:
    """The repairs of a file before its lines are known, as its notes tell of them."""
    values = {note.code: note.values for note in notes}
    counted = (
        (RepairKind.MERGED, int(values.get("merged_cells", {}).get("count", "0"))),
        (RepairKind.DECODED, int("double_encoded" in values)),
    )
    return [Repair(kind, count) for kind, count in counted if count]
