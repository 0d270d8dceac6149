"""Keywords that a producer may choose: plain words of the title, the theme and the names of columns.

None is published unless somebody chose it. No code, no abbreviation, no value of a cell is among them.
"""

import re
from collections.abc import Iterable, Sequence

from udi.node.datasets.descriptions.description import Answers, split_keywords
from udi.node.datasets.descriptions.prefill import fold_text, split_words
from udi.node.datasets.descriptions.words import (
    EMPTY,
    GENERIC,
    WORDS_OF_LANGUAGES,
)
from udi.tabular.overviews import role_words

MOST_SUGGESTIONS = 10
SHORTEST_KEYWORD = 4
LONGEST_ABBREVIATION = 6
VOWEL = re.compile(r"[aeiouy]")
UNPRONOUNCEABLE = re.compile(r"[^aeiouy]{5}")
CONJUNCTIONS = re.compile(r",\s*|\s+(?:et|and|y)\s+")
CODE_WORDS = (
    role_words.IDENTIFIER
    | role_words.IDENTIFIER_ENDS
    | role_words.COORDINATE
    | role_words.PART_OF_TIME
    | role_words.YEARS
    | role_words.NAMES
    | role_words.TOTALS
)
"""Words of headers that say what kind of cells a column has, and nothing of what the data are about."""
HEADER_WORDS = frozenset[str]().union(*WORDS_OF_LANGUAGES.values())
"""Words that the headers of any table have."""


def suggest_keywords(
    title: str, columns: Iterable[str], theme: str, chosen: Sequence[str]
) -> list[str]:
    """Words that may be keywords, those of the title first; none that was chosen already.

    `theme` is its name in the language of the description, `columns` are the names that the file writes.
    """
    words = [word.lower() for word in split_words(title) if _is_plain(word)]
    words += [part.strip().lower() for part in CONJUNCTIONS.split(theme)]
    for name in columns:
        parts = split_words(name)
        words += [
            word.lower()
            for word in parts
            if _is_plain(word)
            and fold_text(word) not in HEADER_WORDS
            and not _is_abbreviation(word, parts)
        ]
    known = {_stem(word) for word in chosen}
    suggestions = []
    for word in filter(None, words):
        if _stem(word) not in known:
            known.add(_stem(word))
            suggestions.append(word)
    return suggestions[:MOST_SUGGESTIONS]


def add_keywords(answers: Answers, words: Sequence[str]) -> Answers:
    """The answers with keywords that were chosen among the suggestions, after those that were typed."""
    if not words:
        return answers
    written = answers.get("keywords", "").strip(" ,;")
    keywords = split_keywords({"keywords": ",".join([written, *words])})
    return {**answers, "keywords": ", ".join(keywords)}


def _stem(word: str) -> str:
    return fold_text(word).rstrip("s")


def _is_plain(word: str) -> bool:
    """Whether a word is one of everyday language, as far as its letters show it."""
    plain = fold_text(word)
    return (
        len(plain) >= SHORTEST_KEYWORD
        and plain.isalpha()
        and plain not in EMPTY | GENERIC | CODE_WORDS
        and bool(VOWEL.search(plain))
        and not UNPRONOUNCEABLE.search(plain)
    )


def _is_abbreviation(word: str, parts: Sequence[str]) -> bool:
    """Whether a short word is in capitals where others of its name are not, or the whole name is one such word."""
    if not word.isupper() or len(word) > LONGEST_ABBREVIATION:
        return False
    return len(parts) == 1 or not all(part.isupper() for part in parts)
