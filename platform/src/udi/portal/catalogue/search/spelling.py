"""The word that was probably meant, among the words of this index."""

import tantivy

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.index import Reader

SHORTEST = 4
LONG = 8
SAMPLE = 100


def find_near(reader: Reader, word: str) -> str | None:
    """The nearest word that some dataset has, the most frequent of several; one slip for a short word, two for a long.

    The engine finds documents, not words: a sample of them is read for the words they have.
    """
    if len(word) < SHORTEST or word.isdecimal():
        return None
    for distance in (1, 2) if len(word) >= LONG else (1,):
        fuzzy = tantivy.Query.fuzzy_term_query(
            reader.schema, "words", word, distance=distance, transposition_cost_one=True
        )
        hits = reader.searcher.search(fuzzy, SAMPLE, count=False).hits
        seen = {term for _, at in hits for term in str(reader.searcher.doc(at).get_first("words")).split()}
        near = [term for term in seen if slips(word, term, distance) <= distance and not words.word_stems(term)[1]]
        if near:
            return max(near, key=lambda term: (reader.searcher.doc_freq("words", term), term))
    return None


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
