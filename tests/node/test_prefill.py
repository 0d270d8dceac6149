"""What names of files and columns tell."""

from functools import partial
from pathlib import Path

import pytest

from tests.depth import examples
from udi.node.datasets.descriptions.description import check_answers
from udi.node.datasets.descriptions.prefill import (
    guess_language,
    guess_theme,
    guess_title,
    pair_proposals,
    prefill,
    remove_cell_answers,
    update_answers,
)
from udi.protocol.access import AccessRights
from udi.tabular.profiles.profile import profile_file


def proposed(name: str, content: bytes) -> dict[str, str]:
    profile = profile_file(name, len(content), lambda: [content])
    return prefill(name, profile, say=str, locale="en", contact="a@example.org")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("associations_de_kerlevan-2026.csv", "Associations de kerlevan 2026"),
        ("20260131-budgetPrimitif.csv", "Budget Primitif"),
        ("export_20260131_120000_arbres.csv", "Arbres"),
        ("data.csv", "Nom, rue"),
        ("a1b2c3d4e5f6a7b8.csv", "Nom, rue"),
        ("Écoles.csv", "Écoles"),
    ],
)
def test_a_title_is_the_name_of_the_file_or_else_the_columns(
    name: str, title: str
) -> None:
    assert guess_title(name, ["nom", "rue"]) == title


@pytest.mark.parametrize(
    ("title", "columns", "theme"),
    [
        ("Défibrillateurs", ["nom", "adresse"], "publicSpace"),
        ("Menus des cantines", [], "children"),
        ("Budget 2026", ["compte", "montant"], "economy"),
        ("Arrêts de bus", ["commune"], "transportation"),
        ("Liste", ["commune", "insee"], "location"),
        ("Zzz", [], ""),
    ],
)
def test_a_theme_is_guessed_from_words(
    title: str, columns: list[str], theme: str
) -> None:
    assert guess_theme(title, columns) == theme


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["dirección", "municipio"], "es"),
        (["name", "address"], "en"),
        (["nom", "adresse"], "fr"),
        (["Numero parcometro", "Nome parcometro", "Latitudine"], "it"),
        (["Straße", "Ort", "Anzahl"], "de"),
        (["zz"], ""),
        (["code", "nome"], ""),
        (["nome", "numero"], ""),
    ],
)
def test_a_language_is_that_of_the_words_or_none(
    texts: list[str], language: str
) -> None:
    assert guess_language(texts) == language


def test_cells_tell_the_language_of_open_data_only() -> None:
    table = b"id;x\n1;Scuola di via della Pace\n2;Sede del comune\n"
    profile = profile_file("x.csv", len(table), lambda: [table])
    guess = partial(
        prefill,
        "x.csv",
        profile,
        say=str,
        locale="fr",
        contact="",
    )

    assert guess()["language"] == "it"
    assert guess(access=AccessRights.RESTRICTED)["language"] == ""


def test_no_row_is_named_after_a_word_of_the_title() -> None:
    answers = proposed("nantes-arbres.csv", b"nom;rue\nx;y\n")

    assert "nante." not in answers["summary"]
    assert answers["summary"].startswith("1 rows")


def test_no_value_of_a_cell_is_quoted() -> None:
    table = b"nom;ville\nCANARI;Rennes\nPINSON;Brest\nMERLE;Lannion\n"

    answers = proposed("oiseaux.csv", table)

    assert not any(
        word in " ".join(answers.values())
        for word in ("CANARI", "PINSON", "Rennes", "Brest")
    )
    assert "nom, ville" in answers["summary"]


def test_rows_without_names_give_no_words() -> None:
    answers = proposed(
        "mesures.csv", b"1;2.5;2026-01-01\n2;3.5;2026-01-02\n3;4.5;2026-01-03\n"
    )

    assert "Columns" not in answers["summary"]
    assert (answers["first_day"], answers["last_day"]) == ("2026-01-01", "2026-01-03")


def test_a_birthday_is_no_period() -> None:
    answers = proposed(
        "agents.csv", b"nom;date de naissance\na;1970-01-01\nb;1980-01-01\n"
    )

    assert answers["first_day"] == ""


NOTHING = {"summary": "", "first_day": "", "last_day": ""}
OLD = pair_proposals(
    {
        AccessRights.PUBLIC: {"summary": "2 rows", "first_day": "", "last_day": ""},
        AccessRights.RESTRICTED: {**NOTHING, "summary": "Rows"},
    }
)
NEW = pair_proposals(
    {
        AccessRights.PUBLIC: {"summary": "3 rows", "first_day": "x", "last_day": "y"},
        AccessRights.RESTRICTED: {**NOTHING, "summary": "Lines"},
    }
)


def test_a_new_version_renews_what_was_left_as_proposed() -> None:
    answers = {
        "summary": "2 rows",
        "first_day": "2026-01-01",
        "last_day": "",
        "title": "t",
    }

    renewed = update_answers(answers, OLD, NEW)

    assert renewed == {
        "summary": "3 rows",
        "first_day": "2026-01-01",
        "last_day": "y",
        "title": "t",
    }


def test_a_new_version_of_restricted_data_renews_nothing_that_is_made_of_cells() -> (
    None
):
    answers = {**NOTHING, "summary": "Rows", "access": "restricted"}

    assert update_answers(answers, OLD, NEW) == {**answers, "summary": "Lines"}


def test_a_restricted_table_is_described_without_its_cells() -> None:
    table = b"nom;jour\na;2026-01-01\nb;2026-01-02\nc;2026-01-03\n"
    profile = profile_file("mesures.csv", len(table), lambda: [table])
    guess = partial(
        prefill,
        "mesures.csv",
        profile,
        say=str,
        locale="en",
        contact="",
    )

    public = guess()
    restricted = guess(access=AccessRights.RESTRICTED)

    assert "3 rows" in public["summary"]
    assert public["first_day"] == "2026-01-01"
    assert "3" not in restricted["summary"]
    assert "nom, jour" in restricted["summary"]
    assert (restricted["first_day"], restricted["last_day"]) == ("", "")


def test_the_name_of_a_file_says_the_period_of_restricted_data() -> None:
    table = b"nom;jour\na;2026-01-01\nb;2026-01-02\n"
    profile = profile_file("mesures-2025.csv", len(table), lambda: [table])
    guess = partial(
        prefill,
        "mesures-2025.csv",
        profile,
        say=str,
        locale="en",
        contact="",
    )

    assert guess(access=AccessRights.RESTRICTED)["first_day"] == "2025-01-01"


def test_restricted_data_lose_what_was_proposed_and_keep_what_was_written() -> None:
    answers = {
        "summary": "3 rows",
        "first_day": "2019-01-01",
        "last_day": "y",
        "access": "restricted",
    }

    remaining_answers = remove_cell_answers(answers, NEW)

    assert remaining_answers == {
        "summary": "Lines",
        "first_day": "2019-01-01",
        "last_day": "",
        "access": "restricted",
    }
    assert remove_cell_answers({**answers, "access": "public"}, NEW) == {
        **answers,
        "access": "public",
    }


def test_every_real_table_gets_answers_to_keep(shared_data: Path) -> None:
    """What is proposed is never refused by the form itself, but for what cannot be guessed."""
    guessless = {"title", "summary", "theme", "keywords", "language"}
    files = sorted((shared_data / "data/tables").glob("*.csv"))[:: examples(9, 1)]
    for path in files:
        answers = proposed(path.name, path.read_bytes())
        refused_fields = {
            refusal.field
            for refusal in check_answers(answers, has_file=True)
            if answers[refusal.field]
        }
        assert not refused_fields, path.name
        assert {
            refusal.field for refusal in check_answers(answers, has_file=True)
        } <= guessless, path.name
    assert len(files) > examples(11, 100)
