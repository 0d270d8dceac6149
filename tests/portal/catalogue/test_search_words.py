"""Words: accents, plurals, elisions and stop words do not stand between a person and a dataset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.portal.catalogue.search.spelling import edit_distance
from udi.portal.catalogue.search.words import (
    MOST_ASKED,
    normalise_text,
    plain_words,
    query_words,
    text_stems,
    word_stems,
)
from udi.ui.locale import in_languages


def stems(text: str) -> list[set[str]]:
    return [set(stems) for _, stems in query_words(text)]


@pytest.mark.parametrize(
    ("searched_word", "written"),
    [
        ("elections", "Élection municipale"),
        ("ÉLECTIONS", "élection"),
        ("écoles", "Une ecole"),
        ("cantine", "Les cantines"),
        ("lanes", "A cycle lane"),
        ("électrique", "La consommation d'électricité"),
        ("electricite", "Électricité"),
        (
            "e\N{COMBINING ACUTE ACCENT}lectricite\N{COMBINING ACUTE ACCENT}",
            "Électricité",
        ),
        ("œuvres", "Une oeuvre"),
        ("l’eau", "eau"),
        ("eau", "Qualité de l'eau"),
        ("saint-malo", "Saint Malo"),
        ("2026", "Résultats 2026"),
    ],
)
def test_a_word_meets_its_other_forms(searched_word: str, written: str) -> None:
    document_stems = set(text_stems(written))

    assert stems(searched_word)
    assert all(alternatives & document_stems for alternatives in stems(searched_word))


def test_stop_words_of_either_language_do_not_count() -> None:
    assert [word for word, _ in query_words("la qualité de l'air of the air")] == [
        "qualite",
        "air",
    ]


def test_a_stop_word_alone_is_searched_rather_than_nothing() -> None:
    assert [word for word, _ in query_words("the de")] == ["the", "de"]


@pytest.mark.parametrize(
    "text", ["", "   ", "(((", "*", "\0", "-- ''", "x" * 10_000, "\ud800"]
)
def test_what_has_no_word_asks_for_none(text: str) -> None:
    assert query_words(text) == []


def test_syntax_of_search_engines_is_only_words() -> None:
    assert [word for word, _ in query_words('air" OR theme:x~2')] == [
        "air",
        "theme",
        "x",
        "2",
    ]


def test_a_very_long_question_is_cut_to_its_first_words() -> None:
    words = query_words(" ".join(f"mot{number}" for number in range(1_000)))

    assert [words[0][0], len(words)] == ["mot0", MOST_ASKED]


def test_a_text_in_one_language_is_cut_by_its_rules_alone() -> None:
    assert text_stems("the bus", "fr") == ["the", "bus"]
    assert text_stems("the bus", "en") == ["bus"]


@given(st.text())
def test_any_text_has_words_that_are_words(text: str) -> None:
    assert all(word and word == normalise_text(word) for word in plain_words(text))
    assert all(word and alternatives for word, alternatives in query_words(text))


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        ("budjet", "budget", 1),
        ("inondatoin", "inondation", 1),
        ("recencement", "recensement", 1),
        ("trotinette", "trottinette", 1),
        ("electon", "election", 1),
        ("velo", "velo", 0),
        ("qualty", "quality", 1),
        ("recencment", "recensement", 2),
        ("air", "bus", 3),
        ("a", "abcdef", 3),
    ],
)
def test_slips_are_counted_up_to_a_limit(word: str, other: str, expected: int) -> None:
    assert edit_distance(word, other, 2) == expected
    assert edit_distance(other, word, 2) == expected


@pytest.mark.parametrize(
    ("languages", "word", "expected"),
    [
        (("fr", "en"), "sea", {"se", "sea"}),
        (("es",), "sea", None),
        (("es",), "ciudades", {"ciudad"}),
        (("es", "en"), "bibliotecas", {"bibliotec", "biblioteca"}),
        (("br",), "trees", {"tre", "tree"}),
    ],
)
def test_words_are_cut_in_the_languages_of_the_territory(
    languages: tuple[str, ...], word: str, expected: set[str] | None
) -> None:
    """None: a stop word. Breton has no stems: French and English count, as outside of any territory."""
    with in_languages(languages):
        found_stems, is_stop_word = word_stems(word)

    assert (None if is_stop_word else set(found_stems)) == expected


def test_a_text_in_a_language_that_the_territory_speaks_is_cut_in_it_alone() -> None:
    with in_languages(("es", "en")):
        assert text_stems("los árboles", "es") == ["arbol"]
        assert set(text_stems("los árboles", "fr")) == {"los", "arbol"}
