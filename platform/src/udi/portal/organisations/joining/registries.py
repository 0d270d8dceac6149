"""Numbers by which the public registers of France know an organisation."""

import re

from udi.kit.errors import Refusal
from udi.portal.organisations.joining.identity_checks import FIELD, IdentityCheck

FRANCE = "FR"
SIREN = 9
SIRET = 14
ASSOCIATION = re.compile(r"W[0-9A-Z]{9}")
"""Number of the French register of associations (RNA)."""
LA_POSTE = "356000000"
"""La Poste: the sum of the digits of its SIRET divides by five, or they follow the common rule."""


def normalise_number(number: str) -> str:
    """As registers write it: no space, point or hyphen, capital letters."""
    return re.sub(r"[\s.\-\u00a0\u202f]+", "", number).upper()


def has_key(digits: str) -> bool:
    """Whether the last digit is the key of the others (Luhn, ISO/IEC 7812-1)."""
    doubled = [
        int(digit) * (2 if place % 2 else 1)
        for place, digit in enumerate(reversed(digits))
    ]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0  # noqa: PLR2004 - a digit


def check_french_number(number: str) -> Refusal | None:
    """What is wrong with a tidy number of a French register, or None."""
    if not number:
        return Refusal(
            FIELD,
            "The registry number is missing.",
            "Give the SIREN, the SIRET or the number W… of an association.",
        )
    if ASSOCIATION.fullmatch(number):
        return None
    if not (number.isascii() and number.isdigit() and len(number) in {SIREN, SIRET}):
        return Refusal(
            FIELD,
            "This is not a French registry number.",
            "A SIREN has 9 digits, a SIRET 14, an association’s number W and 9 signs.",
        )
    of_post = number.startswith(LA_POSTE) and sum(map(int, number)) % 5 == 0
    if not (has_key(number) or of_post):
        return Refusal(
            FIELD,
            "One digit of this number is wrong: its key does not match.",
            "Copy it again from an official document.",
        )
    return None


def french_person_key(number: str) -> str:
    """What two numbers of one legal person have in common: the SIREN that begins each SIRET."""
    if number.isdigit():
        return number[:SIREN]
    return number


def is_plain_number(_number: str) -> bool:
    """Its length and its key tell a French number from others."""
    return True


FRENCH_REGISTERS = IdentityCheck(
    "In France",
    check_french_number,
    french_person_key,
    (
        "siren",
        "siret",
        "sirene",
        "rna",
        "entreprise",
        "etablissement",
        "unite-?legale",
    ),
    is_plain_number,
    serves=frozenset({"BL", "GF", "GP", "MF", "MQ", "PM", "RE", "YT"}),
)
