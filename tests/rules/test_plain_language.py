"""How hard the words for inhabitants are to read, in each language: those of requests, of registers and of consents.

The measure is LIX (Björnsson, 1968): words in a sentence, and of a hundred words those of more than six letters. Under 40 is
easy, under 30 very easy. No formula gives a level of the Common European Framework: A2 to B1 are short sentences of frequent
words, which is what this bounds. `tests/pages/plain.py` has the length of each sentence, and words of specialists.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from udi.ui.locale import forms_of, merge_catalogues

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
DOMAINS = ("portal/selfdata", "portal/consents", "node/subject_requests")
HARDEST = {"en": 26, "fr": 36, "es": 34}
"""LIX of the words of a domain. These may only go down."""
LONG = 6
FEWEST = 4
"""Words of what is a sentence; less is a label."""
PLACE = re.compile(r"%\(\w+\)s")
WORD = re.compile(r"[^\W\d_]+")
END = re.compile(r"(?<=[.!?…])[\s\u00a0]+")


def list_sentences(text: str) -> Iterator[list[str]]:
    """The words of each sentence; what is filled in counts as a short one."""
    for sentence in END.split(PLACE.sub("x", text)):
        words = WORD.findall(sentence)
        if len(words) >= FEWEST and sentence.rstrip().endswith((".", "!", "?")):
            yield words


@cache
def read_texts(domain: str, language: str) -> tuple[str, ...]:
    """What a domain says in a language; English is that of the messages."""
    catalogues = merge_catalogues([SOURCE / domain / "locale"])
    position = 0 if language == "en" else 1
    catalogue = catalogues["fr" if language == "en" else language]
    return tuple(
        text
        for message in catalogue
        if message.id
        for text in forms_of(message)[position]
    )


def measure(texts: tuple[str, ...]) -> tuple[int, float]:
    """How many sentences, and their LIX."""
    sentences = [words for text in texts for words in list_sentences(text)]
    words = [word for sentence in sentences for word in sentence]
    long_words = [word for word in words if len(word) > LONG]
    share = 100 * len(long_words) / len(words)
    return len(sentences), len(words) / len(sentences) + share


def test_a_text_is_measured_by_its_sentences_and_its_long_words() -> None:
    texts = ("The cat sat there. It slept through afternoons!", "A label", "No. 5")

    assert measure(texts) == (2, 4 + 100 * 2 / 8)


@pytest.mark.parametrize("language", HARDEST)
@pytest.mark.parametrize("domain", DOMAINS)
def test_words_for_inhabitants_are_easy_to_read(domain: str, language: str) -> None:
    number, lix = measure(read_texts(domain, language))
    print(f"{domain} {language}: LIX {lix:.1f} of {number} sentences")  # noqa: T201 - figures to publish

    assert number > 80
    assert lix < HARDEST[language]
