"""What was settled of the lines of one file leaves no row of a later one out."""

from pathlib import Path

import pytest

from udi.node.datasets.actions.line_settings import read_line_form
from udi.node.datasets.models import Preparation, Version
from udi.tabular.formats.line_settings import LineSettings
from udi.tabular.formats.spreadsheets import Sheet
from udi.tabular.formats.totals import is_total
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import Profile, profile_path

TWO = ("lieu", "prix")
THREE = ("lieu", "prix", "places")
ROWS_OF_TWO = "Brest;1\nQuimper;2\nMorlaix;3\n"
ROWS_OF_THREE = "Brest;1;4\nQuimper;2;5\nMorlaix;3;6\nLannion;4;7\n"
UNITS = LineSettings(units=2, columns=TWO)
FIRST = LineSettings(first=4, columns=THREE)
BELOW = LineSettings(below=1, columns=TWO)


@pytest.mark.parametrize(
    ("content", "settings", "row_count", "note"),
    [
        (f"lieu;prix\n{ROWS_OF_TWO}", UNITS, 3, {"settled_lines_left"}),
        (f"lieu;prix\n;€\n{ROWS_OF_TWO}", UNITS, 3, set()),
        (f"lieu;prix;places\n{ROWS_OF_THREE}", FIRST, 4, {"settled_lines_left"}),
        (
            f"lieu;prix;places\nprovisoire;;\nrévisé;;\n{ROWS_OF_THREE}",
            FIRST,
            4,
            set(),
        ),
        ("lieu;prix\nBrest;1\nQuimper;2\nMorlaix;\n", BELOW, 3, {"settled_end_left"}),
    ],
)
def test_rows_of_a_later_file_stay(
    tmp_path: Path,
    content: str,
    settings: LineSettings,
    row_count: int,
    note: set[str],
) -> None:
    file = tmp_path / "lieux.csv"
    file.write_text(content)

    profile = profile_path(file, corrections=Corrections(lines=settings))

    assert profile.rows == row_count
    assert profile.columns[0].name == "lieu"
    codes = {one.code for one in profile.notes}
    assert codes & {"settled_lines_left", "settled_end_left"} == note


@pytest.mark.parametrize(
    ("word", "sums"),
    [
        ("Somme", False),
        ("Somme (80)", False),
        ("Somme 80", False),
        ("Somme totale", True),
        ("Somme des dépenses", True),
        ("Total", True),
    ],
)
def test_the_department_of_the_somme_is_no_total(word: str, *, sums: bool) -> None:
    assert is_total([word, "570000"]) is sums


@pytest.mark.parametrize(("sheet", "settled"), [("", False), ("A", False), ("B", True)])
def test_lines_settled_on_one_sheet_are_not_those_of_another(
    sheet: str, *, settled: bool
) -> None:
    before = Corrections(sheet="B", lines=LineSettings(first=5))
    profile = Profile("", "XLSX", sheet="B", sheets=(Sheet("A"), Sheet("B")))
    version = Version(
        profile=profile.as_json(),
        preparation=Preparation(corrections=before.as_json()),
    )

    corrections, _ = read_line_form({"sheet": sheet, "first": "5"}, version)

    assert bool(corrections.lines) is settled
