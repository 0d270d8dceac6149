"""Numbers by which a tax or identity office knows people: French, British, German, Spanish, Italian, Romanian."""

import re
from collections import Counter
from collections.abc import Callable

from udi.kit.check_digits import TEN, is_iso_7064_mod_11_10, sum_weighted

SPANISH_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
FOREIGNERS = {"X": "0", "Y": "1", "Z": "2"}
"""What the first letter of a number of a foreigner counts as; K, L and M, of Spaniards without a DNI, count as nothing."""
FRENCH_MODULO = 511
FRENCH = re.compile(r"[0-3]\d{12}")
BRITISH = re.compile(
    r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]"
)
GERMAN = re.compile(r"[1-9]\d{10}")
GERMAN_REPETITIONS = {2, 3}
"""How often the one digit that is repeated among the first ten of a German number stands there."""
SPANISH = re.compile(r"([KLMXYZ]?)(\d{7,8})([A-Z])")
ROMANIAN = re.compile(
    r"[1-9]\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(0[1-9]|[1-4]\d|5[12]|70)(?!000)\d{3}\d"
)
"""Sex and century, day of birth, county, number of the day, key (CNP)."""
ROMANIAN_WEIGHTS = (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)
ITALIAN = re.compile(r"[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]")


def is_french(text: str) -> bool:
    """The thirteen digits of a «numéro fiscal», whose last three are the first ten modulo 511."""
    return bool(FRENCH.fullmatch(text)) and int(text[:10]) % FRENCH_MODULO == int(
        text[10:]
    )


def is_spanish(text: str) -> bool:
    """A DNI or a NIE, whose letter is that of its number modulo 23."""
    match = SPANISH.fullmatch(text)
    if match is None or len(match[1]) + len(match[2]) != len("12345678"):
        return False
    return (
        SPANISH_LETTERS[
            int(FOREIGNERS.get(match[1], "") + match[2]) % len(SPANISH_LETTERS)
        ]
        == match[3]
    )


def is_german(text: str) -> bool:
    """An «Identifikationsnummer»: of its first ten digits one alone is repeated, and the last confirms them."""
    if not GERMAN.fullmatch(text) or not text.isascii():
        return False
    counts = Counter(text[:-1])
    repeated = [number for number in counts.values() if number > 1]
    return (
        len(repeated) == 1
        and repeated[0] in GERMAN_REPETITIONS
        and is_iso_7064_mod_11_10(text)
    )


def is_romanian(text: str) -> bool:
    """A «cod numeric personal», whose last digit confirms the others."""
    if not ROMANIAN.fullmatch(text) or not text.isascii():
        return False
    key = sum_weighted(text[:-1], ROMANIAN_WEIGHTS) % 11
    return (1 if key == TEN else key) == int(text[-1])


def is_tax_number(text: str) -> bool:
    """Whether a cell is one, by a shape or a key that chance does not give."""
    compact = re.sub(r"[\s.-]", "", text).upper()
    tests: tuple[Callable[[str], object], ...] = (
        is_french,
        is_spanish,
        is_german,
        is_romanian,
        ITALIAN.fullmatch,
        BRITISH.fullmatch,
    )
    return any(test(compact) for test in tests)


def may_be_tax_number(text: str) -> bool:
    """The same in a column that says so: the key may be wrong."""
    compact = re.sub(r"[\s.-]", "", text).upper()
    return is_tax_number(text) or any(
        shape.fullmatch(compact) for shape in (FRENCH, GERMAN, SPANISH, ROMANIAN)
    )
