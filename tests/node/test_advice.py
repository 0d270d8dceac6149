"""The score of a description and of its file, and the edits that raise it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.node.texts import Cell, write_typed
from udi.node.datasets.descriptions.advice import Advice, FileFacts, advise
from udi.node.datasets.descriptions.description import FIELDS, LOCALE, Answers
from udi.protocol.quality import (
    CRITERIA,
    FULL,
    Dimension,
    Rating,
    format_criteria,
    score_criteria,
)
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.profiles.table_facts import TableFacts, inspect_table
from udi.tabular.schemas.report import ColumnFault, SchemaErrorCount, SchemaReport

COMPLETE: Answers = {
    "title": "Arbres",
    "summary": "Les arbres plantés par la commune, relevés chaque année par le service des espaces verts.",
    "theme": "environment",
    "keywords": "arbre, parc, espèce",
    "first_day": "2020-01-01",
    "last_day": "2025-12-31",
    "frequency": "yearly",
    "language": "fr",
    "licence": "etalab-2.0",
    "contact": "parcs@example.org",
    LOCALE: "fr",
}
COLUMNS = (TypedColumn("id", ColumnType.CODE), TypedColumn("espece", ColumnType.TEXT))
GOOD = FileFacts("text/csv", COLUMNS, TableFacts(rows=9, key="id"), place_known=True)


def said(advice: Advice) -> list[str]:
    return [item.message.translate(str) for item in advice.items]


def test_the_criteria_are_those_of_data_europa_eu() -> None:
    full = score_criteria(CRITERIA)

    assert (full.points, full.percentage, full.rating) == (FULL, 100, Rating.EXCELLENT)
    assert [full.points_of(dimension)[1] for dimension in Dimension] == [
        100,
        100,
        110,
        75,
        20,
    ]
    assert [
        score_criteria({"keyword"}).rating,
        score_criteria({"keyword"}).points_of(Dimension.FINDABILITY),
    ] == [
        Rating.BAD,
        (30, 100),
    ]
    with pytest.raises(KeyError):
        score_criteria({"beauty"})


@pytest.mark.parametrize(
    ("left_out", "points", "percentage", "rating"),
    [
        ({"rights"}, 400, 98, Rating.EXCELLENT),
        ({"access_url_answers"}, 355, 87, Rating.EXCELLENT),
        ({"access_url_answers", "rights"}, 350, 86, Rating.GOOD),
    ],
)
def test_a_score_is_rounded_down_and_excellent_from_351_points(
    left_out: set[str], points: int, percentage: int, rating: Rating
) -> None:
    score = score_criteria(set(CRITERIA) - left_out)

    assert (score.points, score.percentage, score.rating) == (
        points,
        percentage,
        rating,
    )


@pytest.mark.parametrize(
    ("authority", "points"),
    [("CSV", 80), ("XLSX", 60), ("PDF", 40), ("TXT", 60), ("SHP", 60), ("GEOJSON", 80)],
)
def test_a_format_is_worth_what_people_can_do_with_it(
    authority: str, points: int
) -> None:
    assert score_criteria(format_criteria(authority, "x/y")).points == points


def test_a_complete_description_of_a_good_table_asks_for_nothing() -> None:
    advice = advise(COMPLETE, GOOD)

    assert advice.items == ()
    assert advice.score.points == FULL - CRITERIA["rights"].points
    assert advice.score.rating is Rating.EXCELLENT


@pytest.mark.parametrize(
    ("question", "points"),
    [
        ("keywords", 60),
        ("theme", 60),
        ("first_day", 20),
        ("licence", 60),
        ("contact", 50),
    ],
)
def test_each_answer_left_out_is_advised_with_what_it_gains(
    question: str, points: int
) -> None:
    advice = advise({**COMPLETE, question: "", "last_day": ""}, GOOD)

    assert advise(COMPLETE, GOOD).score.points - advice.score.points == points
    assert sum(item.points for item in advice.items) == points
    assert question in {item.field for item in advice.items}
    assert {item.field for item in advice.items} <= {*FIELDS, "file", "place", "schema"}
    assert [item.points for item in advice.items] == sorted(
        (item.points for item in advice.items), reverse=True
    )


def test_short_words_and_closed_formats_are_told() -> None:
    short = advise(
        {**COMPLETE, "summary": "Des arbres.", "keywords": "arbre", "frequency": ""},
        GOOD,
    )
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    assert len(short.items) == 3
    assert "Save the table as CSV: every program can read it." in said(
        advise(COMPLETE, replace(GOOD, media_type=sheet))
    )
    assert (
        "PDF"
        in said(advise(COMPLETE, FileFacts("application/pdf", place_known=True)))[0]
    )
    assert (
        "open format"
        in said(advise(COMPLETE, FileFacts("application/x-odd", place_known=True)))[0]
    )


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
    advice = advise(COMPLETE, replace(GOOD, columns=(*COLUMNS, column)))

    assert len(advice.items) == 1
    assert words in said(advice)[0]


def test_what_is_already_good_is_not_told() -> None:
    good = (
        TypedColumn("jour", ColumnType.DATE, "%Y-%m-%d"),
        TypedColumn("prix", ColumnType.NUMBER),
        TypedColumn("commune", ColumnType.TEXT),
        TypedColumn("code_insee", ColumnType.COMMUNE),
        TypedColumn("colonne", ColumnType.TEXT),
    )

    assert advise(COMPLETE, replace(GOOD, columns=good)).items == ()


def test_a_schema_recognised_or_not_followed_is_told() -> None:
    faulty_report = SchemaReport(
        "arbres", "Arbres", "", 9, (), (SchemaErrorCount("id", "type", 3),), ()
    )

    assert [
        item.field
        for item in advise(COMPLETE, replace(GOOD, looks_like="Arbres")).items
    ] == ["schema"]
    assert (
        "3 cells"
        in said(
            advise(COMPLETE, replace(GOOD, report=faulty_report, looks_like="Arbres"))
        )[0]
    )
    right = replace(faulty_report, counts=())
    assert (
        advise(COMPLETE, replace(GOOD, report=right, looks_like="Arbres")).items == ()
    )
    partial = replace(
        right, columns=(ColumnFault("missing", "espece"), ColumnFault("extra", "note"))
    )
    assert said(advise(COMPLETE, replace(GOOD, report=partial))) == [
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


def test_cells_that_are_hard_to_reuse_are_found(tmp_path: Path) -> None:
    facts = inspect_table(write_typed(tmp_path / "t.parquet", LOOKED, ROWS), LOOKED)

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
    assert (
        len(advise(COMPLETE, replace(GOOD, columns=LOOKED, findings=facts)).items) == 6
    )


def test_a_clean_table_has_nothing_to_mend(tmp_path: Path) -> None:
    columns = (
        TypedColumn("id", ColumnType.INTEGER),
        TypedColumn("total", ColumnType.TEXT),
    )
    rows: list[list[Cell]] = [[number, f"arbre {number}"] for number in range(10)]

    assert inspect_table(
        write_typed(tmp_path / "t.parquet", columns, rows), columns
    ) == TableFacts(rows=10, key="id")
    assert (
        inspect_table(write_typed(tmp_path / "e.parquet", columns, []), columns).rows
        == 0
    )
