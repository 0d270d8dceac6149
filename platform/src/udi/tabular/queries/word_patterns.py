"""Words as patterns that meet them whatever their capitals and accents (RE2).

One pass of a pattern costs a quarter of taking the accents of every cell away.
"""

import re
import unicodedata
from functools import cache

ACCENTED = (range(0xC0, 0x250), range(0x1E00, 0x1F00))
"""The letters of Latin alphabets beyond ASCII."""


def strip_accents(text: str) -> str:
    """The letters of a text without marks, in lower case."""
    letters = unicodedata.normalize("NFD", text)
    return "".join(
        letter for letter in letters if not unicodedata.combining(letter)
    ).lower()


@cache
def accented_letters() -> dict[str, str]:
    """Each letter that has accented ones, with these."""
    letters: dict[str, set[str]] = {}
    for code in (code for codes in ACCENTED for code in codes):
        letter = chr(code).lower()
        plain = strip_accents(letter)
        if len(plain) == 1 and plain.isascii() and plain != letter:
            letters.setdefault(plain, set()).add(letter)
    return {plain: "".join(sorted(accented)) for plain, accented in letters.items()}


def has_letters(word: str) -> bool:
    """Whether a word may be written with other capitals or accents; a number is looked for as it is."""
    return not word.isascii() or any(map(str.isalpha, word))


def word_pattern(word: str) -> str:
    """The pattern of a word."""
    accented = accented_letters()
    pieces = [
        f"[{letter}{accented[letter]}]" if letter in accented else re.escape(letter)
        for letter in strip_accents(word)
    ]
    return "(?i)" + "".join(pieces)
