"""Words that mean the same, from SKOS: a concept's labels stand for one another, and for a theme it exactly matches.

One that no dataset has stands for the labels of its broader concepts.

The portal's own list is `synonyms.ttl`; a territory adds its `synonyms.ttl`, checked when its files are read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from udi.portal.catalogue.search.words import query_words, singular
from udi.protocol.synonyms import Concept, Labels, read_synonyms

SHIPPED = Path(__file__).with_name("synonyms.ttl")
LONGEST_LABEL = 4
"""Words of a label, small ones aside; a longer one is never recognised in a question."""
Key = tuple[str, ...]


@dataclass
class Thesaurus:
    """Concepts, found by any of their labels, in the singular or the plural.

    Not by their stems, which bring a park near a car park.
    """

    concepts: Sequence[Concept]
    _by_key: dict[Key, list[Concept]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for concept in self.concepts:
            for label in concept.labels:
                key_concepts = self._by_key.setdefault(
                    key_of([word for word, _ in query_words(label)]), []
                )
                if concept not in key_concepts:
                    key_concepts.append(concept)

    def find(self, words: Sequence[str]) -> list[Concept]:
        """The concepts that these plain words together name."""
        return self._by_key.get(key_of(words), [])


def key_of(words: Iterable[str]) -> Key:
    """What a label and its plural have in common."""
    return tuple(singular(word) for word in words)


@cache
def default_thesaurus() -> Thesaurus:
    """The portal's own list."""
    return Thesaurus(read_synonyms(SHIPPED.read_bytes()))


@cache
def _extend_thesaurus(
    synonyms: tuple[tuple[Labels, tuple[str, ...], Labels], ...],
) -> Thesaurus:
    return Thesaurus(
        [
            *default_thesaurus().concepts,
            *(Concept(*parts) for parts in synonyms),
        ]
    )


def thesaurus_of(search: Mapping[str, object]) -> Thesaurus:
    """The list of a territory: the portal's and what it adds (`search` as its register has it)."""
    synonyms = search.get("synonyms")
    if not isinstance(synonyms, list) or not synonyms:
        return default_thesaurus()
    return _extend_thesaurus(
        tuple(
            (
                tuple(entry["labels"]),
                tuple(entry.get("themes", ())),
                tuple(entry.get("broader", ())),
            )
            for entry in synonyms
        )
    )
