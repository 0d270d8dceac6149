"""The words that were probably meant, among the words of this index: that begin like one, or are near it."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

import tantivy

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.index import IndexReader

SHORTEST = 4
MIDDLING = 6
LONG = 8
SAMPLE = 20
SHORTEST_START = 3
MOST_STARTED = 200
MOST_COMPLETED = 8
ALIKE_START = 2
SIMILARITY_CUTOFF = 0.6
MOST_ALIKE = 3


def find_nearest_word(reader: IndexReader, word: str) -> str | None:
    """The nearest word that some dataset has, the most frequent of several.

    One slip for a short word, two for a long one; two for a middling one too, if it begins with the same letter.
    The engine finds documents, not words: a sample of them is read for the words they have.
    """
    return next(iter(list_nearest_words(reader, word)), None)


def list_nearest_words(reader: IndexReader, word: str) -> list[str]:
    """The words at the least distance that some dataset has, the most frequent first."""
    if len(word) < SHORTEST or word.isdecimal():
        return []
    for distance in (1, 2) if len(word) >= MIDDLING else (1,):
        near = [
            (plain, spelling)
            for plain, spelling in _words_near(reader, word, distance)
            if edit_distance(word, plain, distance) <= distance
            and not words.word_stems(plain)[1]
            and (distance == 1 or len(word) >= LONG or plain[0] == word[0])
        ]
        if near:
            ordered = sorted(
                near,
                key=lambda pair: (reader.searcher.doc_freq("words", pair[0]), pair),
                reverse=True,
            )
            return [spelling for _, spelling in ordered]
    return []


def complete_word(
    reader: IndexReader,
    start: str,
    *,
    among: tantivy.Query | None = None,
    shortest: int = SHORTEST_START,
) -> list[str]:
    """Plain words that some dataset (of those `among`) has and that begin like this, the most frequent first."""
    if len(start) < shortest or start.isdecimal():
        return []
    terms = reader.searcher.terms_with_prefix(
        "words", start, reader.among if among is None else among, limit=MOST_STARTED
    )
    ordered = (word for word, _ in sorted(terms, key=lambda pair: (-pair[1], pair[0])))
    current = (word for word in ordered if is_in_dataset(reader, word))
    return list(islice(current, MOST_COMPLETED))


def is_in_dataset(reader: IndexReader, word: str) -> bool:
    """Whether a dataset still has a plain word: the engine keeps those of withdrawn ones until it merges its files."""
    query = reader.narrow(tantivy.Query.term_query(reader.schema, "words", word))
    return bool(reader.searcher.search(query, 1, count=False).hits)


def list_similar_words(reader: IndexReader, word: str) -> list[str]:
    """Words that some dataset has and that might help where nothing is found: near ones, else some that look alike."""
    if near := list_nearest_words(reader, word):
        return near[:MOST_ALIKE]
    first = reader.searcher.terms_with_prefix(
        "words", word[:ALIKE_START], reader.among, limit=MOST_STARTED
    )
    similar_terms = get_close_matches(
        word, [term for term, _ in first], MOST_STARTED, SIMILARITY_CUTOFF
    )
    current = (term for term in similar_terms if is_in_dataset(reader, term))
    return [restore_accents(reader, term) for term in islice(current, MOST_ALIKE)]


def restore_accents(reader: IndexReader, word: str) -> str:
    """A plain word as some dataset writes it, with its accents."""
    query = reader.narrow(tantivy.Query.term_query(reader.schema, "words", word))
    for _, address in reader.searcher.search(query, 1, count=False).hits:
        return next(
            (
                spelling
                for spelling in _read_written_words(reader, address)
                if words.strip_accents(spelling) == word
            ),
            word,
        )
    return word


def _words_near(
    reader: IndexReader, word: str, distance: int
) -> Iterable[tuple[str, str]]:
    """Words of a sample of the datasets that have one near this one: plain, and as it is written, with its accents."""
    fuzzy = tantivy.Query.fuzzy_term_query(
        reader.schema, "words", word, distance=distance, transposition_cost_one=True
    )
    hits = reader.searcher.search(reader.narrow(fuzzy), SAMPLE, count=False).hits
    spellings: set[str] = set()
    for _, address in hits:
        spellings.update(_read_written_words(reader, address))
    similar_spellings = (
        spelling
        for spelling in sorted(spellings)
        if abs(len(spelling) - len(word)) <= distance + 1
    )
    return {
        words.strip_accents(spelling): spelling for spelling in similar_spellings
    }.items()


def _read_written_words(reader: IndexReader, address: tantivy.DocAddress) -> list[str]:
    return (
        bytes(reader.searcher.doc(address).get_first("written") or b"").decode().split()
    )


def edit_distance(word: str, other: str, most: int) -> int:
    """How many letters were forgotten, added, changed or swapped with their neighbour; `most + 1` stands for more."""
    if abs(len(word) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        row = [i]
        for j, other_letter in enumerate(other, 1):
            cost = min(
                last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other_letter)
            )
            if (
                i > 1
                and j > 1
                and letter == other[j - 2]
                and word[i - 2] == other_letter
            ):
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = last
        last = row
    return min(last[-1], most + 1)
