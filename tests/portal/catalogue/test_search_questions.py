"""What can be written in a question: phrases, exclusions, beginnings of words, and words that mean the same."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.portal.catalogue.test_search_index import Row, Written
from udi.portal.catalogue.search import query
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.query_syntax import list_query_parts, parse_query
from udi.portal.catalogue.search.thesaurus import (
    SHIPPED,
    Thesaurus,
    default_thesaurus,
    thesaurus_of,
)
from udi.protocol.synonyms import Concept, NotSkosError, read_synonyms

ROWS = [
    Row(
        1,
        "Qualité de l'air",
        ["pollution"],
        summary={"fr": "Eau propre et air pur, dans toutes les rues."},
    ),
    Row(2, "L'air et sa qualité", ["climat"]),
    Row(3, "Pistes cyclables", theme="transportation"),
    Row(
        4,
        "Comptages vélo",
        ["mobilité"],
        theme="transportation",
        synopsis={"fr": "Passages à Saint-Elvin."},
    ),
    Row(
        5,
        "Bibliothèques municipales",
        synopsis={"fr": "Vélo interdit dans les salles de lecture."},
        theme="culture",
    ),
    Row(6, "Menus de la restauration scolaire", theme="education"),
    Row(
        7,
        "Restauration des façades",
        theme="townPlanning",
        synopsis={"fr": "Aides, et lien avec la carte scolaire."},
    ),
    Row(8, "Parkings relais", theme="transportation"),
]


@pytest.fixture(scope="module")
def question_index(tmp_path_factory: pytest.TempPathFactory) -> Written:
    index = Written(tmp_path_factory.mktemp("questions"))
    index.start("first", ROWS)
    return index


def test_a_phrase_is_found_in_its_order_only(question_index: Written) -> None:
    assert set(question_index.find("qualité air").seqs) == {1, 2}
    for quoted in ('"qualité de l\'air"', "«qualite de l'air»", "“QUALITÉ DE L’AIR”"):
        assert question_index.find(quoted).seqs == [1]
    assert question_index.find('"air de qualité"').total == 0


def test_a_phrase_does_not_go_from_one_text_into_the_next(
    question_index: Written,
) -> None:
    assert question_index.find('"pollution eau propre"').total == 0
    assert question_index.find('"eau propre et air pur"').seqs == [1]


def test_what_is_excluded_is_not_found_and_a_hyphen_inside_a_word_excludes_nothing(
    question_index: Written,
) -> None:
    assert question_index.find("air -climat").seqs == [1]
    assert question_index.find("air -climats").seqs == [1], "in any form"
    assert question_index.find('qualité -"air pur"').seqs == [2]
    assert question_index.find("-air").total == len(ROWS) - 2
    assert question_index.find("Saint-Elvin").seqs == [4]
    assert question_index.find("comptages -saint-elvin").total == 0


@pytest.mark.parametrize(
    ("text", "words", "phrases", "apart"),
    [
        ('"open', '" open', [], []),
        ("a - b --c", "a - b --c", [], []),
        ("l'«air pur»", "l'", [("air", "pur")], []),
        ('""', '" "', [], []),
        ("bus -2024", "bus", [], ["2024"]),
    ],
)
def test_signs_that_close_nothing_mean_nothing(
    text: str, words: str, phrases: list[tuple[str, ...]], apart: list[str]
) -> None:
    read = parse_query(text)

    assert (read.words.split(), read.phrases, read.apart_words) == (
        words.split(),
        phrases,
        apart,
    )


def test_a_question_splits_into_what_may_be_left_out() -> None:
    assert list_query_parts('qualité de "l\'air pur" -bus qualité') == [
        "qualité",
        '"l\'air pur"',
        "-bus",
    ]


def test_the_beginning_of_a_word_finds_it_and_says_so(question_index: Written) -> None:
    result = question_index.find("biblio")

    assert result.seqs == [5]
    assert result.words[0].completed == ("bibliothèques",)
    assert question_index.find("biblio", exact=True).total == 0


def test_a_known_word_is_no_beginning(question_index: Written) -> None:
    assert question_index.find("air").words[0].completed == ()


def test_a_synonym_finds_after_the_word_itself(question_index: Written) -> None:
    result = question_index.find("vélo")

    assert result.seqs == [4, 5, 3], (
        "the word in a title, the word in a text, then the synonym"
    )
    assert [(group.text, group.also) for group in result.parsed_query.groups] == [
        ("vélo", ("cyclable",))
    ]
    assert set(question_index.find("vélo", exact=True).seqs) == {4, 5}


@pytest.mark.parametrize("text", ["bicyclette", "bicyclettes", "bike", "bicycles"])
def test_a_word_that_nobody_wrote_is_found_by_its_synonyms_rather_than_misread(
    question_index: Written, text: str
) -> None:
    result = question_index.find(text)

    assert set(result.seqs) == {3, 4, 5}
    assert result.words[0].instead == ""


def test_a_synonym_of_several_words_counts_only_together(
    question_index: Written,
) -> None:
    assert question_index.find("cantine").seqs == [6]
    assert question_index.find("school meal").seqs == [6]


def test_several_words_may_have_one_synonym(question_index: Written) -> None:
    assert question_index.find("school meals").seqs == [6]


def test_a_word_that_nobody_wrote_finds_what_is_broader(tmp_path: Path) -> None:
    index = Written(tmp_path)
    index.start("first", [Row(1, "Les arbres remarquables"), Row(2, "Pinèdes")])

    assert index.find("pins").seqs == [1]
    assert index.find("pins", exact=True).seqs == []


def test_a_word_that_somebody_wrote_finds_nothing_broader(tmp_path: Path) -> None:
    index = Written(tmp_path)
    index.start("first", [Row(1, "Les arbres remarquables"), Row(2, "Pins maritimes")])

    assert index.find("pin").seqs == [2]
    assert index.find("arbre").seqs == [1]


def test_a_place_is_found_by_its_short_name_and_the_other_way(tmp_path: Path) -> None:
    index = Written(tmp_path)
    index.start("first", [Row(1, "NYC Theaters"), Row(2, "New York Trees")])

    assert set(index.find("New York").seqs) == {1, 2}
    assert index.find("NYC").seqs == [1, 2]
    assert index.find("theaters in New York City").seqs == [1]


def test_more_is_no_plan_of_a_town(tmp_path: Path) -> None:
    index = Written(tmp_path)
    index.start("first", [Row(1, "Les livres les plus empruntés"), Row(2, "PLU")])

    assert (
        index.find("les livres les plus empruntés").parsed_query.groups[-1].also == ()
    )
    assert index.find("les livres les plus empruntés").total == 1


def test_the_name_of_a_theme_finds_its_datasets_last(question_index: Written) -> None:
    result = question_index.find("transports")

    assert set(result.seqs) == {3, 4, 8}
    assert result.parsed_query.groups[0].themes == ("transportation",)


def test_a_misspelt_word_has_the_synonyms_of_the_one_meant(
    question_index: Written,
) -> None:
    result = question_index.find("cyclabes")

    assert result.words[0].instead == "cyclables"
    assert set(result.seqs) == {3, 4, 5}


@pytest.mark.parametrize(
    ("text", "seqs", "dropped"),
    [
        ("Où sont les pistes cyclables près de Brocéliande ?", {3}, ["brocéliande"]),
        ("Where is the air pollution of Brocéliande?", {1, 2}, ["brocéliande"]),
        ("pistes cyclables saumon truite", {3}, ["saumon", "truite"]),
        ("pistes saumon truite brochet", set(), []),
        ("pistes saumon", set(), []),
        ("saumon truite brochet", set(), []),
    ],
)
def test_a_long_question_goes_without_the_words_that_the_nearest_dataset_lacks(
    question_index: Written, text: str, seqs: set[int], dropped: list[str]
) -> None:
    result = question_index.find(text)

    assert set(result.seqs) == seqs
    assert [group.text for group in result.parsed_query.dropped] == dropped
    assert question_index.find(text, exact=True).total == 0


def test_no_filter_phrase_or_exclusion_is_ever_dropped(question_index: Written) -> None:
    text = "pistes cyclables saumon"

    assert question_index.find(text).seqs == [3]
    assert question_index.find(text, theme=("culture",)).total == 0
    assert question_index.find(f'{text} "eau propre"').total == 0
    assert question_index.find(f"{text} -cyclable").total == 0


def test_words_that_ask_count_where_there_is_nothing_else(
    question_index: Written,
) -> None:
    result = question_index.find("où trouver")

    assert [word.text for word in result.words] == ["ou", "trouver"]
    assert [
        word.text for word in question_index.find("où trouver un vélo ?").words
    ] == ["velo"]


def test_a_park_is_no_car_park(question_index: Written) -> None:
    assert "parking" not in default_thesaurus().find(["park"])[0].labels


@pytest.mark.parametrize(
    ("text", "expected"), [("budjets", 1), ("vudget", 1), ("xudjet", 0), ("elus", 0)]
)
def test_two_slips_in_a_middling_word_need_its_first_letter(
    tmp_path: Path, text: str, expected: int
) -> None:
    index = Written(tmp_path)
    index.start("first", [Row(1, "Budget primitif"), Row(2, "Écoles")])

    assert index.find(text).total == expected


def test_a_territory_adds_words_of_its_own(question_index: Written) -> None:
    thesaurus = thesaurus_of(
        {"synonyms": [{"labels": ["façade", "ravalement"], "themes": []}]}
    )
    reader = question_index.indexes.find(question_index.tenant)
    assert reader is not None

    assert query.search(reader, Criteria("ravalement"), thesaurus).seqs == [7]
    assert query.search(reader, Criteria("bicyclette"), thesaurus).total == 3
    assert query.search(reader, Criteria("ravalement")).total == 0


def test_a_territory_adds_words_that_are_narrower(question_index: Written) -> None:
    turtle = b"""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
    <x:air> a skos:Concept ; skos:prefLabel "air" ; skos:altLabel "pollution" .
    <x:ozone> a skos:Concept ; skos:prefLabel "ozone" ; skos:broader <x:air> ."""
    concepts = read_synonyms(turtle)
    entries = [
        {"labels": concept.labels, "broader": concept.broader} for concept in concepts
    ]
    reader = question_index.indexes.find(question_index.tenant)
    assert reader is not None

    narrower = query.search(
        reader, Criteria("ozone"), thesaurus_of({"synonyms": entries})
    )

    assert concepts[1].broader == ("air", "pollution")
    assert narrower.seqs
    assert set(narrower.seqs) == set(question_index.find("air").seqs)


def test_the_list_of_the_portal_says_each_concept_in_both_languages() -> None:
    concepts = read_synonyms(SHIPPED.read_bytes())
    source = SHIPPED.read_text()

    assert len(concepts) >= 100
    assert source.count("@fr") > len(concepts) - 1
    assert source.count("@en") > len(concepts) - 1
    assert {"transportation"} <= {
        theme for concept in concepts for theme in concept.themes
    }


@pytest.mark.parametrize(
    ("turtle", "message"),
    [
        ("<a> a ", "IRI"),
        (
            '@prefix s: <http://www.w3.org/2004/02/skos/core#> . <x:a> a s:Concept ; s:prefLabel "seul" .',
            "no two labels",
        ),
        (
            f'@prefix s: <http://www.w3.org/2004/02/skos/core#> . <x:a> s:prefLabel "a", "{"b" * 101}" .',
            "more than 100 signs",
        ),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_the_reason(
    turtle: str, message: str
) -> None:
    with pytest.raises(NotSkosError, match=message):
        read_synonyms(turtle.encode())


def test_suggestions_complete_the_last_word_in_ways_that_find_something(
    question_index: Written,
) -> None:
    reader = question_index.indexes.find(question_index.tenant)
    assert reader is not None

    assert query.suggest_completions(reader, "bib") == ["bibliothèques"]
    assert query.suggest_completions(reader, "Qualité de l'a") == []
    assert query.suggest_completions(reader, "Qualité de l'ai") == ["Qualité de l'air"]
    assert query.suggest_completions(reader, "bibliothèques ai") == []
    assert (
        query.suggest_completions(reader, "")
        == query.suggest_completions(reader, "air ")
        == query.suggest_completions(reader, "\0\ud800")
        == []
    )


DAY = datetime(2026, 5, 1, tzinfo=UTC)


class Dated(Row):
    """A row of a given freshness."""

    @property
    def modified_at(self) -> datetime:
        return DAY + timedelta(days=self.seq)


def test_of_two_equally_near_the_more_complete_comes_first_then_the_fresher(
    tmp_path: Path,
) -> None:
    index = Written(tmp_path)
    rows = [
        Dated(1, "Arbres", west=-1.7, south=48.0, east=-1.6, north=48.1),
        Dated(2, "Arbres"),
        Dated(3, "Arbres"),
        Dated(
            4,
            "Rues",
            synopsis={"fr": "Les arbres."},
            west=-1.7,
            south=48.0,
            east=-1.6,
            north=48.1,
        ),
    ]
    index.start("first", rows)

    assert index.find("arbre").seqs == [1, 3, 2, 4]


def test_a_title_comes_before_keywords_and_keywords_before_the_text(
    tmp_path: Path,
) -> None:
    index = Written(tmp_path)
    rows = [
        Row(
            1, "Rues de la ville", synopsis={"fr": "Des arbres, et encore des arbres."}
        ),
        Row(2, "Rues de la ville", ["arbres", "voirie"]),
        Row(3, "Arbres de la ville", ["rues"]),
    ]
    index.start("first", rows)

    assert index.find("arbre").seqs == [3, 2, 1]


def test_pages_of_one_answer_share_no_dataset(tmp_path: Path) -> None:
    index = Written(tmp_path)
    index.start(
        "first", [Row(number, f"Arbres {number % 3}") for number in range(1, 261)]
    )

    seqs = [
        seq
        for page in range(1, 10)
        for seq in index.find("arbres", size=30, page=page).seqs
    ]

    assert len(seqs) == len(set(seqs)) == 260


def test_concepts_are_found_in_the_singular_and_in_the_plural() -> None:
    thesaurus = Thesaurus([Concept(("bibliothèque", "library"))])

    assert (
        thesaurus.find(["libraries"])
        == thesaurus.find(["bibliotheques"])
        == list(thesaurus.concepts)
    )
    assert thesaurus.find(["librairie"]) == []


def test_a_word_of_a_withdrawn_dataset_completes_nothing(
    tmp_path: Path,
) -> None:
    index = Written(tmp_path)
    index.start("first", ROWS)
    withdrawn = next(row for row in ROWS if row.title == "Parkings relais")
    reader = index.indexes.find(index.tenant)
    assert reader is not None
    before = query.suggest_completions(reader, "park")

    index.remove_without_merging(withdrawn)

    after = index.indexes.find(index.tenant)
    assert after is not None
    assert before == ["parkings"]
    assert after.searcher.terms_with_prefix("words", "park", None, limit=10) != []
    assert query.suggest_completions(after, "park") == []
