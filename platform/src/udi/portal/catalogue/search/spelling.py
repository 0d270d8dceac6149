"""The words that were probably meant, among the words of this index: that begin like one, or are near it."""

from collections.abc import Iterable
from difflib import get_close_matches

import tantivy

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.index import Reader

SHORTEST = 4
MIDDLING, LONG = 6, 8
SAMPLE = 20
SHORTEST_START, MOST_STARTED, MOST_COMPLETED = 3, 200, 8
ALIKE_START, ALIKE, MOST_ALIKE = 2, 0.6, 3


def find_near(reader: Reader, word: str) -> str | None:
    """The nearest word that some dataset has, the most frequent of several.

    One slip for a short word, two for a long one; two for a middling one too, if it begins with the same letter.
    The engine finds documents, not words: a sample of them is read for the words they have.
    """
    return next(iter(list_near(reader, word)), None)


def list_near(reader: Reader, word: str) -> list[str]:
    """The words at the least distance that some dataset has, the most frequent first."""
    if len(word) < SHORTEST or word.isdecimal():
        return []
    for distance in (1, 2) if len(word) >= MIDDLING else (1,):
        near = [
            (plain, written)
            for plain, written in _words_near(reader, word, distance)
            if slips(word, plain, distance) <= distance
            and not words.word_stems(plain)[1]
            and (distance == 1 or len(word) >= LONG or plain[0] == word[0])
        ]
        if near:
            ordered = sorted(near, key=lambda pair: (reader.searcher.doc_freq("words", pair[0]), pair), reverse=True)
            return [written for _, written in ordered]
    return []


def complete(
    reader: Reader, start: str, *, among: tantivy.Query | None = None, shortest: int = SHORTEST_START
) -> list[str]:
    """Plain words that some dataset (of those `among`) has and that begin like this, the most frequent first."""
    if len(start) < shortest or start.isdecimal():
        return []
    found = reader.searcher.terms_with_prefix("words", start, among, limit=MOST_STARTED)
    return [word for word, _ in sorted(found, key=lambda pair: (-pair[1], pair[0]))][:MOST_COMPLETED]


def list_alike(reader: Reader, word: str) -> list[str]:
    """Words that some dataset has and that might help where nothing is found: near ones, else some that look alike."""
    if near := list_near(reader, word):
        return near[:MOST_ALIKE]
    first = reader.searcher.terms_with_prefix("words", word[:ALIKE_START], limit=MOST_STARTED)
    alike = get_close_matches(word, [term for term, _ in first], MOST_ALIKE, ALIKE)
    return [as_written(reader, term) for term in alike]


def as_written(reader: Reader, word: str) -> str:
    """A plain word as some dataset writes it, with its accents."""
    query = tantivy.Query.term_query(reader.schema, "words", word)
    for _, address in reader.searcher.search(query, 1, count=False).hits:
        return next((each for each in _written(reader, address) if words.plain(each) == word), word)
    return word


def _words_near(reader: Reader, word: str, distance: int) -> Iterable[tuple[str, str]]:
    """Words of a sample of the datasets that have one near this one: plain, and as it is written, with its accents."""
    fuzzy = tantivy.Query.fuzzy_term_query(reader.schema, "words", word, distance=distance, transposition_cost_one=True)
    hits = reader.searcher.search(fuzzy, SAMPLE, count=False).hits
    written: set[str] = set()
    for _, address in hits:
        written.update(_written(reader, address))
    alike = (each for each in sorted(written) if abs(len(each) - len(word)) <= distance + 1)
    return {words.plain(each): each for each in alike}.items()


def _written(reader: Reader, address: tantivy.DocAddress) -> list[str]:
    return bytes(reader.searcher.doc(address).get_first("written") or b"").decode().split()


def slips(word: str, other: str, most: int) -> int:
    """How many letters were forgotten, added, changed or swapped with their neighbour; `most + 1` stands for more."""
    if abs(len(word) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        row = [i]
        for j, there in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == there:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return min(last[-1], most + 1)
