"""Which descriptions say something, at the node as on the portal."""

import pytest

from udi.protocol.description_meaning import says_something
from udi.protocol.quality import CRITERIA, Rating, score_criteria

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


def test_a_text_that_says_nothing_is_never_rated_good() -> None:
    full = score_criteria(CRITERIA, is_described=False)

    assert (full.percentage, full.rating) == (100, Rating.SUFFICIENT)
    assert score_criteria({"keyword"}, is_described=False).rating is Rating.BAD


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
