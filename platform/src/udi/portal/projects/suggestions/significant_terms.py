"""Which words two texts have in common, and which of them tell something: that is half of each reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from udi.portal.catalogue.search.index import IndexReader
from udi.portal.catalogue.search.words import query_words, text_stems, typed_words

COMMON = 10
FEW = 20
"""A word that more than one dataset of so many has tells nothing, unless so few have it."""
EMPTY_WORDS = frozenset(
    {
        "donnee",
        "donnees",
        "data",
        "jeu",
        "jeux",
        "dataset",
        "datasets",
        "projet",
        "projets",
        "project",
        "projects",
        "territoire",
        "territory",
        "ville",
        "city",
        "town",
        "commune",
        "besoin",
        "besoins",
        "need",
        "needs",
    }
)
"""What projects, requests and interests all say, in a catalogue of any size."""


@dataclass(frozen=True)
class SignificantTerms:
    """The words of a text that tell what it is about: stems by word, as it was typed."""

    words: Mapping[str, frozenset[str]]

    @property
    def text(self) -> str:
        """These words, to be looked for."""
        return " ".join(self.words)

    @property
    def stems(self) -> frozenset[str]:
        """Their stems."""
        return frozenset(
            stem for word_stems in self.words.values() for stem in word_stems
        )

    def shared_terms(self, stems: frozenset[str]) -> tuple[str, ...]:
        """Those that another text says too, given its stems."""
        return tuple(
            word for word, word_stems in self.words.items() if word_stems & stems
        )


def stems_of(*texts: str) -> frozenset[str]:
    """All that some texts say, as the index knows it."""
    return frozenset(stem for text in texts for stem in text_stems(text))


def extract_terms(reader: IndexReader | None, *texts: str) -> SignificantTerms:
    """The telling words of some texts, the first texts first."""
    text = " ".join(texts)
    query_text = {
        plain: word for word in typed_words(text) for plain, _ in query_words(word)
    }
    stems_by_word = {
        query_text.get(plain, plain): frozenset(stems)
        for plain, stems in query_words(text)
        if is_significant(reader, plain, stems)
    }
    return SignificantTerms(stems_by_word)


def is_significant(
    reader: IndexReader | None, plain: str, stems: Sequence[str]
) -> bool:
    """Whether a word says more than that a text is of this place and time."""
    if plain in EMPTY_WORDS or len(plain) < 3 or plain.isdigit():  # noqa: PLR2004 - «de», «12» and the like
        return False
    if reader is None:
        return True
    frequency = max(
        (reader.searcher.doc_freq("named", stem) for stem in stems), default=0
    )
    return frequency <= max(FEW, reader.searcher.num_docs // COMMON)
