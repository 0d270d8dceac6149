"""Whether a description says something: more than the title, the names of columns and how many there are."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

FEWEST_WORDS = 5
SHORTEST_WORD = 3
LONGEST_READ = 5_000
LONGEST_KEPT = 200
MOST_KEPT = 2_000
"""Short texts whose words are kept: titles are looked at three times for a page, and keywords are those of many datasets."""
COLUMN_LIST = re.compile(
    r"\b(?:colonnes|columns|columnas)\s*:[^.\n\N{HORIZONTAL ELLIPSIS}]*", re.IGNORECASE
)
"""A list of columns, as the node suggests it."""
HUMP = re.compile(r"(?<=[^\W\d_])(?=[A-Z][a-z])")
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
WORD = re.compile(r"[^\W\d_]+")
LONGEST_NAME = 60
"""A longer name of a column is a sentence."""
NUMBERED_NAME = re.compile(
    r"(?:col(?:umn|onne|umna)?|unnamed|field|champ)[\d_: ]*\d[_: ]*"
)
"""What programs call a column without a name."""
WITHOUT_SPACES = re.compile(
    r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
"""Signs of scripts that put no blank between words (Thai, Lao, Khmer, Japanese, Chinese): each counts as a word."""
EMPTY_TEXT = (
    "row rows column columns line lines ligne lignes colonne colonnes fila filas columna columnas table tableau tabla"
    " data dataset donnee donnees jeu fichier file archivo datos conjunto csv each chaque cada one une uno una"
    " les des aux par pour avec dans sur est sont qui que ces ses leur leurs ceci cette this that these the and for from"
    " with are was were its their contains contient contiene contienen los las del por para con que son sus esta este"
    " liste list lista"
)
EMPTY_WORDS = frozenset(EMPTY_TEXT.split())
"""Words that any description could hold."""


def says_something(summary: str, title: str, columns: Iterable[str] = ()) -> bool:
    """Whether five different words or more of a description are in neither the title nor the names of columns."""
    text = COLUMN_LIST.sub(" ", summary[:LONGEST_READ])
    known = (
        EMPTY_WORDS
        | significant_words(title)
        | {word for name in columns for word in significant_words(name)}
    )
    return len(significant_words(text) - known) >= FEWEST_WORDS


def is_clear_name(name: str) -> bool:
    """Whether the name of a column says something: it has letters, is no number of a column and no sentence."""
    plain = _fold(name)
    if "\n" in name or len(name) > LONGEST_NAME:
        return False
    return any(map(str.isalpha, plain)) and not NUMBERED_NAME.fullmatch(plain.strip())


def significant_words(text: str) -> frozenset[str]:
    """The words of a text in small letters, without accents and without the mark of a plural."""
    if len(text) <= LONGEST_KEPT:
        return _list_words_of_short_text(text)
    return _list_words(text)


def _list_words(text: str) -> frozenset[str]:
    folded = _fold(HUMP.sub(" ", text))
    signs = set(WITHOUT_SPACES.findall(folded))
    spaced = WORD.findall(WITHOUT_SPACES.sub(" ", folded))
    words = [word for word in spaced if len(word) >= SHORTEST_WORD]
    significant = (word if word in EMPTY_WORDS else word.rstrip("sx") for word in words)
    return frozenset(signs.union(significant))


_list_words_of_short_text = lru_cache(MOST_KEPT)(_list_words)


def _fold(text: str) -> str:
    """Small letters without accents, of any script."""
    return BEYOND_ASCII.sub(_drop_accent, unicodedata.normalize("NFKD", text).lower())


def _drop_accent(match: re.Match[str]) -> str:
    sign = match[0]
    if unicodedata.combining(sign):
        return ""
    return sign
