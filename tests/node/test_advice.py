"""What would make a file easier to use."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.node.texts import Cell, write_typed
from udi.node.datasets.descriptions.advice import AdviceItem, FileFacts, advise
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.profiles.table_facts import TableFacts, inspect_table
from udi.tabular.sandbox.parquet_views import open_parquet_views
from udi.tabular.schemas.report import ColumnFault, SchemaErrorCount, SchemaReport

COLUMNS = (TypedColumn("id", ColumnType.CODE), TypedColumn("espece", ColumnType.TEXT))
GOOD = FileFacts(COLUMNS, TableFacts(rows=9, key="id"))


def messages_of(advice: tuple[AdviceItem, ...]) -> list[str]:
    return [item.message.translate(str) for item in advice]


def test_a_good_table_asks_for_nothing() -> None:
    assert advise(GOOD) == ()


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            TypedColumn("jour", ColumnType.DATE, "%d/%m/%Y"),
            "year-month-day (2026-01-31) in: jour.",
        ),
        (TypedColumn("prix", ColumnType.NUMBER, ","), "instead of a comma in: prix."),
        (
            TypedColumn("col12", ColumnType.TEXT),
            "a name that says what they hold: col12.",
        ),
        (TypedColumn("12", ColumnType.TEXT), "a name that says what they hold: 12."),
        (TypedColumn("nom_commune", ColumnType.TEXT), "INSEE code"),
    ],
)
def test_a_header_that_is_hard_to_reuse_is_told(
    column: TypedColumn, words: str
) -> None:
    advice = advise(replace(GOOD, columns=(*COLUMNS, column)))

    assert len(advice) == 1
    assert words in messages_of(advice)[0]


def test_what_is_already_good_is_not_told() -> None:
    good = (
        TypedColumn("jour", ColumnType.DATE, "%Y-%m-%d"),
        TypedColumn("prix", ColumnType.NUMBER),
        TypedColumn("commune", ColumnType.TEXT),
        TypedColumn("code_insee", ColumnType.COMMUNE),
        TypedColumn("colonne", ColumnType.TEXT),
    )

    assert advise(replace(GOOD, columns=good)) == ()


def test_a_schema_recognised_or_not_followed_is_told() -> None:
    faulty_report = SchemaReport(
        "arbres", "Arbres", "", 9, (), (SchemaErrorCount("id", "type", 3),), ()
    )

    assert [item.field for item in advise(replace(GOOD, looks_like="Arbres"))] == [
        "schema"
    ]
    assert (
        "3 cells"
        in messages_of(
            advise(replace(GOOD, report=faulty_report, looks_like="Arbres"))
        )[0]
    )
    right = replace(faulty_report, counts=())
    assert advise(replace(GOOD, report=right, looks_like="Arbres")) == ()
    partial = replace(
        right, columns=(ColumnFault("missing", "espece"), ColumnFault("extra", "note"))
    )
    assert messages_of(advise(replace(GOOD, report=partial))) == [
        "Add the columns that the model asks for: espece."
    ]


LOOKED = (
    TypedColumn("secteur", ColumnType.TEXT),
    TypedColumn("nom", ColumnType.TEXT),
    TypedColumn("arbres", ColumnType.INTEGER),
    TypedColumn("hauteur", ColumnType.TEXT),
    TypedColumn("note", ColumnType.EMPTY),
)
ROWS: list[list[Cell]] = [
    ["Nord", "chêne", 3, "12", ""],
    ["", "hêtre", 2, "14", ""],
    ["", "orme", 1, "environ 9", ""],
    ["Sud", "if", 4, "8,5", ""],
    ["", "if", 4, "8,5", ""],
    ["", "if", 4, "8,5", ""],
    ["", "Total général", 18, "", ""],
]


def inspect(table: Path, columns: Sequence[TypedColumn]) -> TableFacts:
    """The facts of a typed table in a file."""
    with open_parquet_views(table) as connection:
        return inspect_table(connection, columns)


def test_cells_that_are_hard_to_reuse_are_found(tmp_path: Path) -> None:
    facts = inspect(write_typed(tmp_path / "t.parquet", LOOKED, ROWS), LOOKED)

    assert facts == TableFacts(
        rows=7,
        empty=("note",),
        key="",
        repeated=1,
        totals=(8,),
        mixed=("hauteur",),
        merged=("secteur",),
    )
    assert TableFacts.from_json(facts.as_json()) == facts
    assert len(advise(replace(GOOD, columns=LOOKED, findings=facts))) == 6


def test_a_clean_table_has_nothing_to_mend(tmp_path: Path) -> None:
    columns = (
        TypedColumn("id", ColumnType.INTEGER),
        TypedColumn("total", ColumnType.TEXT),
    )
    rows: list[list[Cell]] = [[number, f"arbre {number}"] for number in range(10)]

    assert inspect(
        write_typed(tmp_path / "t.parquet", columns, rows), columns
    ) == TableFacts(rows=10, key="id")
    assert inspect(write_typed(tmp_path / "e.parquet", columns, []), columns).rows == 0
