"""What makes a table easier to use that its record does not show: header, cells, the model that it follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from udi.node.datasets.descriptions.prefill import fold_text, split_words
from udi.protocol.description_meaning import is_clear_name
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.profiles.table_facts import TableFacts
from udi.tabular.schemas.report import SchemaReport

MOST_NAMED = 5
ISO_DAY = "%Y-%m-%d"
PLACES = frozenset(
    {"commune", "communes", "ville", "villes", "city", "town", "municipality", "comune"}
)
LOCATION_TYPES = frozenset(
    {ColumnType.COMMUNE, ColumnType.POSTCODE, ColumnType.LATITUDE, ColumnType.POINT}
)


@dataclass(frozen=True)
class AdviceItem:
    """One thing to do: what and how, and the page on which it is done: the file's, or that of its model (`schema`)."""

    message: TranslatableMessage
    field: str = "file"


@dataclass(frozen=True)
class FileFacts:
    """What is known of the file; all of it may be missing, for a file that is no table."""

    columns: Sequence[TypedColumn] = ()
    findings: TableFacts | None = None
    report: SchemaReport | None = None
    looks_like: str = ""
    """The title of the schema that it seems to follow, unless it is said to follow one."""


def advise(table: FileFacts) -> tuple[AdviceItem, ...]:
    """Judge a table; the bars of `udi.protocol.quality` judge its description."""
    return (
        *_advise_on_header(table),
        *_advise_on_cells(table),
        *_advise_on_schema(table),
    )


def _advise_on_header(table: FileFacts) -> Iterator[AdviceItem]:
    names = [column.name for column in table.columns]
    if unclear := [name for name in names if not is_clear_name(name)]:
        yield _advise_on_columns(
            "Give these columns a name that says what they hold: %(columns)s.", unclear
        )
    days = {ColumnType.DATE, ColumnType.DATETIME}
    other = [
        c.name
        for c in table.columns
        if c.type in days and c.format and not c.format.startswith(ISO_DAY)
    ]
    if other:
        yield _advise_on_columns(
            "Write dates as year-month-day (2026-01-31) in: %(columns)s.", other
        )
    if commas := [
        column.name
        for column in table.columns
        if column.type is ColumnType.NUMBER and column.format == ","
    ]:
        yield _advise_on_columns(
            "Write a point before the decimals instead of a comma in: %(columns)s.",
            commas,
        )
    places = [
        name
        for name in names
        if {fold_text(word) for word in split_words(name)} & PLACES
    ]
    if places and not any(column.type in LOCATION_TYPES for column in table.columns):
        yield _advise_on_columns(
            "Add the INSEE code beside the name of the municipality: names change and repeat (%(columns)s).",
            places,
        )


def _advise_on_columns(message: str, columns: Sequence[str]) -> AdviceItem:
    column_list = ", ".join(name[:40] for name in columns[:MOST_NAMED]) + (
        " …" if len(columns) > MOST_NAMED else ""
    )
    return AdviceItem(TranslatableMessage(message, {"columns": column_list}))


def _advise_on_cells(table: FileFacts) -> Iterator[AdviceItem]:
    findings = table.findings
    if not findings:
        return
    if findings.empty:
        yield _advise_on_columns(
            "Remove the columns that are always empty, or fill them: %(columns)s.",
            findings.empty,
        )
    if findings.mixed:
        yield _advise_on_columns(
            "Keep only numbers in these columns, and put words in another one: %(columns)s.",
            findings.mixed,
        )
    if findings.merged:
        yield _advise_on_columns(
            "Repeat the value on every line instead of merging cells in: %(columns)s.",
            findings.merged,
        )
    if findings.totals:
        lines = ", ".join(str(line) for line in findings.totals[:MOST_NAMED])
        yield AdviceItem(
            TranslatableMessage(
                "Remove the total lines, which others would count twice: line %(lines)s.",
                {"lines": lines},
            )
        )
    if findings.repeated:
        yield AdviceItem(
            TranslatableMessage(
                "%(count)s lines are copies of another one: remove them.",
                {"count": findings.repeated},
            )
        )
    if findings.rows and not findings.key:
        yield AdviceItem(
            TranslatableMessage(
                "Add a column with a number or a code of its own for each line: updates can then be compared."
            )
        )


def _advise_on_schema(table: FileFacts) -> Iterator[AdviceItem]:
    report = table.report
    if report and report.wrong_cells:
        values = {"title": report.title, "count": report.wrong_cells}
        yield AdviceItem(
            TranslatableMessage(
                "Correct what the model «%(title)s» refuses: %(count)s cells.", values
            )
        )
    if (
        missing := [fault.column for fault in report.columns if fault.is_error]
        if report
        else []
    ):
        yield _advise_on_columns(
            "Add the columns that the model asks for: %(columns)s.", missing
        )
    if not report and table.looks_like:
        message = TranslatableMessage(
            "Your table looks like «%(title)s»: choose this model to have each cell checked.",
            {"title": table.looks_like},
        )
        yield AdviceItem(message, "schema")
