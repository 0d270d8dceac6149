"""Where and when a table is about, and what its producer answered before."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from tests.node.texts import Cell, write_typed
from udi.kit.tenancy import Territory
from udi.node.datasets.descriptions.description import LOCALE
from udi.node.datasets.descriptions.prefill import (
    AnswerProposer,
    EarlierDataset,
    cover_period,
    name_pattern,
    recall_answers,
)
from udi.node.spaces.models import Space
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.profiles.coverage import Coverage, compute_coverage
from udi.tabular.profiles.profile import profile_file
from udi.tabular.sandbox.parquet_views import open_parquet_views

PLACED = (
    TypedColumn("code_insee", ColumnType.COMMUNE),
    TypedColumn("cp", ColumnType.POSTCODE),
    TypedColumn("lat", ColumnType.LATITUDE),
    TypedColumn("lon", ColumnType.LONGITUDE),
    TypedColumn("date_naissance", ColumnType.DATE),
    TypedColumn("releve", ColumnType.DATE),
)


def cover(table: Path, columns: Sequence[TypedColumn]) -> Coverage:
    """The coverage of a typed table in a file."""
    with open_parquet_views(table) as connection:
        return compute_coverage(connection, columns)


def test_codes_coordinates_and_dates_say_where_and_when(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["35238", "35000", 48.1, -1.6, "1950-01-01", "2024-03-01"],
        ["35238", "35200", 48.2, -1.7, "1960-01-01", "2024-01-15"],
        ["35024", None, 48.15, -1.65, None, None],
        [None, "", 0.0, 0.0, None, "2023-12-31"],
        [None, None, 4_800.0, None, None, "0024-01-01"],
    ]

    coverage = cover(write_typed(tmp_path / "t.parquet", PLACED, rows), PLACED)

    assert coverage.communes == ("35238", "35024")
    assert coverage.postcodes == ("35000", "35200")
    assert coverage.box == pytest.approx((-1.7, 48.1, -1.6, 48.2), abs=0.01)
    assert (coverage.first_day, coverage.last_day) == (
        date(2023, 12, 31),
        date(2024, 3, 1),
    )
    assert Coverage.from_json(coverage.as_json()) == coverage


def test_points_and_years_say_it_too(tmp_path: Path) -> None:
    columns = (
        TypedColumn("point", ColumnType.POINT),
        TypedColumn("annee", ColumnType.YEAR),
    )
    rows: list[list[Cell]] = [["48.1, -1.6", 2019], ["48.2,-1.7", 2021], ["?", None]]

    coverage = cover(write_typed(tmp_path / "t.parquet", columns, rows), columns)

    assert coverage.box == pytest.approx((-1.7, 48.1, -1.6, 48.2), abs=0.01)
    assert (coverage.first_day, coverage.last_day) == (
        date(2019, 1, 1),
        date(2021, 12, 31),
    )


def test_a_table_that_says_nothing_of_it_covers_nothing(tmp_path: Path) -> None:
    columns = (TypedColumn("nom", ColumnType.TEXT),)

    coverage = cover(write_typed(tmp_path / "t.parquet", columns, [["a"]]), columns)

    assert coverage == Coverage()


def test_the_period_of_the_file_is_proposed_where_its_name_gave_none() -> None:
    coverage = Coverage(first_day=date(2020, 1, 1), last_day=date(2021, 2, 3))
    empty = {"first_day": "", "last_day": ""}
    named = {"first_day": "2019-01-01", "last_day": "2019-12-31"}
    covered, proposals = cover_period(empty, {}, coverage)
    closed = {**empty, "access": "restricted"}

    assert covered == {"first_day": "2020-01-01", "last_day": "2021-02-03"}
    assert proposals == {
        "first_day": {"public": "2020-01-01"},
        "last_day": {"public": "2021-02-03"},
    }
    assert cover_period(named, {}, coverage) == (named, {})
    assert cover_period(empty, {}, Coverage()) == (empty, {})
    assert cover_period(closed, {}, coverage) == (closed, {})


ANSWERS = {
    "title": "Menus de mars", "summary": "Les menus.", "theme": "children", "keywords": "menu", "frequency": "monthly",
    "language": "fr", "licence": "odbl-1.0", "contact": "cantine@example.org", "first_day": "2026-03-01", LOCALE: "fr",
}  # fmt: skip
MENUS = EarlierDataset("menus_mars_2026.csv", ("date", "plat", "prix"), ANSWERS)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("menus_avril_2026.csv", ("date", "plat", "prix")),
        ("2026-04-menus.xlsx", ("date", "plat", "allergenes")),
        ("export.csv", ("Date", "Plat", "Prix")),
    ],
)
def test_the_answers_given_for_such_a_file_come_back(
    name: str, columns: tuple[str, ...]
) -> None:
    answers = recall_answers(name, columns, [MENUS])

    assert (answers["theme"], answers["frequency"], answers["contact"]) == (
        "children",
        "monthly",
        "cantine@example.org",
    )
    assert not {"title", "first_day", LOCALE} & set(answers)


def test_habits_come_back_for_any_file_and_the_latest_first() -> None:
    older = EarlierDataset("arbres.csv", ("id",), {**ANSWERS, "licence": "etalab-2.0"})

    assert recall_answers("budget.csv", ("compte",), [MENUS, older]) == {
        "licence": "odbl-1.0", "language": "fr", "contact": "cantine@example.org",
    }  # fmt: skip
    assert recall_answers("budget.csv", (), []) == {}


@pytest.mark.parametrize(
    ("access", "licence", "summary"),
    [("public", "odbl-1.0", "1 rows and 2 columns."), ("restricted", "", "Columns:")],
)
def test_propose_description_puts_former_answers_first(
    demo: Territory, access: str, licence: str, summary: str
) -> None:
    former = {"theme": "children", "licence": "odbl-1.0", "access": access}
    content = b"plat;jour\nPot-au-feu;lundi\n"
    profile = profile_file("menus.csv", len(content), lambda: [content])
    proposer = AnswerProposer(demo, "en", lambda _language, message: message)

    answers, proposals = proposer.propose_description(
        Space(email="a@example.org"),
        "menus.csv",
        profile,
        [EarlierDataset("menus.csv", ("plat", "jour"), former)],
    )

    assert (answers["theme"], answers["access"]) == ("children", access)
    assert answers["licence"] == licence
    assert answers["summary"] == proposals["summary"][access]
    assert summary in answers["summary"]
    assert ("rows" in answers["summary"]) == (access == "public")


def test_a_name_is_compared_without_its_dates() -> None:
    assert (
        name_pattern("Menus_Février-2026_v2.csv")
        == name_pattern("menus 2025-03.csv")
        == "menus"
    )
