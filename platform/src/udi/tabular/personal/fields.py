"""Values that stand under names but not in rows: elements of XML, keys of JSON, paragraphs, cells of a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.columns.type_inference import infer_types
from udi.tabular.personal.cells import (
    LONGEST_CELL,
    MAIL,
    SUSPECT,
    Cell,
    ColumnCells,
    SuspectCells,
)
from udi.tabular.personal.vocabulary import Header

MOST_SAMPLED = 2000
MOST_SUSPECTS = 5000
MOST_FIELDS = 2000
SENTENCES = "text"
"""The name of what stands under none."""


@dataclass
class NamedValues:
    """The values of one name: how many, the first ones, and those that may hold a number, a mail or a civility."""

    filled: int = 0
    sample: list[Cell] = field(default_factory=list)
    mails: list[Cell] = field(default_factory=list)
    numbers: list[Cell] = field(default_factory=list)
    mail_count: int = 0
    number_count: int = 0

    def add(self, text: str) -> None:
        """Count a value, and keep it where there is room."""
        self.filled += 1
        cell = (self.filled, text[:LONGEST_CELL])
        if len(self.sample) < MOST_SAMPLED:
            self.sample.append(cell)
        if MAIL in text:
            self.mail_count += 1
            _keep(self.mails, cell)
        if SUSPECT.search(cell[1]):
            self.number_count += 1
            _keep(self.numbers, cell)

    def as_cells(self, name: str) -> ColumnCells:
        """The values as those of a column that has this name."""
        (column,), _ = infer_types([name], [[text for _, text in self.sample]])
        return ColumnCells(
            column=column,
            header=Header(name),
            filled=self.filled,
            sample=tuple(self.sample),
            mails=SuspectCells(self.mail_count, tuple(self.mails)),
            numbers=SuspectCells(self.number_count, tuple(self.numbers)),
        )


def _keep(cells: list[Cell], cell: Cell) -> None:
    if len(cells) < MOST_SUSPECTS:
        cells.append(cell)


def gather_fields(pairs: Iterable[tuple[str, str]]) -> list[ColumnCells]:
    """The values of (name, value) pairs, by name; names beyond `MOST_FIELDS` are taken together."""
    fields: dict[str, NamedValues] = {}
    for name, value in pairs:
        text = value.strip()
        if text:
            if name in fields or len(fields) < MOST_FIELDS:
                field_name = name
            else:
                field_name = SENTENCES
            fields.setdefault(field_name, NamedValues()).add(text)
    return [values.as_cells(name) for name, values in fields.items()]


def as_text_columns(cells: Sequence[ColumnCells]) -> list[ColumnCells]:
    """Codes and numbers as the text that they are in the file: a telephone without its zero is no quantity there."""
    return [
        replace(column_cells, column=_as_text(column_cells.column))
        for column_cells in cells
    ]


def _as_text(column: TypedColumn) -> TypedColumn:
    numeric = column.type in {ColumnType.INTEGER, ColumnType.CODE}
    if numeric:
        return TypedColumn(column.name, ColumnType.TEXT)
    return column
