"""The word that was probably meant, among the words of this index."""

from collections.abc import Iterable

import tantivy

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.index import Reader

SHORTEST = 4
LONG = 8
SAMPLE = 20


def find_near(reader: Reader, word: str) -> str | None:
    """The nearest word that some dataset has, the most frequent of several; one slip for a short word, two for a long.

    The engine finds documents, not words: a sample of them is read for the words they have.
    """
    if len(word) < SHORTEST or word.isdecimal():
        return None
    for distance in (1, 2) if len(word) >= LONG else (1,):
        near = [
            (plain, written)
            for plain, written in _words_near(reader, word, distance)
            if slips(word, plain, distance) <= distance and not words.word_stems(plain)[1]
        ]
        if near:
            return max(near, key=lambda pair: (reader.searcher.doc_freq("words", pair[0]), pair))[1]
    return None


def _words_near(reader: Reader, word: str, distance: int) -> Iterable[tuple[str, str]]:
    """Words of a sample of the datasets that have one near this one: plain, and as it is written, with its accents."""
    fuzzy = tantivy.Query.fuzzy_term_query(reader.schema, "words", word, distance=distance, transposition_cost_one=True)
    hits = reader.searcher.search(fuzzy, SAMPLE, count=False).hits
    written: set[str] = set()
    for _, address in hits:
        written.update(bytes(reader.searcher.doc(address).get_first("written") or b"").decode().split())
    alike = (each for each in sorted(written) if abs(len(each) - len(word)) <= distance + 1)
    return {words.plain(each): each for each in alike}.items()


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
