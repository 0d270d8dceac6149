"""How single values are written: the patterns that both Python and DuckDB (RE2) read alike."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from udi.tabular.columns.column import ColumnType

NULLS = ("", "na", "n/a", "null", "none", "nan", "-", "nc", "nr", "nd", "#n/a")
"""What says that there is no value, in any column but one of text."""
SPACES = " \u00a0\u202f"
MONEY = r"[€$£%]?"


def _number(mark: str, other: str) -> str:
    whole = rf"(?:[0-9]{{1,3}}(?:[{SPACES}'’\{other}][0-9]{{3}})+|[0-9]+)"
    bare = rf"(?:{whole}(?:\{mark}[0-9]*)?|\{mark}[0-9]+)(?:[eE][-+]?[0-9]+)?"
    return (
        rf"[-+]?[{SPACES}]?{MONEY}[{SPACES}]?{bare}[{SPACES}]?{MONEY}|\({MONEY}{bare}\)"
    )


NUMBERS = {"": _number(".", ","), ",": _number(",", ".")}
"""Decimal numbers by the format of their column."""
INTEGERS = {
    mark: rf"[-+]?(?:[1-9][0-9]{{0,2}}(?:[{SPACES}'’{other}][0-9]{{3}}){{1,5}}|[1-9][0-9]{{0,17}}|0)"
    for mark, other in (("", ","), (",", "."))
}
DAMAGED = r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+"
"""A long code that a spreadsheet turned into a number."""
TRUE = ("true", "vrai", "oui", "yes", "si", "sì", "o", "y", "t", "1")
FALSE = ("false", "faux", "non", "no", "n", "f", "0")
LONG_INTEGER = r"[-+]?[0-9]{19,}"
"""A whole number that 64 bits may not hold."""
YEAR = r"1[5-9][0-9][0-9]|2[01][0-9][0-9]"
TIME = r"(?:[01]?[0-9]|2[0-3])[:hH][0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
HALF = r"(?: ?[AaPp]\.?[Mm]\.?)"
ZONE = r"(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2}))"
TAIL = rf"(?:[T ]+{CLOCK}{HALF}?{ZONE}?)"
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan janv january janvier gen gennaio",
            "feb fev fevr february fevrier febbraio",
            "mar mars march marzo",
            "apr avr april avril aprile",
            "may mai mag maggio",
            "jun juin june giu giugno",
            "jul juil july juillet lug luglio",
            "aug aou aout august ago agosto",
            "sep sept september septembre set sett settembre",
            "oct october octobre ott ottobre",
            "nov november novembre",
            "dec december decembre dic dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
PIVOT = 69
"""Two-digit years from here on are of the last century."""


@dataclass(frozen=True)
class DateOrder:
    """One way to write a day; `pattern` has a group for each directive of `directives`, in their order."""

    directives: str
    pattern: str
    format: str


_D = r"([0-9]{1,2})"
_Y = r"([0-9]{4})"
_B = r"([A-Za-zÀ-ÿ]{3,9})"
_S = r"[-/. ] {0,2}"
ORDERS = {
    order.directives: order
    for order in (
        DateOrder("Ymd", rf"{_Y}{_S}{_D}{_S}{_D}", "%Y-%m-%d"),
        DateOrder("dmY", rf"{_D}{_S}{_D}{_S}{_Y}", "%d/%m/%Y"),
        DateOrder("mdY", rf"{_D}{_S}{_D}{_S}{_Y}", "%m/%d/%Y"),
        DateOrder("dmy", rf"{_D}{_S}{_D}{_S}([0-9]{{2}})", "%d/%m/%y"),
        DateOrder("mdy", rf"{_D}{_S}{_D}{_S}([0-9]{{2}})", "%m/%d/%y"),
        DateOrder("dBY", rf"{_D}(?:er)?{_S}{_B}\.?{_S}{_Y}", "%d %B %Y"),
        DateOrder("dBy", rf"{_D}(?:er)?{_S}{_B}\.?{_S}([0-9]{{2}})", "%d-%b-%y"),
        DateOrder("BdY", rf"{_B}\.? {_D},? {_Y}", "%B %d, %Y"),
    )
}
COMPACT = DateOrder("Ymd", r"((?:19|20)[0-9]{2})(0[1-9]|1[0-2])([0-3][0-9])", "%Y%m%d")


def date_order(date_format: str) -> DateOrder:
    """The order of a format of strptime; ISO's when it is none of ours."""
    if date_format.startswith(COMPACT.format):
        return COMPACT
    directives = "".join(re.findall("%([dmYybB])", date_format)).replace("b", "B")
    return ORDERS.get(directives, ORDERS["Ymd"])


@cache
def cached_pattern(pattern: str) -> "re.Pattern[str]":
    """A pattern, compiled once."""
    return re.compile(pattern)


def is_null(value: str) -> bool:
    """Whether a cell says nothing."""
    return value.strip().lower() in NULLS


def is_number(value: str) -> bool:
    """Whether a cell is a number, with either decimal mark."""
    return any(cached_pattern(pattern).fullmatch(value) for pattern in NUMBERS.values())


def is_date(value: str) -> bool:
    """Whether a cell is a day that exists, with or without a time."""
    return any(read_date(value, order) for order in ORDERS.values())


def read_date(value: str, order: DateOrder) -> date | None:
    """The day that a cell says, or None."""
    match = cached_pattern(rf"(?:{order.pattern}){TAIL}?").fullmatch(value)
    if match:
        return _day(dict(zip(order.directives, match.groups(), strict=True)))
    return None


def _day(parts: dict[str, str]) -> date | None:
    if "B" in parts:
        month = MONTHS.get(fold(parts["B"]), 0)
    else:
        month = int(parts["m"])
    if "Y" in parts:
        year = int(parts["Y"])
    else:
        year = int(parts["y"]) + (1900 if int(parts["y"]) >= PIVOT else 2000)
    try:
        return date(year, month, int(parts["d"]))
    except ValueError:
        return None


FOLDED = str.maketrans(
    "àâäçéèêëîïôöùûüÿÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸ", "aaaceeeeiioouuuyaaaceeeeiioouuuy"
)


def fold(text: str) -> str:
    """Small letters without accents."""
    return text.translate(FOLDED).lower()


SHAPES: dict[ColumnType, str] = {
    ColumnType.URL: r"(?i:https?|ftp)://[^\s]+",
    ColumnType.EMAIL: r"[^\s@<>,;]+@[^\s@<>,;]+\.[A-Za-z]{2,}",
    ColumnType.UUID: r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?",
    ColumnType.PHONE: r"(?:\+|00)?[0-9(][0-9 .()/\-]{5,22}[0-9]",
    ColumnType.POSTCODE: r"(?:[A-Z]{1,2}-)?[0-9]{4,5}|[A-Za-z]{1,2}[0-9][A-Za-z0-9]? ?[0-9][A-Za-z]{2}",
    ColumnType.COMMUNE: r"(?:[0-9]{2}|2[AaBb])[0-9]{3}|[1-9][0-9]{3}",
    ColumnType.DEPARTMENT: r"0?[1-9]|[1-8][0-9]|9[0-5]|2[AaBb]|97[1-8]|98[4-9]|0[0-9]{2}|2[AaBb]0|[1-9][0-9]0",
    ColumnType.REGION: r"0?[1-9]|[1-9][0-9]",
    ColumnType.SIREN: r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}|[1-9][0-9]{7}",
    ColumnType.SIRET: r"[0-9]{3} ?[0-9]{3} ?[0-9]{3} ?[0-9]{5}|[1-9][0-9]{12}",
    ColumnType.POINT: (
        r"[\[(]?[-+]?[0-9]{1,3}\.[0-9]+(?: ?[,;] ?| )[-+]?[0-9]{1,3}\.[0-9]+[\])]?"
        r"|POINT ?\([-+]?[0-9.]+ [-+]?[0-9.]+\)"
    ),
    ColumnType.CODE: r"[0-9A-Za-z][0-9A-Za-z ._/\-]{0,39}",
}
"""How the values of the types that are kept as text are written; the zeros in front of some may be lost."""
DIGITS = {
    ColumnType.POSTCODE: 5,
    ColumnType.COMMUNE: 5,
    ColumnType.SIREN: 9,
    ColumnType.SIRET: 14,
    ColumnType.PHONE: 10,
}
"""Digits of French codes that may begin with a zero."""
WHOLE = {
    **{kind: rf"[0-9]{{{digits}}}" for kind, digits in DIGITS.items()},
    ColumnType.PHONE: r"0(?:[ .-]?[0-9]){9}",
}
"""How such a code is written that has all its digits."""
SHORT_CODES = frozenset({ColumnType.COMMUNE})
"""Types of which a value without its first zero is reported though no other value is whole."""
