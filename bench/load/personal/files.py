"""200 labelled files in five languages, half of them with what is easily missed; a third is kept apart from tuning."""

import csv
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.load.personal import words
from bench.load.personal.words import HEADERS, LANGUAGES, TUNED, UNSEEN

FILES = 200
APART = 3
"""One file in `APART` is kept apart: other seeds, other words."""
SEEDS = (20261129, 977_001)
FEWEST_ROWS = 15
MOST_ROWS = 60
WITHOUT_NAMES = 0.5
NAMED_AFTER_PEOPLE = 0.4
"""Shares of the sentences that name nobody, and of the companies that bear the name of somebody."""
LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
"""Control letters of Spanish identity numbers, by the remainder of the number by 23."""
SPI = 511
"""The key of a French tax number is its first ten digits modulo this."""


@dataclass(frozen=True)
class LabelledColumn:
    """A column and what it holds: `kind` empty for nothing personal; `public`: a warning is right, a stop is not."""

    header: str
    values: tuple[str, ...]
    kind: str = ""
    public: bool = False


@dataclass(frozen=True)
class LabelledFile:
    """One file: its columns, and title lines above them."""

    name: str
    unseen: bool
    columns: tuple[LabelledColumn, ...]
    titles: tuple[str, ...] = ()

    @property
    def content(self) -> bytes:
        """The file as CSV with semicolons."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";", lineterminator="\n")
        writer.writerows(
            [
                [title, *self.titles[:1] * (len(self.columns) - 2), ""]
                for title in self.titles
            ]
        )
        writer.writerow([column.header for column in self.columns])
        writer.writerows(zip(*(column.values for column in self.columns), strict=True))
        return text.getvalue().encode()


class Draw(random.Random):
    """Invented values of one language and of one part of the words."""

    def __init__(self, number: int, language: str, part: int) -> None:
        super().__init__(SEEDS[part] + number)
        self.language = language
        self.part = part
        self.rows = self.randint(FEWEST_ROWS, MOST_ROWS)

    def header(self, field: str) -> str:
        """How this file calls a field."""
        return self.choice(HEADERS[field][self.language].of(self.part))

    def family(self) -> str:
        """A family name that nobody bears."""
        syllables = words.SYLLABLES[self.part]
        return f"{self.choice(syllables)}{self.choice(syllables)}{self.choice(words.ENDINGS[self.part])}".capitalize()

    def given(self) -> str:
        return self.choice(words.GIVEN[self.language][self.part])

    def full(self) -> str:
        return f"{self.given()} {self.family()}"

    def column(
        self,
        header: str,
        value: Callable[[], str],
        kind: str = "",
        *,
        public: bool = False,
    ) -> LabelledColumn:
        """A column of as many values as the file has rows."""
        return LabelledColumn(
            header, tuple(value() for _ in range(self.rows)), kind, public
        )

    def named(self, field: str, value: Callable[[], str], kind: str) -> LabelledColumn:
        """A column under the header of a field."""
        return self.column(self.header(field), value, kind)

    def day(self, first: int, last: int) -> str:
        return f"{self.randint(1, 28):02}/{self.randint(1, 12):02}/{self.randint(first, last)}"

    def address(self) -> str:
        return f"{self.randint(1, 90)} {words.STREET[self.language]}"

    def place(self) -> LabelledColumn:
        return self.column("zone", lambda: self.choice(words.PLACES))


Columns = tuple[LabelledColumn, ...]


def members(draw: Draw) -> Columns:
    """Names in two columns, births."""
    return (
        draw.named("family", draw.family, "name"),
        draw.named("given", draw.given, "name"),
        draw.named("birth", lambda: draw.day(1935, 2012), "birth"),
        draw.place(),
    )


def graves(draw: Draw) -> Columns:
    """«Famille …» where a name is expected."""
    return (
        draw.named(
            "grave", lambda: f"{words.FAMILY_OF[draw.language]} {draw.family()}", "name"
        ),
        draw.column("plan", lambda: f"A{draw.randint(1, 99)}"),
        draw.column("fin", lambda: str(draw.randint(2030, 2060))),
    )


def phones(draw: Draw) -> Columns:
    """Mobiles of which a spreadsheet ate the zero, or written with their country."""
    codes = {"fr": "+33 6", "en": "+44 7", "de": "+49 15", "es": "+34 6", "it": "+39 3"}
    bare = {"fr": "6", "en": "7", "de": "15", "es": "6", "it": "3"}
    digits = {"fr": 8, "en": 9, "de": 9, "es": 8, "it": 9}[draw.language]
    start = draw.choice((codes, bare))[draw.language]
    header = draw.choice((draw.header("phone"), "col3"))
    return (
        draw.place(),
        draw.column("motif", lambda: draw.choice(("A", "B", "C"))),
        draw.column(
            header,
            lambda: start + "".join(draw.choice("0123456789") for _ in range(digits)),
            "phone",
        ),
    )


def remarks(draw: Draw) -> Columns:
    """Names in some sentences."""

    def sentence() -> str:
        if draw.random() < WITHOUT_NAMES:
            return words.NOTHING[draw.language]
        return draw.choice(words.SENTENCES[draw.language]).format(name=draw.full())

    return draw.place(), draw.named("remark", sentence, "text")


def absences(draw: Draw) -> Columns:
    """Sick leave and disability beside names."""
    reason = draw.named(
        "health", lambda: draw.choice(words.HEALTH[draw.language]), "health"
    )
    return (
        draw.named("full", draw.full, "name"),
        reason,
        draw.column("debut", lambda: draw.day(2024, 2025)),
    )


def households(draw: Draw) -> Columns:
    """Family status beside names."""
    status = draw.named(
        "status", lambda: draw.choice(words.STATUSES[draw.language]), "status"
    )
    return draw.named("full", draw.full, "name"), status, draw.place()


def tax_number(draw: Draw) -> str:
    """An invented number with a right key, of the form of the country."""
    digits = "".join(draw.choice("0123456789") for _ in range(10))
    if draw.language == "fr":
        body = f"{draw.randint(0, 3)}{digits[:9]}"
        return f"{body}{int(body) % SPI:03}"
    if draw.language == "en":
        return f"{draw.choice('ABCEGHJ')}{draw.choice('ABCEGHJ')}{digits[:6]}{draw.choice('ABCD')}"
    if draw.language == "de":
        return f"{draw.randint(1, 9)}{digits}"
    if draw.language == "es":
        return f"{digits[:8]}{LETTERS[int(digits[:8]) % 23]}"
    letters = "".join(draw.choice("BCDFGLMNPRST") for _ in range(6))
    return f"{letters}{draw.randint(30, 99)}{draw.choice('ABCDEHLMPRST')}{draw.randint(1, 31):02}H{digits[:3]}Z"


def taxes(draw: Draw) -> Columns:
    """Tax numbers and amounts, without any name."""
    amounts = draw.column("montant", lambda: str(draw.randint(10, 999)))
    return draw.named("tax", lambda: tax_number(draw), "tax"), amounts, draw.place()


def scripts(draw: Draw) -> Columns:
    """Names in Cyrillic, Greek, Arabic and Hebrew letters."""
    names = words.OTHER_SCRIPTS[draw.part]
    return draw.named("full", lambda: draw.choice(names), "name"), draw.place()


def homes(draw: Draw) -> Columns:
    """Addresses beside names."""
    address = {
        "fr": "Adresse",
        "en": "Address",
        "de": "Anschrift",
        "es": "Dirección",
        "it": "Indirizzo",
    }
    return draw.named("full", draw.full, "name"), draw.column(
        address[draw.language], draw.address, "address"
    )


def trees(draw: Draw) -> Columns:
    """Genera and ages of trees."""
    genus, species, age, place, girth = words.TREES[draw.language]
    return (
        draw.column(genus, lambda: draw.choice(words.GENERA)),
        draw.column(species, lambda: draw.choice(("robur", "alba", "cordata"))),
        draw.column(age, lambda: str(draw.randint(1, 150))),
        draw.column(place, lambda: draw.choice(words.PLACES)),
        draw.column(girth, lambda: str(draw.randint(10, 300))),
    )


def candidates(draw: Draw) -> Columns:
    """Those who stand for an election are public."""
    candidate, votes, place, other = words.ELECTION[draw.language][draw.part]
    return (
        draw.column(candidate, draw.full, "name", public=True),
        draw.column(votes, lambda: str(draw.randint(1, 900))),
        draw.column(place, lambda: draw.choice(words.PLACES)),
        draw.column(other, lambda: str(draw.randint(900, 1200))),
    )


def contracts(draw: Draw) -> Columns:
    """Companies, some of which bear the name of who made them."""
    subject, holder, amount, day, buyer = words.CONTRACTS[draw.language]
    form = words.FORMS[draw.language]

    def company() -> str:
        if draw.random() < NAMED_AFTER_PEOPLE:
            return draw.full()
        return f"{draw.family()} {form}"

    return (
        draw.column(subject, lambda: draw.choice(("Toiture", "Nettoyage", "Papier"))),
        draw.column(holder, company, public=True),
        draw.column(amount, lambda: str(draw.randint(1000, 90000))),
        draw.column(day, lambda: draw.day(2023, 2025)),
        draw.column(buyer, lambda: "Mairie de Kerlévan"),
    )


MAKERS = (
    members, graves, phones, remarks, absences, households, taxes, scripts, homes, trees, candidates, contracts, members,
)  # fmt: skip
"""The last one has title lines above."""


def labelled_files() -> Iterator[LabelledFile]:
    """Every file, the same each time."""
    for number in range(FILES):
        make = number % len(MAKERS)
        unseen = number % APART == APART - 1
        language = LANGUAGES[number // len(MAKERS) % len(LANGUAGES)]
        draw = Draw(number, language, UNSEEN if unseen else TUNED)
        if make == len(MAKERS) - 1:
            titles = ("Registre", "Saison")[: number % 2 + 1]
        else:
            titles = ()
        yield LabelledFile(
            f"{number:03}-{MAKERS[make].__name__}-{language}.csv",
            unseen,
            MAKERS[make](draw),
            titles,
        )
