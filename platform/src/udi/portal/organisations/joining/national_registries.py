"""Numbers by which public registers of Germany, Spain and Romania know an organisation; those of a person are none."""

import re

from udi.kit.check_digits import TEN, is_iso_7064_mod_11_10, sum_luhn, sum_weighted
from udi.kit.errors import Refusal
from udi.portal.organisations.joining.identity_checks import FIELD, IdentityCheck

GERMAN_TAX = re.compile(r"DE[0-9]{9}(?:[0-9]{5})?")
"""VAT number, or the number of a business (`Wirtschafts-Identifikationsnummer`), which goes on with five digits."""
GERMAN_REGISTER = re.compile(
    r"DE[A-Z][0-9]{4}(?:HRA|HRB|GNR|PR|VR|GSR)[0-9]{1,6}[A-Z]{0,2}"
)
"""European number (EUID): the court, the register, and the number in it; it has no check digit."""
VAT_LENGTH = len("DE123456789")
SPANISH = re.compile(r"([ABCDEFGHJNPQRSUVW])([0-9]{7})([0-9A-J])")
SPANISH_LETTERS = "JABCDEFGHI"
WITH_LETTER = "NPQRSW"
WITH_DIGIT = "ABEH"
"""Kinds of organisations whose number ends with a letter, or with a digit; others may have either."""
ROMANIAN = re.compile(r"(?:RO)?([1-9][0-9]{1,9})")
ROMANIAN_WEIGHTS = (7, 5, 3, 2, 1, 7, 5, 3, 2)
WRONG_KEY = Refusal(
    FIELD,
    "One digit of this number is wrong: its key does not match.",
    "Copy it again from an official document.",
)


def check_german_number(number: str) -> Refusal | None:
    """What is wrong with a tidy number of a German register, or None."""
    if GERMAN_REGISTER.fullmatch(number):
        return None
    if not GERMAN_TAX.fullmatch(number):
        return Refusal(
            FIELD,
            "This is not a German registry number.",
            "Give the VAT number (DE and 9 digits), or the European number of the register (EUID).",
        )
    if not is_iso_7064_mod_11_10(number[2:VAT_LENGTH]):
        return WRONG_KEY
    return None


def german_person_key(number: str) -> str:
    """The VAT number that begins each number of a business; a number of a register is itself."""
    if GERMAN_TAX.fullmatch(number):
        return number[:VAT_LENGTH]
    return number


def check_spanish_number(number: str) -> Refusal | None:
    """What is wrong with a tidy tax number (NIF) of a Spanish organisation, or None."""
    match = SPANISH.fullmatch(number.removeprefix("ES"))
    if match is None:
        return Refusal(
            FIELD,
            "This is not the number of a Spanish organisation.",
            "Give its NIF: a letter, 7 digits, and a digit or a letter.",
        )
    kind, digits, control = match.groups()
    key = -sum_luhn(digits, doubled=0) % TEN
    by_letter = control == SPANISH_LETTERS[key] and kind not in WITH_DIGIT
    by_digit = control == str(key) and kind not in WITH_LETTER
    if not (by_letter or by_digit):
        return WRONG_KEY
    return None


def spanish_person_key(number: str) -> str:
    """The NIF, without the country that VAT writes before it."""
    return number.removeprefix("ES")


def check_romanian_number(number: str) -> Refusal | None:
    """What is wrong with a tidy tax number (CUI) of a Romanian organisation, or None."""
    match = ROMANIAN.fullmatch(number)
    if match is None:
        return Refusal(
            FIELD,
            "This is not the number of a Romanian organisation.",
            "Give its CUI: 2 to 10 digits, with RO before them or not.",
        )
    digits = match[1]
    key = sum_weighted(digits[:-1], ROMANIAN_WEIGHTS) * TEN % 11 % TEN
    if key != int(digits[-1]):
        return WRONG_KEY
    return None


def romanian_person_key(number: str) -> str:
    """The CUI, without the country that VAT writes before it."""
    return number.removeprefix("RO")


def is_plain_german_number(number: str) -> bool:
    """It begins with the country in each of its forms."""
    return number.startswith("DE")


def is_plain_spanish_number(number: str) -> bool:
    """It begins with the country, or ends with a letter: the code of an administration (DIR3) may be a letter and digits."""
    return number.startswith("ES") or number[-1:].isalpha()


def is_plain_romanian_number(number: str) -> bool:
    """It begins with the country: any digits may have the key of the others."""
    return number.startswith("RO")


GERMAN_REGISTERS = IdentityCheck(
    "In Germany",
    check_german_number,
    german_person_key,
    ("ust-?id(?:-?nr)?", "w-?idnr", "vat", "euid"),
    is_plain_german_number,
)
SPANISH_REGISTERS = IdentityCheck(
    "In Spain",
    check_spanish_number,
    spanish_person_key,
    ("nif", "cif", "vat"),
    is_plain_spanish_number,
)
ROMANIAN_REGISTERS = IdentityCheck(
    "In Romania",
    check_romanian_number,
    romanian_person_key,
    ("cui", "cif", "vat"),
    is_plain_romanian_number,
)
