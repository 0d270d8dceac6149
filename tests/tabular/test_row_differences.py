"""What changes between two small tables, cell by cell, where no column names a row."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import udi.tabular.editing.row_differences as differences
from tests.depth import examples
from udi.tabular.editing.row_differences import (
    CellChange,
    RowChangeKind,
    RowDifference,
    TableFile,
    compare_rows,
)

ROWS = ["un,Brest,1", "deux,Brest,2", "trois,Ré,3", "quatre,Ré,4"]


def compare(folder: Path, old: list[str], new: list[str]) -> RowDifference:
    files = []
    for name, lines in (("old.csv", old), ("new.csv", new)):
        path = folder / name
        path.write_text("\n".join(["nom,ville,note", *lines, ""]), "utf-8")
        files.append(TableFile(path, name, {"header_line": 1}))
    return compare_rows(*files)


def test_a_changed_cell_an_added_and_a_removed_row_are_told(tmp_path: Path) -> None:
    new = ["un,Brest,1", "deux,Quimper,2", "quatre,Ré,4", "cinq,Ré,5"]

    difference = compare(tmp_path, ROWS, new)

    kinds = [(change.kind, change.number) for change in difference.changes]
    assert kinds == [
        (RowChangeKind.CHANGED, 2),
        (RowChangeKind.REMOVED, 3),
        (RowChangeKind.ADDED, 4),
    ]
    assert difference.changes[0].cells == (CellChange("ville", "Brest", "Quimper"),)
    assert (difference.changed, difference.added, difference.removed) == (1, 1, 1)


def test_equal_tables_have_no_difference(tmp_path: Path) -> None:
    assert compare(tmp_path, ROWS, ROWS) == RowDifference()


def test_other_columns_and_formats_cannot_be_compared(tmp_path: Path) -> None:
    old = tmp_path / "old.csv"
    new = tmp_path / "new.csv"
    old.write_text("nom,note\na,1\n", "utf-8")
    new.write_text("nom,rang\na,1\n", "utf-8")
    before = TableFile(old, "old.csv", {})

    assert compare_rows(before, TableFile(new, "new.csv", {})).is_unknown
    new.write_bytes(b"%PDF-1.7\n")
    assert compare_rows(before, TableFile(new, "new.pdf", {})).is_unknown


def test_very_different_tables_are_compared_without_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "MOST_PAIRS", 0)

    difference = compare(tmp_path, ROWS, ["zéro,Brest,0", *reversed(ROWS)])

    assert (difference.changed, difference.added, difference.removed) == (0, 1, 0)


@settings(max_examples=examples(40, 500), deadline=None)
@given(
    old=st.lists(st.sampled_from(ROWS), min_size=2, max_size=8),
    new=st.lists(st.sampled_from(ROWS), min_size=2, max_size=8),
)
def test_counts_explain_how_many_rows_there_are(
    tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("rows")

    difference = compare(folder, old, new)

    assert len(old) + difference.added - difference.removed == len(new)
    is_unchanged = not difference.changes
    assert is_unchanged == (old == new)
    kinds = Counter(change.kind for change in difference.changes)
    assert kinds[RowChangeKind.CHANGED] == difference.changed
