"""What changed between two versions of a table."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.depth import examples
from tests.node.texts import Cell, write_typed
from udi.node import datasets
from udi.node.site import LOCALES
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.difference.difference import (
    MOST_EXAMPLES,
    ColumnChanges,
    Difference,
    compute_difference,
)
from udi.ui.pages import PageRenderer

ID = TypedColumn("id", ColumnType.INTEGER)
NAME = TypedColumn("nom", ColumnType.TEXT)
PRICE = TypedColumn("prix", ColumnType.NUMBER)
DAY = TypedColumn("jour", ColumnType.DATE)
OFTEN = settings(
    max_examples=examples(6, 25),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Rows = Sequence[Sequence[Cell]]


def compared(
    folder: Path,
    old: tuple[Sequence[TypedColumn], Rows],
    new: tuple[Sequence[TypedColumn], Rows],
    key: Sequence[str] | None = None,
) -> Difference:
    return compute_difference(
        write_typed(folder / "old.parquet", *old),
        old[0],
        write_typed(folder / "new.parquet", *new),
        new[0],
        key,
    )


OLD = [[1, "frêne", 2.0], [2, "hêtre", 3.0], [3, "orme", 4.0], [4, "if", 5.0]]
NEW = [[5, "tilleul", 1.0], [3, "orme", 4.0], [2, "hêtre", 3.5], [1, "frêne", 2.5]]


def test_rows_are_followed_by_the_key_found_in_both(tmp_path: Path) -> None:
    difference = compared(tmp_path, ([ID, NAME, PRICE], OLD), ([ID, NAME, PRICE], NEW))

    assert difference.key == ("id",)
    assert (
        difference.added,
        difference.removed,
        difference.changed,
        difference.old_rows,
        difference.new_rows,
    ) == (1, 1, 2, 4, 4)
    assert (difference.added_lines, difference.removed_lines, difference.by_column) == (
        (2,),
        (5,),
        (("prix", 2),),
    )
    assert [
        (example.old_line, example.new_line, example.key, example.cells)
        for example in difference.examples
    ] == [
        (3, 4, ("2",), (("prix", "3.0", "3.5"),)),
        (2, 5, ("1",), (("prix", "2.0", "2.5"),)),
    ]
    assert Difference.from_json(difference.as_json()) == difference


def test_a_difference_is_told_in_words(tmp_path: Path) -> None:
    table_difference = compared(
        tmp_path, ([ID, NAME, PRICE], OLD), ([ID, NAME, PRICE], NEW)
    )
    pages = PageRenderer(
        {"datasets": Path(datasets.__file__).parent / "templates"}, LOCALES
    )

    def render_difference(language: str, difference: Difference) -> str:
        template = pages._environments[language].get_template(
            "datasets/_difference.html"
        )
        return " ".join(template.render(difference=difference).split())

    assert "1 row added" in render_difference("en", table_difference)
    assert "2 lignes modifiées, surtout dans la colonne prix" in render_difference(
        "fr", table_difference
    )
    assert '<td class="was">3.0</td><td class="now">3.5</td>' in render_difference(
        "fr", table_difference
    )
    assert "Nothing changes" in render_difference("en", compare_same(tmp_path))


def compare_same(folder: Path) -> Difference:
    return compared(folder, ([ID, NAME, PRICE], OLD), ([ID, NAME, PRICE], OLD[::-1]))


def test_the_same_rows_in_another_order_are_no_difference(tmp_path: Path) -> None:
    assert compare_same(tmp_path).is_unchanged


def test_a_pair_of_columns_may_be_the_key(tmp_path: Path) -> None:
    year = TypedColumn("annee", ColumnType.YEAR)
    old: Rows = [[2023, "a", 1.0], [2023, "b", 2.0], [2024, "a", 3.0], [2024, "b", 3.0]]
    new: Rows = [*old[:3], [2024, "b", 9.0]]

    difference = compared(
        tmp_path, ([year, NAME, PRICE], old), ([year, NAME, PRICE], new)
    )

    assert (difference.key, difference.changed, difference.by_column) == (
        ("annee", "nom"),
        1,
        (("prix", 1),),
    )


def test_without_a_key_rows_are_compared_as_wholes(tmp_path: Path) -> None:
    old: Rows = [["a", 1.0], ["a", 1.0], ["b", 2.0], [None, None]]
    new: Rows = [["a", 1.0], ["b", 3.0], [None, None], [None, None]]

    difference = compared(tmp_path, ([NAME, PRICE], old), ([NAME, PRICE], new))

    assert difference.key == ()
    assert (difference.added, difference.removed, difference.changed) == (2, 2, 0)


def test_numbers_and_identifiers_that_were_all_renewed_are_no_key(
    tmp_path: Path,
) -> None:
    old: Rows = [[1, "a", 1.5], [2, "b", 2.5]]
    new: Rows = [[11, "a", 1.5], [12, "b", 2.5]]

    assert compared(
        tmp_path, ([ID, NAME, PRICE], old), ([ID, NAME, PRICE], new)
    ).key == ("nom",)


def test_columns_added_removed_renamed_and_of_another_type(tmp_path: Path) -> None:
    old = [
        ID,
        TypedColumn("Libellé", ColumnType.TEXT),
        TypedColumn("essence", ColumnType.TEXT),
        PRICE,
        DAY,
    ]
    text_price = TypedColumn("prix", ColumnType.TEXT)
    more = TypedColumn("espece_commune", ColumnType.TEXT)
    new = [
        ID,
        TypedColumn("libelle", ColumnType.TEXT),
        more,
        text_price,
        TypedColumn("photo", ColumnType.URL),
    ]
    kinds = ["chêne", "hêtre", "orme", "if"]
    rows: Rows = [
        [n, f"l{n}", kind, float(n), "2024-01-01"] for n, kind in enumerate(kinds)
    ]
    others: Rows = [[n, f"l{n}", kind, f"{n}.0", ""] for n, kind in enumerate(kinds)]

    difference = compared(tmp_path, (old, rows), (new, others))

    assert difference.columns == ColumnChanges(
        added=("photo",),
        removed=("jour",),
        renamed=(("Libellé", "libelle"), ("essence", "espece_commune")),
        retyped=(("prix", "number", "text"),),
    )
    assert (
        difference.key,
        difference.changed,
        difference.added,
        difference.removed,
    ) == (("id",), 0, 0, 0)


def test_tables_with_nothing_in_common_and_empty_ones(tmp_path: Path) -> None:
    apart = compared(tmp_path, ([ID], [[1]]), ([NAME], [["a"], ["b"]]))
    empty = compared(tmp_path, ([ID, NAME], []), ([ID, NAME], [[1, "a"]]))

    assert (apart.added, apart.removed) == (2, 1)
    assert (empty.added, empty.removed, empty.key) == (1, 0, ())


@pytest.mark.thorough
def test_examples_are_few_and_counts_are_whole(tmp_path: Path) -> None:
    old: Rows = [[n, "x" * 500] for n in range(MOST_EXAMPLES + 50)]
    new: Rows = [[n, "y" * 500] for n in range(MOST_EXAMPLES + 50)]

    difference = compared(tmp_path, ([ID, NAME], old), ([ID, NAME], new))

    assert (difference.changed, len(difference.examples)) == (
        MOST_EXAMPLES + 50,
        MOST_EXAMPLES,
    )
    assert (
        max(
            len(value)
            for example in difference.examples
            for cell in example.cells
            for value in cell
        )
        == 200
    )


@pytest.mark.parametrize(
    "name", ['a"b', "o.c0", "'; DROP VIEW old; --", "line", "mark", "é à"]
)
def test_a_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    columns = [ID, TypedColumn(name, ColumnType.TEXT)]

    difference = compared(
        tmp_path, (columns, [[1, "a"], [2, "b"]]), (columns, [[1, "a"], [2, "c"]])
    )

    assert difference.by_column == ((name, 1),)


ROWS = st.dictionaries(
    st.integers(0, 9),
    st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, 0.5, 1.0])),
    max_size=8,
)


@OFTEN
@given(old=ROWS, new=ROWS)
def test_a_comparison_by_key_agrees_with_a_model(
    tmp_path: Path, old: dict[int, tuple[Cell, Cell]], new: dict[int, tuple[Cell, Cell]]
) -> None:
    columns = [ID, NAME, PRICE]
    rows = [[[key, *rest] for key, rest in side.items()] for side in (old, new)]

    difference = compared(tmp_path, (columns, rows[0]), (columns, rows[1]), ["id"])

    both = [key for key in old if key in new]
    assert (difference.added, difference.removed) == (
        len(new.keys() - old.keys()),
        len(old.keys() - new.keys()),
    )
    assert difference.changed == sum(old[key] != new[key] for key in both)
    assert dict(difference.by_column) == {
        name: count
        for place, name in enumerate(["nom", "prix"])
        if (count := sum(old[key][place] != new[key][place] for key in both))
    }


@OFTEN
@given(
    old=st.lists(st.sampled_from("aab"), max_size=8),
    new=st.lists(st.sampled_from("abbc"), max_size=8),
)
def test_a_comparison_of_wholes_agrees_with_a_model(
    tmp_path: Path, old: list[str], new: list[str]
) -> None:
    difference = compared(
        tmp_path,
        ([NAME], [[cell] for cell in old]),
        ([NAME], [[cell] for cell in new]),
        [],
    )

    assert difference.added == sum((Counter(new) - Counter(old)).values())
    assert difference.removed == sum((Counter(old) - Counter(new)).values())
