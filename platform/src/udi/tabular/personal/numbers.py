"""Numbers that say who somebody is: the shape of each, and its key where it has one."""

import re

SPACES = " \u00a0\u202f"
GAP = rf"[{SPACES}.\-/()]{{0,3}}"
NIR = re.compile(
    rf"(?<![\dA-Za-z.,-])([12378])[{SPACES}]?(\d\d)[{SPACES}]?(0[1-9]|1[0-2]|[2-9]\d)[{SPACES}]?(\d\d|2[ABab])"
    rf"[{SPACES}]?(\d{{3}})[{SPACES}]?(\d{{3}})(?:[{SPACES}/-]{{0,3}}(\d\d))?(?![\dA-Za-z]|[.,]\d)"
)
IBAN = re.compile(
    rf"(?<![A-Za-z0-9])([A-Z]{{2}}\d{{2}}(?:[{SPACES}]?[A-Z0-9]){{11,30}})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
IBAN_LENGTHS = {
    "AD": 24,
    "AT": 20,
    "BE": 16,
    "BG": 22,
    "CH": 21,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "EE": 20,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GB": 22,
    "GR": 27,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IS": 26,
    "IT": 27,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "MC": 27,
    "MT": 31,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "RO": 24,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "TN": 24,
    "TR": 26,
    "MA": 28,
}
"""Characters of an account number by country (ISO 13616)."""
FRENCH_PHONE = re.compile(
    rf"(?<![\d.,+\w-])(?:(?:\+|00)33[{SPACES}.]?(?:\(0\)[{SPACES}]?)?|0)([1-9])([{SPACES}./-]?[{SPACES}]?)\d\d(?:\2\d\d){{3}}"
    r"(?![\dh:-]|[.,]\d)"
)
ANY_PHONE = re.compile(rf"(?<![\d.,\w])(?:\+|00)?\(?\d(?:{GAP}\d){{7,14}}(?!\d)")
FORMATTED = re.compile(rf"^(\+|00)|[{SPACES}./-]")
ABROAD = re.compile(
    rf"(?<![\d.,+\w])(?:\+|00)(?!33)([1-9]\d{{1,2}})(?:{GAP}\d){{7,12}}(?![\d])"
)
"""A number of another country, with its code."""
MOBILE_ABROAD = (
    "447",
    "4915",
    "4916",
    "4917",
    "346",
    "347",
    "393",
    "324",
    "4176",
    "4178",
    "4179",
    "3519",
    "3526",
)
"""Beginnings of mobiles of neighbours, with the code of the country."""
PLATE = re.compile(
    r"(?<![A-Z0-9-])(?!SS|WW)[A-HJ-NP-TV-Z]{2}([- ]?)(?!000)\d{3}\1(?!SS)[A-HJ-NP-TV-Z]{2}(?![A-Z0-9-])"
)
OLD_PLATE = re.compile(
    r"(?<![A-Z0-9-])[1-9]\d{1,3}[ -]?[A-HJ-NP-TV-Z]{2,3}[ -]?(?:\d{2}|2[AB]|97[1-6])(?![A-Z0-9-])"
)
IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)")


def find_nir(text: str) -> bool | None:
    """Whether a text holds a social security number: True with a right key, False with none or a wrong one."""
    is_valid: bool | None = None
    for match in NIR.finditer(text):
        body = "".join(match.groups()[:6]).upper()
        key = match[7]
        if key and nir_key(body) == int(key):
            return True
        is_valid = False
    return is_valid


def nir_key(body: str) -> int:
    """The key of thirteen characters; Corsica counts as 19 and 18."""
    return 97 - int(body.replace("2A", "19").replace("2B", "18")) % 97


def find_iban(text: str) -> bool | None:
    """Whether a text holds an account number: True with a right key, False with a wrong one."""
    is_valid: bool | None = None
    for match in IBAN.finditer(text):
        compact = "".join(match[1].split()).upper()
        length = IBAN_LENGTHS.get(compact[:2])
        if length is None or len(compact) < length:
            continue
        if len(compact) == length or match[1][:1].isupper():
            if is_valid_iban(compact[:length]):
                return True
            is_valid = is_valid or (False if len(compact) == length else None)
    return is_valid


def is_valid_iban(compact: str) -> bool:
    """ISO 7064: the remainder by 97 is 1, letters counted from 10."""
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def find_phones(text: str) -> list[tuple[str, bool]]:
    """The French telephone numbers of a text: (first digit after the zero, whether written as people write them)."""
    return [
        (match[1], bool(FORMATTED.search(match[0])))
        for match in FRENCH_PHONE.finditer(text)
    ]


def find_phones_abroad(text: str) -> list[bool]:
    """The numbers of other countries in a text: whether each is a mobile, as far as its first digits tell."""
    numbers = [
        re.sub(r"\D", "", match[0]).lstrip("0") for match in ABROAD.finditer(text)
    ]
    return [digits.startswith(MOBILE_ABROAD) for digits in numbers]


def looks_like_phone(text: str) -> bool:
    """Any country's number, in a column that is said to hold telephones."""
    return bool(ANY_PHONE.search(text))
