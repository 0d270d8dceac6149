"""Which descriptions say something, at the node as on the portal."""

import pytest

from udi.protocol.description_meaning import is_clear_name, says_something

COLUMNS = ["nom", "commune", "dateCreation", "adresse postale"]
TITLE = "Associations de Kerlévan 2026"


@pytest.mark.parametrize(
    ("summary", "meaning"),
    [
        ("", False),
        ("Associations de Kerlévan", False),
        ("Liste des associations de la commune.", False),
        ("2 lignes et 4 colonnes. Colonnes : nom, commune, dateCreation, adresse…", False),
        ("412 rows and 9 columns. Columns: essence, height, girth, street, owner, age.", False),
        ("nom, commune, date de création, adresse postale", False),
        ("Tenue par la mairie.", False),
        (
            "Déclarées en préfecture et vérifiées chaque printemps par le service vie locale,"
            " pour renseigner les habitants.",
            True,
        ),
        ("Collected every spring by the town hall from the prefecture's register.", True),
    ],
)  # fmt: skip
def test_says_something_beyond_the_title_and_the_columns(
    summary: str,
    meaning: bool,  # noqa: FBT001 - a case of a table
) -> None:
    assert says_something(summary, TITLE, COLUMNS) is meaning


@pytest.mark.parametrize(
    "summary",
    [
        "Τα δέντρα των δημοσίων δρόμων, όπως τα μέτρησαν οι κηπουροί του δήμου.",
        "أشجار الشوارع العامة كما قاسها بستانيو المدينة هذا العام",
        "市内の公園にある遊具の点検結果を毎年まとめたものです。",
    ],
    ids=["Greek", "Arabic", "Japanese"],
)
def test_a_description_in_any_script_says_something(summary: str) -> None:
    assert says_something(summary, TITLE, COLUMNS)
    assert not says_something(summary, summary, COLUMNS)


@pytest.mark.parametrize(
    ("name", "is_clear"),
    [
        ("commune", True),
        ("Δήμος", True),
        ("市町村", True),
        ("colonne", True),
        ("T1", True),
        ("col12", False),
        ("Unnamed: 3", False),
        ("Colonne 4", False),
        ("12", False),
        ("", False),
        ("deux\nlignes", False),
        ("une phrase entière " * 5, False),
    ],
)
def test_is_clear_name_refuses_numbers_of_columns_and_sentences(
    name: str,
    is_clear: bool,  # noqa: FBT001 - a case of a table
) -> None:
    assert is_clear_name(name) is is_clear
