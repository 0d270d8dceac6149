"""Numbers by which a tax or identity office knows people: French, British, German, Spanish, Italian."""

import re
from collections.abc import Callable

SPANISH_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
FOREIGNERS = {"X": "0", "Y": "1", "Z": "2"}
FRENCH_MODULO = 511
FRENCH = re.compile(r"[0-3]\d{12}")
BRITISH = re.compile(
    r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]"
)
GERMAN = re.compile(r"[1-9]\d{10}")
SPANISH = re.compile(r"([XYZ]?)(\d{7,8})([A-Z])")
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


def is_tax_number(text: str) -> bool:
    """Whether a cell is one, by a shape or a key that chance does not give."""
    compact = re.sub(r"[\s.-]", "", text).upper()
    tests: tuple[Callable[[str], object], ...] = (
        is_french,
        is_spanish,
        ITALIAN.fullmatch,
        BRITISH.fullmatch,
    )
    return any(test(compact) for test in tests)


def may_be_tax_number(text: str) -> bool:
    """The same in a column that says so: the key may be wrong, and German numbers are counted."""
    compact = re.sub(r"[\s.-]", "", text).upper()
    return is_tax_number(text) or any(
        shape.fullmatch(compact) for shape in (FRENCH, GERMAN, SPANISH)
    )
