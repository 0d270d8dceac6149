"""Forms of rows: what a browser sends of them, and what a page shows, with what is wrong at each cell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from udi.kit.errors import InvalidError, field_error
from udi.tabular.editing.delimited_spans import NEWLINE, UNSEEN
from udi.tabular.editing.row_changes import (
    MOST_ENCODED,
    CorrectionResult,
    EditableRow,
    RowEdit,
)
from udi.tabular.editing.row_positions import UNKNOWN_POSITION, RowPosition
from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.schemas.cell_inputs import CellInput
from udi.tabular.schemas.explanations import explain_cell_error
from udi.tabular.schemas.report import SchemaCellError

MOST_FORM_ROWS = 500
"""Rows of one form: those of a page, and those that are pasted below them."""
MOST_FORM_CELLS = 20_000
MOST_SHOWN_ROWS = 2 * MOST_FORM_ROWS
MOST_SHOWN_CELLS = 2 * MOST_FORM_CELLS
"""Of a form that has too many: they are shown again, so that nothing typed is lost."""
LARGEST_FORM = 2 * MOST_ENCODED
"""Bytes of a form: a page of rows, what is written in them, and their fields."""
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
    """A row of a form, as somebody left it; `now` is what it says where others changed it meanwhile.

    `is_gone`: it is not in the table any more, and is left out unless it `is_added` as a new one.
    """

    number: int
    digest: str
    cells: tuple[str, ...]
    removed: bool = False
    now: tuple[str, ...] | None = None
    position: RowPosition = UNKNOWN_POSITION
    is_gone: bool = False
    is_added: bool = False

    @classmethod
    def of(cls, row: EditableRow) -> "FormRow":
        """A row as the file has it."""
        return cls(row.number, row.digest, row.cells, position=row.position)

    @property
    def is_blank(self) -> bool:
        """Whether it is a new row in which nothing was written."""
        return not self.digest and not any(cell.strip() for cell in self.cells)

    @property
    def is_left_out(self) -> bool:
        """Whether it asks nothing of the table."""
        return self.is_blank or (self.is_gone and not self.is_added)

    def as_edit(self) -> RowEdit:
        """What it asks of the table."""
        if self.is_gone:
            return RowEdit(0, "", self.cells)
        values = None if self.removed else self.cells
        return RowEdit(self.number, self.digest, values, self.position)


def blank_rows(count: int, width: int) -> list[FormRow]:
    """New rows, to be filled."""
    return [FormRow(0, "", ("",) * width) for _ in range(count)]


def read_form_rows(form: Mapping[str, Any], width: int) -> list[FormRow]:
    """The rows of a form whose table has so many columns, as many as can be shown again.

    Raises:
        InvalidError: it has something else than rows.
    """
    count = min(_whole(form.get("rows")), _most_shown(width))
    rows = [_read_row(form, place, width) for place in range(count)]
    while len(rows) > MOST_FORM_ROWS and rows[-1].is_blank:
        rows.pop()
    return rows or blank_rows(1, width)


def _most_shown(width: int) -> int:
    return min(MOST_SHOWN_ROWS, max(1, MOST_SHOWN_CELLS // width))


def check_form_size(form: Mapping[str, Any], rows: Sequence[FormRow]) -> None:
    """Whether a form has no more rows than are saved at once; those in which nothing is written do not count.

    Raises:
        InvalidError: it has more, or none.
    """
    filled = [row for row in rows if not row.is_left_out]
    cells = sum(len(row.cells) for row in filled)
    count = _whole(form.get("rows"))
    is_whole = 0 < count <= _most_shown(len(rows[0].cells))
    if not is_whole or len(filled) > MOST_FORM_ROWS or cells > MOST_FORM_CELLS:
        raise field_error(
            "", "Too many rows at once: save them in several times, or drop a file."
        )


def _read_row(form: Mapping[str, Any], place: int, width: int) -> FormRow:
    digest = str(form.get(f"r{place}-digest") or "")
    number = _whole(form.get(f"r{place}-number"))
    if len(digest) not in {0, DIGEST_LENGTH} or bool(digest) != bool(number):
        raise InvalidError("This form cannot be read.", remedy="Open the page again.")
    cells = tuple(
        _clean(str(form.get(f"r{place}-c{column}") or "")) for column in range(width)
    )
    return FormRow(
        number,
        digest,
        cells,
        removed=bool(digest and form.get(f"r{place}-remove")),
        position=RowPosition.parse(str(form.get(f"r{place}-position") or "")),
        is_gone=bool(digest and form.get(f"r{place}-gone")),
        is_added=bool(form.get(f"r{place}-add")),
    )


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
        form_row = form_rows[place]
        row = conflict.row
        if row is None:
            form_rows[place] = replace(form_row, is_gone=True, removed=False)
        else:
            form_rows[place] = replace(
                form_row, digest=row.digest, position=row.position, now=row.cells
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
