"""How a cell of a column is typed on a page: which kind of field, what it must be, and an example."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.schemas.column_pairs import match_columns
from udi.tabular.schemas.predicates import REGEX_FORMATS, SHAPES
from udi.tabular.schemas.schema import FieldType, SchemaField, TableSchema

ISO_DAY = "%Y-%m-%d"
EXAMPLES = {
    FieldType.DATE: "2026-01-31",
    FieldType.DATETIME: "2026-01-31T14:30:00",
    FieldType.TIME: "14:30:00",
    FieldType.YEAR: "2026",
    FieldType.YEARMONTH: "2026-01",
    FieldType.DURATION: "PT1H30M",
    FieldType.GEOPOINT: "[-1.68, 48.11]",
    FieldType.ARRAY: '["one", "two"]',
}
FORMAT_EXAMPLES = {"email": "service@example.org", "uri": "https://example.org/"}
NUMBERS = frozenset({FieldType.INTEGER, FieldType.NUMBER, FieldType.YEAR})
LONGEST_PATTERN = 300
PYTHON_ONLY = ("(?P", "(?i", "(?s", "(?<", "\\Z", "\\A", "\\p", "\\h")
"""What patterns of Python have, and those of browsers do not, or otherwise."""


@dataclass(frozen=True)
class CellInput:
    """The field of a column. `kind` is `text`, `date`, `choice` or `number`; `options` are those of a choice.

    What is checked while somebody types: `pattern` (of a browser, the whole value), the least and the most of a number,
    and lengths. `answers`: a choice between yes (first) and no.
    """

    name: str
    kind: str = "text"
    title: str = ""
    options: tuple[str, ...] = ()
    answers: bool = False
    required: bool = False
    pattern: str = ""
    minimum: str = ""
    maximum: str = ""
    shortest: int = 0
    longest: int = 0
    example: str = ""
    whole: bool = False
    """Of a number: no decimals."""
    decimal_mark: str = "."

    @property
    def label(self) -> str:
        """What the field is called: its title where the model gives one."""
        return self.title or self.name

    def shows_as_date(self, value: str) -> bool:
        """Whether a browser's field of dates holds this value and gives it back."""
        if self.kind != "date" or not value:
            return self.kind == "date"
        try:
            return date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False


def describe_inputs(
    columns: Sequence[TypedColumn], schema: TableSchema | None
) -> list[CellInput]:
    """The field of each column of a table, by its model where it has one, else by what the column holds."""
    by_column: Mapping[str, SchemaField] = {}
    if schema is not None:
        names = [column.name for column in columns]
        by_column = {column: field for field, column in match_columns(names, schema)}
    return [
        describe_field(by_column[column.name], column.name)
        if column.name in by_column
        else _describe_column(column)
        for column in columns
    ]


def describe_field(field: SchemaField, name: str = "") -> CellInput:
    """The field of a column of a model; `name` is how the file calls it."""
    kind = "text"
    options = field.enum
    if field.type is FieldType.BOOLEAN and not options:
        options = (field.true_values[0], field.false_values[0])
    if options:
        kind = "choice"
    elif field.type is FieldType.DATE and field.format in {"default", "any", ISO_DAY}:
        kind = "date"
    elif field.type in NUMBERS and field.bare and not field.group_mark:
        kind = "number"
    example = field.example or FORMAT_EXAMPLES.get(field.format, "")
    return CellInput(
        name or field.name,
        kind,
        title=field.title if field.title != field.name else "",
        options=options,
        answers=field.type is FieldType.BOOLEAN,
        required=field.required,
        pattern=_browser_pattern(field) if kind == "text" else "",
        minimum=field.bounds.get("minimum", ""),
        maximum=field.bounds.get("maximum", ""),
        shortest=field.shortest or 0,
        longest=field.longest or 0,
        example=example or EXAMPLES.get(field.type, ""),
        whole=field.type is not FieldType.NUMBER,
        decimal_mark=field.decimal_mark,
    )


def _browser_pattern(field: SchemaField) -> str:
    """A pattern that a browser understands as Python does, empty where it might not."""
    shape = SHAPES.get(field.type, "")
    pattern = field.pattern or shape
    if field.format in REGEX_FORMATS and not field.pattern:
        pattern = REGEX_FORMATS[field.format].removeprefix("(?i)")
    is_strange = any(mark in pattern for mark in PYTHON_ONLY)
    if is_strange or len(pattern) > LONGEST_PATTERN:
        return ""
    if field.anywhere and pattern == field.pattern:
        return f".*(?:{pattern}).*" if pattern else ""
    return pattern


def _describe_column(column: TypedColumn) -> CellInput:
    if column.type is ColumnType.DATE and column.format == ISO_DAY:
        return CellInput(column.name, "date", example=EXAMPLES[FieldType.DATE])
    return CellInput(column.name)
