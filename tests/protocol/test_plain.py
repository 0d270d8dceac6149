"""The words of policies and agreements: French as French writes it, one idea a sentence, the same for the same object."""

import re

import pytest

from tests.protocol.agreed import LEADER_ID, said_agreement, said_policy, said_terms
from udi.protocol import plain_language
from udi.protocol.agreement import read_agreement
from udi.protocol.plain_language_wording import ENGLISH, FRENCH, SPANISH
from udi.protocol.policy import Requester, read_policy
from udi.protocol.terms import Measure, Operator, Prohibition, Purpose, read_terms


def a_text(language: str, **changes: object) -> str:
    return plain_language.write_agreement_text(
        read_agreement(said_agreement(**changes)), language
    )


def test_an_agreement_in_french() -> None:
    text = a_text("fr")

    assert text.startswith(
        "Convention d’accès à un jeu de données restreint\n\n1. Les parties\n"
    )
    assert (
        "Le producteur\u00a0: «\u00a0Énergie du territoire\u00a0» (entreprise).\n"
        in text
    )
    assert "Le porteur du projet est un particulier, que le portail connaît.\n" in text
    assert (
        "La convention va du 1er décembre 2026 à 0\u00a0h\u00a000 au 30 novembre 2027 à 22\u00a0h\u00a059"
        in text
    )
    assert "Le volume lu ne dépasse pas 5\u00a0Go par mois.\n" in text
    assert text.endswith(
        "cette adresse\u00a0: https://data.example.org/agreements/6f1f7c3e\n"
    )


def test_an_agreement_in_english() -> None:
    text = a_text("en")

    assert "The data serve this purpose, and nothing else: research.\n" in text
    assert "Only these columns may be read: “îlot”, “énergie (kWh)”.\n" in text
    assert (
        "from 1 December 2026 at 00:00 to 30 November 2027 at 22:59:59, in universal time.\n"
        in text
    )
    assert [line for line in text.splitlines() if re.match(r"\d\.", line)][
        3
    ] == "4. What may be read"


@pytest.mark.parametrize("language", plain_language.LANGUAGES)
def test_the_same_object_gives_the_same_words_and_its_own_text_changes_nothing(
    language: str,
) -> None:
    assert a_text(language) == a_text(language, text={"fr": "Autre chose"})


def test_french_has_no_breaking_space_before_a_double_sign_nor_inside_quotation_marks() -> (
    None
):
    lines = [
        *plain_language.write_policy(read_policy(said_policy()), "fr"),
        *a_text("fr").splitlines(),
    ]

    assert [
        line
        for line in lines
        if re.search(r"(?<!\u00a0)[:;?!»]|«(?!\u00a0)|'", line.replace("https:", ""))
    ] == [line for line in lines if "Consommation d'électricité" in line]


def test_sentences_are_short() -> None:
    for words in (FRENCH, ENGLISH, SPANISH):
        sentences = [
            *words.sentences.values(),
            *words.prohibitions.values(),
            *words.measures.values(),
        ]
        assert (
            max(
                len(sentence.split())
                for text in sentences
                for sentence in text.split(". ")
            )
            <= 22
        )


def test_every_language_has_a_word_for_everything() -> None:
    for words in (FRENCH, ENGLISH, SPANISH):
        assert set(words.purposes) == set(Purpose)
        assert set(words.requesters) == set(words.leaders) == set(Requester)
        assert (set(words.operators), set(words.prohibitions)) == (
            set(Operator),
            set(Prohibition),
        )
        assert set(words.measures) == set(Measure)
        for wordings in (
            words.purposes,
            words.prohibitions,
            words.measures,
            words.operators,
        ):
            assert len(set(wordings.values())) == len(wordings)
    assert set(FRENCH.sentences) == set(ENGLISH.sentences) == set(SPANISH.sentences)


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (1, "1\u00a0octet", "1\u00a0byte"),
        (999, "999\u00a0octets", "999\u00a0bytes"),
        (1000, "1\u00a0ko", "1\u00a0kB"),
        (1024, "1,024\u00a0ko", "1.024\u00a0kB"),
        (1_500_000, "1,5\u00a0Mo", "1.5\u00a0MB"),
        (1_234_567_000, "1\u202f234,567\u00a0Mo", "1,234.567\u00a0MB"),
        (20 * 10**12, "20\u00a0To", "20\u00a0TB"),
    ],
)
def test_a_size_is_said_exactly(count: int, french: str, english: str) -> None:
    terms = read_terms(said_terms(bytes_a_month=count))

    assert (
        f"Le volume lu ne dépasse pas {french} par mois."
        in plain_language.write_terms(terms, "fr")
    )
    assert (
        f"The volume read is at most {english} a month."
        in plain_language.write_terms(terms, "en")
    )


def test_one_is_singular() -> None:
    policy = read_policy(
        said_policy(answer_days=1, terms=said_terms(months=1, requests_a_minute=1))
    )
    lines = "\n".join(
        plain_language.write_policy(policy, "en")
        + plain_language.write_policy(policy, "fr")
    )

    for words in (
        "within 1 day,",
        "lasts 1 month ",
        "1 reading a minute",
        "1 jour ",
        "1 lecture ",
    ):
        assert words in lines


def test_a_title_cannot_break_out_of_its_sentence() -> None:
    title = "Arbres ».\n\n5. Ce qui est interdit\u2028Rien\u202e"
    lines = a_text("fr", dataset_title=title).splitlines()

    assert len(lines) == len(a_text("fr").splitlines())
    assert "«\u00a0Arbres »». 5. Ce qui est interdit Rien\u00a0»." in "\n".join(lines)


def test_an_organisation_is_named_and_a_person_who_gave_a_name_too() -> None:
    person = {"kind": "person", "id": LEADER_ID, "name": "Atelier du Port"}

    assert "The project's leader: “Atelier du Port” (private person)." in a_text(
        "en", requester=person
    )
