"""Readable ends of addresses from names of any language of Europe: letters without accents, Greek and Cyrillic written in Latin ones.

A slug that was given stays: these rules are for new ones.
"""

import re
import unicodedata

LATIN = {
    "æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t",
    "ŋ": "ng", "ĸ": "k", "ə": "e", "ɛ": "e", "ɔ": "o", "ƒ": "f", "ƶ": "z",
}  # fmt: skip
"""Letters that no accent can be taken from (Unicode gives them no decomposition)."""
GREEK = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
"""After ELOT 743, a letter at a time."""
CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "ђ": "dj", "е": "e", "є": "ie", "ж": "zh", "з": "z",
    "и": "i", "і": "i", "ј": "j", "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p",
    "р": "r", "с": "s", "т": "t", "ћ": "c", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "џ": "dz", "ш": "sh",
    "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "ѕ": "dz",
}  # fmt: skip
"""As passports write them (ICAO 9303), nearly; a letter with a mark is written as the letter."""
_table = str.maketrans({**LATIN, **GREEK, **CYRILLIC})
NO_LETTER = re.compile(r"[^\w\x00-\x7f]")
"""Signs beyond ASCII that stand between words: typographic apostrophes, dashes, quotes."""
WORD = re.compile(r"[a-z0-9]+")


def to_ascii(text: str) -> str:
    """A text in small Latin letters without accents; other letters are left out, other signs are spaces."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return (
        NO_LETTER.sub(" ", letters.translate(_table)).encode("ascii", "ignore").decode()
    )


def list_words(text: str) -> list[str]:
    """The words of a text, of letters from a to z and digits."""
    return WORD.findall(to_ascii(text))


def make_slug(text: str, longest: int) -> str:
    """The first words of a text, joined by hyphens; of one that is too long, its beginning; empty where none can be written."""
    slug = ""
    for word in list_words(text):
        longer = f"{slug}-{word}" if slug else word[:longest]
        if len(longer) > longest:
            break
        slug = longer
    return slug
