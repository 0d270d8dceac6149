"""Two people correct one table at a time: a row that neither of them touched never changes, and none is taken for another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.tabular.editing.row_changes import (
    CorrectionResult,
    EditableRow,
    RowEdit,
    RowQuery,
    TableCorrection,
    correct_rows,
    read_rows,
)
from udi.tabular.editing.row_positions import UNKNOWN_POSITION, RowPosition, digest_of
from udi.tabular.profiles.corrections import Corrections

NAMES = ("nom", "ville")
PEOPLE = 2
READING = Corrections("UTF-8", ",", header_line=1).as_json()
Cells = tuple[str, ...]


@dataclass
class Table:
    """A file that several people correct."""

    path: Path
    values: Iterator[int] = field(default_factory=count)

    @classmethod
    def create(cls, folder: Path, names: Sequence[str]) -> "Table":
        """A table of these names, each with a value of its own."""
        table = cls(folder / "table.csv")
        lines = [NAMES, *((name, f"v{next(table.values)}") for name in names)]
        table.path.write_text("".join(f"{','.join(line)}\n" for line in lines))
        return table

    def read(self) -> tuple[EditableRow, ...]:
        """Its rows now, as a page shows them."""
        page = read_rows(self.path, self.path.name, READING, RowQuery(size=100))
        assert page.refusal == ""
        return page.rows

    def cells(self) -> list[Cells]:
        """What its rows say now."""
        return [row.cells for row in self.read()]

    def save(self, *edits: RowEdit) -> CorrectionResult:
        """What came of these edits, which are there where they could be made."""
        target = self.path.with_name("new.csv")
        correction = TableCorrection(edits, digest_of(NAMES))
        result = correct_rows(self.path, self.path.name, READING, target, correction)
        if result.is_done:
            target.replace(self.path)
        return result


def change(row: EditableRow, value: str) -> RowEdit:
    return RowEdit(row.number, row.digest, (row.cells[0], value), row.position)


def remove(row: EditableRow) -> RowEdit:
    return RowEdit(row.number, row.digest, None, row.position)


def add(name: str, value: str = "x") -> RowEdit:
    return RowEdit(0, "", (name, value))


def save_until_done(
    table: Table, edits: Sequence[RowEdit], names: Sequence[str]
) -> None:
    """Save, and save again what the answer lets: its row for one that changed, nothing for one that is gone.

    `names` are those of the rows of the edits.
    """
    pending_edits = list(zip(edits, names, strict=True))
    for _ in range(2):
        result = table.save(*(edit for edit, _ in pending_edits))
        if result.is_clear:
            return
        assert not result.refused
        conflicts = {conflict.index: conflict.row for conflict in result.conflicts}
        again = []
        for index, (edit, name) in enumerate(pending_edits):
            row = conflicts.get(index)
            if index not in conflicts:
                again.append((edit, name))
            elif row is not None:
                assert row.cells[0] == name
                other = RowEdit(row.number, row.digest, edit.values, row.position)
                again.append((other, name))
        pending_edits = again
    assert table.save(*(edit for edit, _ in pending_edits)).is_clear


@settings(max_examples=examples(15, 600), deadline=None)
@given(rows=st.integers(3, 7), data=st.data())
def test_a_row_that_nobody_touched_never_changes(
    rows: int, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        table = Table.create(Path(folder), [f"row {place}" for place in range(rows)])
        pages = [table.read() for _ in range(PEOPLE)]
        for step in range(data.draw(st.integers(2, 6))):
            person = data.draw(st.integers(0, PEOPLE - 1))
            if data.draw(st.booleans()):
                pages[person] = table.read()
            page = pages[person]
            chosen = data.draw(
                st.lists(st.sampled_from(page), unique=True, min_size=1, max_size=2)
            )
            edits = [
                remove(row)
                if data.draw(st.booleans())
                else change(row, f"v{next(table.values)}")
                for row in chosen
            ]
            names = [row.cells[0] for row in chosen]
            if data.draw(st.booleans()):
                edits.append(add(f"new {step}"))
                names.append(f"new {step}")
            before = table.cells()
            if len(before) <= len(edits):
                break

            save_until_done(table, edits, names)

            after = table.cells()
            untouched = [cells for cells in before if cells[0] not in names]
            assert [cells for cells in after if cells[0] not in names] == untouched
            assert len({cells[0] for cells in after}) == len(after)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """A table of four rows: a, b, c, d."""
    return Table.create(tmp_path, "abcd")


def test_a_row_that_somebody_removed_is_no_other_row(table: Table) -> None:
    a, b, c, d = table.read()
    table.save(remove(b))

    result = table.save(change(b, "mine"))

    assert [conflict.row for conflict in result.conflicts] == [None]
    assert table.cells() == [a.cells, c.cells, d.cells]


@pytest.mark.parametrize("place", range(4))
def test_the_removal_of_a_row_that_is_gone_is_done(table: Table, place: int) -> None:
    rows = table.read()
    table.save(remove(rows[place]))
    left = table.cells()

    result = table.save(remove(rows[place]))

    assert (result.is_clear, result.is_done) == (True, False)
    assert table.cells() == left


def test_a_removed_row_is_unknown_where_another_one_was_added(table: Table) -> None:
    *_, last = table.read()
    table.save(remove(last))
    table.save(add("e"))

    for edit in (change(last, "mine"), remove(last)):
        result = table.save(edit)
        assert [conflict.row for conflict in result.conflicts] == [None]
    assert table.cells()[-1][0] == "e"


def test_a_row_that_somebody_changed_is_given_with_what_it_says(table: Table) -> None:
    _, second, *_ = table.read()
    table.save(change(second, "theirs"))
    table.save(add("e"))

    result = table.save(change(second, "mine"))

    assert [conflict.row for conflict in result.conflicts] == [table.read()[1]]
    assert table.save(remove(second)).conflicts == result.conflicts


def test_a_changed_row_is_not_removed_where_another_one_went(table: Table) -> None:
    _, second, _, last = table.read()
    table.save(change(second, "theirs"))
    table.save(remove(last))

    result = table.save(remove(second))

    assert [conflict.row for conflict in result.conflicts] == [None]
    assert table.cells()[1] == ("b", "theirs")


def test_one_of_two_equal_rows_is_removed_once(table: Table) -> None:
    table.path.write_text("nom,ville\na,1\nb,2\na,1\n")
    _, _, copy = table.read()
    table.save(remove(copy))

    result = table.save(remove(copy))

    assert not result.is_done
    assert table.cells() == [("a", "1"), ("b", "2")]


def test_of_equal_rows_the_one_that_was_meant_changes(table: Table) -> None:
    table.path.write_text("nom,ville\na,1\na,1\nb,2\nc,3\na,1\n")
    _, second, b, *_ = table.read()
    table.save(remove(b))

    table.save(change(second, "mine"))

    assert table.cells() == [("a", "1"), ("a", "mine"), ("c", "3"), ("a", "1")]


def test_of_fewer_equal_rows_none_is_taken(table: Table) -> None:
    table.path.write_text("nom,ville\na,1\nb,2\na,1\n")
    first, b, _ = table.read()
    table.save(remove(first), change(b, "theirs"))

    result = table.save(change(first, "mine"))

    assert [conflict.row for conflict in result.conflicts] == [None]
    assert table.cells() == [("b", "theirs"), ("a", "1")]


def test_a_row_above_equal_ones_is_not_the_next_of_these(table: Table) -> None:
    table.path.write_text("nom,ville\na,1\nb,2\nc,3\nc,3\nc,3\n")
    _, b, *_ = table.read()
    table.save(remove(b), add("e"))

    result = table.save(change(b, "mine"))

    assert [conflict.row for conflict in result.conflicts] == [None]


@pytest.mark.parametrize("text", ["", "1.2.3", "1.1.1.zz.", "9" * 400, "1.1.1..\n"])
def test_a_position_that_is_none_is_unknown(text: str) -> None:
    assert RowPosition.parse(text) == UNKNOWN_POSITION


def test_a_position_is_read_as_it_was_written(table: Table) -> None:
    for row in table.read():
        assert RowPosition.parse(str(row.position)) == row.position
