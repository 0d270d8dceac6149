"""Encodings of other alphabets than the Latin of the West: Japanese, Chinese, Cyrillic, Greek, Central European.

They are chosen only when the bytes that are not ASCII stand as those alphabets place them: in pairs of usual
characters, in runs of letters, or as letters where Windows-1252 would have signs inside words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

FIRST_HIGH = 0x80
LONGEST_SAMPLE = 64 * 1024
FEWEST_CHARACTERS = 4
USUAL_SHARE = 0.8
"""Share of the characters beyond ASCII that are usual ones, in a text of two bytes a character."""
RUN = 3
RUN_SHARE = 0.6
"""Share of the high bytes that stand in runs of at least `RUN`, in an alphabet without Latin letters."""
FEWEST_DISTINCT = 8
"""Different high bytes in these runs: an indent of no-break spaces is of no alphabet."""
LEAST_SCORE = 1.0
"""Mean score of the letters of a word that is well written."""
FEWEST_LETTERS = 2
RUNS = re.compile(rb"[\x80-\xff]+")
WIDE_RUNS = re.compile(r"[^\x00-\x7f]{2,}")
FIRST_WIDE = 0x2E80


@dataclass(frozen=True)
class WideEncoding:
    """An encoding of two bytes a character, and the first bytes of its usual characters."""

    name: str
    first: tuple[tuple[int, int], ...]
    second: int = 0x40
    """The lowest second byte of a usual character."""


WIDE = (
    WideEncoding("cp932", ((0x81, 0x98),)),
    WideEncoding("gbk", ((0xA1, 0xA3), (0xB0, 0xD7)), 0xA1),
    WideEncoding("cp950", ((0xA1, 0xC6),)),
)
SCRIPTS = {
    "cp1251": ("Ѐ", "ӿ", "оеаинтсрвл"),
    "koi8-r": ("Ѐ", "ӿ", "оеаинтсрвл"),
    "cp866": ("Ѐ", "ӿ", "оеаинтсрвл"),
    "iso8859-5": ("Ѐ", "ӿ", "оеаинтсрвл"),
    "iso8859-7": ("Ͱ", "Ͽ", "αοιεσντρκς"),
    "cp1253": ("Ͱ", "Ͽ", "αοιεσντρκς"),
}
"""Encodings of one byte a letter: first and last letter of the alphabet, and its most frequent letters."""
CENTRAL = "cp1250"


def find_national_encoding(sample: bytes, words: Sequence[bytes]) -> str:
    """Python's name of the encoding of a text that is not UTF-8, empty when it is a Western one.

    `sample` is a part of the text from the start of a line; `words` are those with high bytes.
    """
    return (
        _wide_encoding(sample[:LONGEST_SAMPLE])
        or _script_encoding(words)
        or _central_encoding(words)
    )


def _wide_encoding(sample: bytes) -> str:
    scores = {encoding.name: _usual_share(sample, encoding) for encoding in WIDE}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < USUAL_SHARE:
        return ""
    if best == "gbk":
        return "gb18030"
    return best


def _usual_share(sample: bytes, encoding: WideEncoding) -> float:
    """Share of usual characters among those beyond ASCII.

    0 where a byte is of none, where they are few, or where most stand alone: an accent and the letter after it.
    """
    try:
        text = sample.rpartition(b"\n")[0].decode(encoding.name)
    except UnicodeDecodeError:
        return 0.0
    beyond = [character for character in text if not character.isascii()]
    paired = sum(map(len, WIDE_RUNS.findall(text)))
    if len(beyond) < FEWEST_CHARACTERS or paired < RUN_SHARE * len(beyond):
        return 0.0
    usual = sum(
        ord(character) >= FIRST_WIDE and _is_usual(character, encoding)
        for character in beyond
    )
    return usual / len(beyond)


def _is_usual(character: str, encoding: WideEncoding) -> bool:
    written = character.encode(encoding.name)
    return (
        len(written) > 1
        and written[1] >= encoding.second
        and any(low <= written[0] <= high for low, high in encoding.first)
    )


def _script_encoding(words: Sequence[bytes]) -> str:
    runs = [match[0] for word in words for match in RUNS.finditer(word)]
    total = sum(map(len, runs))
    long = b"".join(run for run in runs if len(run) >= RUN)
    if total < FEWEST_CHARACTERS or len(long) < RUN_SHARE * total:
        return ""
    if len(set(long)) < FEWEST_DISTINCT:
        return ""
    scores = {name: _script_score(words, name) / total for name in SCRIPTS}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] >= LEAST_SCORE:
        return best
    return ""


def _script_score(words: Sequence[bytes], name: str) -> int:
    first, last, frequent = SCRIPTS[name]
    score = 0
    for word in words:
        before = ""
        for letter in word.decode(name, "replace"):
            if ord(letter) >= FIRST_HIGH:
                score += _letter_score(letter, before, first, last, frequent)
            before = letter
    return score


def _letter_score(
    letter: str, before: str, first: str, last: str, frequent: str
) -> int:
    if not first <= letter <= last or not letter.isalpha():
        return -2
    if letter.isupper() and before.islower():
        return -3
    if letter.isupper():
        return 1
    return 2 + (letter in frequent) - 2 * (not before.isalpha())


def _central_encoding(words: Sequence[bytes]) -> str:
    """Letters of Central Europe are signs in Windows-1252: `Łódź` would read `£ódŸ`, `Gdańsk` `Gdañsk`."""
    letters = set[int]()
    for word in words:
        try:
            central = word.decode(CENTRAL)
        except UnicodeDecodeError:
            return ""
        western = word.decode("cp1252", "replace")
        for place, byte in enumerate(word):
            if _is_central(central, western, place):
                letters.add(byte)
    if len(letters) >= FEWEST_LETTERS:
        return CENTRAL
    return ""


def _is_central(central: str, western: str, place: int) -> bool:
    if not central[place].isalpha() or western[place].isalpha():
        return False
    before = central[place - 1 : place]
    after = central[place + 1 : place + 2]
    return after.isalpha() and (before.isalpha() or not before)
