"""Forms of rows: what a browser sends of them, and what a page shows, with what is wrong at each cell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from udi.kit.errors import InvalidError, field_error
from udi.tabular.editing.delimited_spans import NEWLINE, UNSEEN
from udi.tabular.editing.row_changes import (
    CorrectionResult,
    EditableRow,
    RowEdit,
)
from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.schemas.cell_inputs import CellInput
from udi.tabular.schemas.explanations import explain_cell_error
from udi.tabular.schemas.report import SchemaCellError

MOST_FORM_ROWS = 500
"""Rows of one form: those of a page, and those that are pasted below them."""
MOST_FORM_CELLS = 20_000
DIGEST_LENGTH = 16
NO_ROW = TranslatableMessage(
    "This row would be empty: fill one of its cells, or remove the row."
)
NO_LETTER = TranslatableMessage(
    "The file cannot hold «%(letter)s»: its characters are %(encoding)s. Write the value without this character."
)
NOT_EXPECTED = TranslatableMessage("«%(value)s» is not what this column should hold.")


@dataclass(frozen=True)
class FormRow:
    """A row of a form, as somebody left it; `now` is what its place holds where others changed it meanwhile."""

    number: int
    digest: str
    cells: tuple[str, ...]
    removed: bool = False
    now: tuple[str, ...] | None = None

    @classmethod
    def of(cls, row: EditableRow) -> "FormRow":
        """A row as the file has it."""
        return cls(row.number, row.digest, row.cells)

    @property
    def is_blank(self) -> bool:
        """Whether it is a new row in which nothing was written."""
        return not self.digest and not any(cell.strip() for cell in self.cells)

    def as_edit(self) -> RowEdit:
        """What it asks of the table."""
        values = None if self.removed else self.cells
        return RowEdit(self.number, self.digest, values)


def blank_rows(count: int, width: int) -> list[FormRow]:
    """New rows, to be filled."""
    return [FormRow(0, "", ("",) * width) for _ in range(count)]


def read_form_rows(form: Mapping[str, Any], width: int) -> list[FormRow]:
    """The rows of a form whose table has so many columns.

    Raises:
        InvalidError: it has too many rows, or something else than rows.
    """
    count = _whole(form.get("rows"))
    if not 0 < count <= MOST_FORM_ROWS or count * width > MOST_FORM_CELLS:
        raise field_error(
            "", "Too many rows at once: save them in several times, or drop a file."
        )
    return [_read_row(form, place, width) for place in range(count)]


def _read_row(form: Mapping[str, Any], place: int, width: int) -> FormRow:
    digest = str(form.get(f"r{place}-digest") or "")
    number = _whole(form.get(f"r{place}-number"))
    if len(digest) not in {0, DIGEST_LENGTH} or bool(digest) != bool(number):
        raise InvalidError("This form cannot be read.", remedy="Open the page again.")
    cells = tuple(
        _clean(str(form.get(f"r{place}-c{column}") or "")) for column in range(width)
    )
    removed = bool(digest and form.get(f"r{place}-remove"))
    return FormRow(number, digest, cells, removed)


def _clean(value: str) -> str:
    """A cell as the file would say it: a browser ends lines with two letters."""
    return NEWLINE.sub("\n", value).translate(UNSEEN)


def _whole(value: object) -> int:
    text = str(value or "")
    return (
        int(text)
        if text.isascii() and text.isdigit() and len(text) < len("1000000")
        else 0
    )


def show_result(
    rows: Sequence[FormRow],
    places: Sequence[int],
    result: CorrectionResult,
    inputs: Sequence[CellInput],
    encoding: str,
    say: Callable[[str], str],
) -> tuple[list[FormRow], dict[str, str]]:
    """The rows with what stands in the file now where that differs, and what is wrong by the id of its field.

    `places` are those of the edits among the rows.
    """
    form_rows = list(rows)
    errors = dict[str, str]()
    for conflict in result.conflicts:
        place = places[conflict.index]
        form_rows[place] = replace(
            form_rows[place],
            digest=conflict.digest,
            number=form_rows[place].number if conflict.digest else 0,
            now=conflict.cells,
        )
    for refusal in result.refused:
        message = NO_ROW
        if refusal.letter:
            values = {"letter": refusal.letter, "encoding": encoding}
            message = replace(NO_LETTER, values=values)
        name = f"r{places[refusal.index]}-c{refusal.column}"
        errors.setdefault(name, message.translate(say))
    columns = {one.name: column for column, one in enumerate(inputs)}
    for fault in result.faults:
        if fault.column in columns:
            column = columns[fault.column]
            name = f"r{places[fault.line]}-c{column}"
            words = explain_fault(fault, inputs[column])
            errors.setdefault(name, words.translate(say))
    return form_rows, errors


def explain_fault(fault: SchemaCellError, field: CellInput) -> TranslatableMessage:
    """What is wrong with a cell, with an example; a pattern is no example."""
    if fault.kind == "pattern" and not field.example:
        return replace(NOT_EXPECTED, values={"value": fault.value})
    return explain_cell_error(fault)
