"""A labelled set for the personal-data check: made-up tables, French and English, with what each column holds."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tests.node import personal_words as words
from tests.node.typed_tables import TextColumn
from udi.tabular.columns.column import ColumnType
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.numbers import nir_key
from udi.tabular.personal.vocabulary import fold

ROWS = 60
Draw = random.Random
Values = Callable[[Draw], str]


@dataclass(frozen=True)
class Labelled:
    """A column and what it truly holds: `what` empty for nothing personal; `public` when a warning is the right word."""

    column: TextColumn
    what: frozenset[PersonalDataKind] = frozenset()
    public: bool = False


def column(
    draw: Draw,
    name: str,
    value: Values,
    *what: PersonalDataKind,
    public: bool = False,
    kind: ColumnType = ColumnType.TEXT,
    filled: float = 1.0,
) -> Labelled:
    """A column of `ROWS` values, a share of them filled."""
    values = [value(draw) if draw.random() < filled else "" for _ in range(ROWS)]
    return Labelled(TextColumn(name, values, kind), frozenset(what), public)


def given(draw: Draw) -> str:
    return draw.choice(words.RARE if draw.random() < 0.25 else words.GIVEN)


def family(draw: Draw) -> str:
    return draw.choice(words.FAMILY).replace("\u00a0", " ")


def upper_family(draw: Draw) -> str:
    return family(draw).upper()


def english_given(draw: Draw) -> str:
    return draw.choice(words.ENGLISH)


def british(draw: Draw) -> str:
    return draw.choice(words.BRITISH)


FULL: tuple[Values, ...] = (
    lambda draw: f"{given(draw)} {family(draw)}",
    lambda draw: f"{given(draw)} {upper_family(draw)}",
    lambda draw: f"{upper_family(draw)} {given(draw)}",
    lambda draw: f"{upper_family(draw)}, {given(draw)}",
    lambda draw: f"{given(draw)}-{upper_family(draw)}".replace(" ", "-"),
    lambda draw: f"{draw.choice(('M.', 'Mme'))} {upper_family(draw)} {given(draw)}",
    lambda draw: f"{draw.choice(('M.', 'Mme', 'Mlle'))} {upper_family(draw)}",
)
ENGLISH_FULL: tuple[Values, ...] = (
    lambda draw: f"{english_given(draw)} {british(draw)}",
    lambda draw: f"{british(draw).upper()}, {english_given(draw)}",
    lambda draw: (
        f"{draw.choice(('Mr', 'Mrs', 'Ms'))} {english_given(draw)[0]} {british(draw)}"
    ),
)


def mail(draw: Draw) -> str:
    first = _ascii(given(draw))
    last = _ascii(family(draw))
    local = draw.choice(
        (
            f"{first}.{last}",
            f"{first[0]}.{last}",
            f"{first}{draw.randint(1, 99)}",
            f"{first[0]}{last}",
        )
    )
    return f"{local}@{draw.choice(words.PROVIDERS)}"


def service_mail(draw: Draw) -> str:
    return f"{draw.choice(words.MAILBOXES)}@{_ascii(draw.choice(words.TOWNS))}.example"


def _ascii(text: str) -> str:
    return "".join(character for character in fold(text) if character.isalnum())


def phone(first: str, gap: str = " ") -> Values:
    def value(draw: Draw) -> str:
        return gap.join(
            [f"0{draw.choice(first)}", *(f"{draw.randint(0, 99):02}" for _ in range(4))]
        )

    return value


def foreign_phone(draw: Draw) -> str:
    return f"+33 {draw.choice('67')} " + " ".join(
        f"{draw.randint(0, 99):02}" for _ in range(4)
    )


def british_phone(draw: Draw) -> str:
    return f"07{draw.randint(100, 999)} {draw.randint(0, 999999):06}"


def nir(draw: Draw, *, right: bool = True, gap: str = "") -> str:
    place = draw.choice(
        (f"{draw.randint(1, 19):02}", "2A", "2B", f"{draw.randint(21, 95)}", "97")
    )
    parts = [
        draw.choice("12"), f"{draw.randint(20, 99)}", f"{draw.randint(1, 12):02}", place, f"{draw.randint(1, 400):03}",
        f"{draw.randint(1, 999):03}",
    ]  # fmt: skip
    key = nir_key("".join(parts))
    return gap.join([*parts, f"{key if right else key % 97 + 1:02}"])


def iban(draw: Draw, *, right: bool = True, gap: bool = False) -> str:
    country, length = draw.choice((("FR", 23), ("FR", 23), ("DE", 18), ("BE", 12)))
    body = "".join(draw.choice("0123456789") for _ in range(length))
    digits = "".join(str(int(character, 36)) for character in f"{body}{country}00")
    key = 98 - int(digits) % 97
    text = f"{country}{key if right else (key + 5) % 97:02}{body}"
    if gap:
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
    return text


def day(first: int, last: int) -> Values:
    def value(draw: Draw) -> str:
        start = date(first, 1, 1)
        return (
            start + timedelta(days=draw.randrange((date(last, 12, 31) - start).days))
        ).isoformat()

    return value


def french_day(draw: Draw) -> str:
    year, month, number = day(1930, 2012)(draw).split("-")
    return f"{number}/{month}/{year}"


def plate(draw: Draw) -> str:
    letters = "ABCDEFGHJKLMNPQRSTVWXYZ"
    return f"{draw.choice(letters)}{draw.choice(letters)}-{draw.randint(1, 999):03}-{draw.choice(letters)}{draw.choice(letters)}"


def home(draw: Draw) -> str:
    return f"{draw.randint(1, 180)}{draw.choice(('', '', ' bis'))} {draw.choice(words.STREETS)}"


def english_home(draw: Draw) -> str:
    return f"{draw.randint(1, 180)} {draw.choice(words.ENGLISH_STREETS)}"


def of(choices: Sequence[str]) -> Values:
    return lambda draw: draw.choice(choices)


def number(low: int, high: int) -> Values:
    return lambda draw: str(draw.randint(low, high))


def digits(count: int) -> Values:
    return lambda draw: "".join(draw.choice("0123456789") for _ in range(count))


def amount(draw: Draw) -> str:
    return f"{draw.uniform(1, 90_000):.2f}"


def remark(extra: Values | None = None) -> Values:
    def value(draw: Draw) -> str:
        text = draw.choice(words.REMARKS)
        if extra and draw.random() < 0.3:
            return f"{text} {extra(draw)}"
        return text

    return value
