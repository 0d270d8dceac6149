"""Names of people, and what is personal because a name or a person stands beside it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from udi.node.tables.column import ColumnType
from udi.node.tables.personal.cells import Cells, Test, count
from udi.node.tables.personal.direct import finding
from udi.node.tables.personal.explanations import What
from udi.node.tables.personal.names import (
    STREETS,
    is_famous,
    is_given_name,
    is_in_other_letters,
    is_maybe_person,
    is_name_shaped,
    is_person,
    names_somebody,
    names_somebody_in_full,
)
from udi.node.tables.personal.report import Finding, Strength
from udi.node.tables.personal.vocabulary import (
    CANDIDATES,
    CONTRACTS,
    COUNTS,
    ELECTIONS,
    FAMILIES,
    GIVENS,
    HOLDERS,
    LIVING,
    NAMES,
    NAMES_IN_OTHER_LETTERS,
    OFFICE_SIGNS,
    OFFICES,
    ORGANISED,
    ROLES,
    THINGS,
    Header,
    fold,
)

EXPECTED, TOLD, PLAIN, MOST, FAMOUS = 0.3, 0.5, 0.6, 0.8, 0.3
FEWEST_NAMES = 3
FEWEST_SIGNS = 2
SPANISH_NAME = frozenset({"nombre"})
FIRST_NAMES = frozenset({"first", "nombre", "nome"})
WRITTEN = frozenset({ColumnType.TEXT, ColumnType.EMPTY})


@dataclass(frozen=True)
class Surroundings:
    """What the names of all columns say of the rows of a table."""

    headers: tuple[Header, ...]

    @property
    def counted(self) -> bool:
        """A column of counts: rows are groups, not people."""
        return any(
            header.says(COUNTS) and not (self.has_southern_families and header.says(SPANISH_NAME))
            for header in self.headers
        )

    @property
    def has_southern_families(self) -> bool:
        """A column of Spanish or Italian family names: «nombre» and «nome» beside it are first names."""
        return any(header.holds(("apellido", "cognome")) for header in self.headers)

    @property
    def office(self) -> bool:
        """Rows are mandates of elected people."""
        return any(header.says(OFFICE_SIGNS) or header.says(OFFICES) for header in self.headers)

    @property
    def living(self) -> bool:
        """Rows are trees, plants or animals."""
        return any(header.says(LIVING) for header in self.headers)

    @property
    def elected(self) -> bool:
        """Rows are results of an election: those who stand for it are public."""
        return any(header.says(ELECTIONS) for header in self.headers)

    @property
    def contracted(self) -> bool:
        """Rows are public contracts: two columns say so."""
        return sum(header.says(CONTRACTS) for header in self.headers) >= FEWEST_SIGNS

    @property
    def organised(self) -> bool:
        """Rows are organisations."""
        return any(header.says(ORGANISED) for header in self.headers)


def find_people(columns: Sequence[Cells], around: Surroundings) -> list[Finding]:
    """Names: in one column, in two, in texts."""
    written = [cells for cells in columns if cells.column.type in WRITTEN and cells.sample]
    given = [cells for cells in written if _gives_first_names(cells, around)]
    family = [cells for cells in written if cells not in given and _gives_family_names(cells, given, columns)]
    full = [cells for cells in written if cells not in given + family and _gives_names(cells)]
    found = [_named(cells, What.FAMILY_NAME, is_name_shaped, around) for cells in family]
    found += [_named(cells, What.FULL_NAME, _any_name, around) for cells in full]
    found += _first_names(given, around, alone=not found)
    elsewhere = [cells for cells in written if cells not in given + family + full]
    return found + [named for cells in elsewhere if (named := _named_in_text(cells))]


def _first_names(given: list[Cells], around: Surroundings, *, alone: bool) -> list[Finding]:
    """First names: with a family name a stop, alone a warning, beside counts statistics."""
    if not alone:
        return [_named(cells, What.GIVEN_NAME, is_name_shaped, around) for cells in given]
    if around.counted:
        return []
    return [finding(cells, What.GIVEN_NAME, cells.hits(_first_name), Strength.WARNING) for cells in given]


def _named(cells: Cells, what: What, test: Test, around: Surroundings) -> Finding:
    hits = cells.hits(test)
    elected = around.elected and not cells.header.says(ROLES - CANDIDATES)
    contracted = around.contracted and not cells.header.says(ROLES - HOLDERS)
    office = cells.header.says(OFFICES) or (around.office and not cells.header.says(ROLES))
    public = elected or contracted or office
    return finding(cells, what, hits, Strength.WARNING if public else Strength.STOP, public=public)


def _gives_first_names(cells: Cells, around: Surroundings) -> bool:
    named = cells.header.joined in FIRST_NAMES and (cells.header.joined == "first" or around.has_southern_families)
    if cells.header.holds(GIVENS) or named:
        return cells.share(is_name_shaped) >= TOLD and not _of_full_names(cells)
    neutral = cells.header.silent or cells.header.joined in {"nom", "name"}
    return neutral and _distinct(cells) >= FEWEST_NAMES and cells.share(is_given_name) >= PLAIN


def _of_full_names(cells: Cells) -> bool:
    """«Nom et prénom» in one column."""
    return cells.header.says(NAMES) and cells.share(lambda text: len(text.split()) > 1) >= TOLD


def _gives_family_names(cells: Cells, given: Sequence[Cells], columns: Sequence[Cells]) -> bool:
    shaped = cells.share(is_name_shaped) >= PLAIN
    if cells.header.holds(FAMILIES) or cells.header.joined == "last":
        return shaped
    if not given:
        return False
    beside = any(abs(columns.index(cells) - columns.index(other)) == 1 for other in given)
    single = cells.share(lambda text: len(text.split()) <= 2) >= MOST  # noqa: PLR2004 - family names have one word or two
    if cells.header.says(NAMES) and not cells.header.says(THINGS - ROLES):
        return shaped
    return cells.header.silent and beside and shaped and single and _distinct(cells) >= len(cells.sample) / 3


def _gives_names(cells: Cells) -> bool:
    """Whether a column names people, by its own name and by its values."""
    header = cells.header
    told = header.says(NAMES | ROLES | OFFICES) or header.name.strip().lower() in NAMES_IN_OTHER_LETTERS
    if told and cells.share(is_in_other_letters) >= PLAIN:
        return True
    person = cells.share(is_person)
    if header.says(ROLES | OFFICES) or header.holds((*GIVENS, *FAMILIES)):
        return _hinted(cells, person)
    if (header.says(THINGS) and not header.silent) or cells.share(is_famous) >= FAMOUS * max(person, 0.01):
        return False
    return person >= (TOLD if header.says(NAMES) else PLAIN) and _distinct(cells) > 1


def _hinted(cells: Cells, person: float) -> bool:
    if cells.header.says(THINGS) and not cells.header.says(NAMES):
        return person >= PLAIN
    return person >= EXPECTED or (cells.header.says(NAMES) and cells.share(is_maybe_person) >= MOST and person > 0)


def _first_name(text: str) -> bool:
    return is_given_name(text) or is_name_shaped(text)


def _any_name(text: str) -> bool:
    return is_person(text) or is_maybe_person(text) or is_in_other_letters(text)


def _named_in_text(cells: Cells) -> Finding | None:
    if cells.header.says(STREETS | THINGS | {"adresse", "address"}):
        return None
    hits = count(cells.numbers, names_somebody)
    full = cells.hits(names_somebody_in_full)
    if full.count > hits.count:
        hits = full
    return finding(cells, What.NAME_IN_TEXT, hits, Strength.WARNING) if hits.count else None


def _distinct(cells: Cells) -> int:
    return len({text.casefold() for _, text in cells.sample})


HOUSE = re.compile(r"^\d{1,4}\s?(bis|ter|quater|[a-d])?,?\s+[a-z'. -]{3,}", re.IGNORECASE)


NUMBER_LAST = re.compile(r"^[^\d;]{4,60}[ ,]+\d{1,4}\s?[a-z]?(\s*/\s*\d+)?(,? \d{4,5} .+)?$", re.IGNORECASE)
STREET_ENDS = ("strasse", "str", "gasse", "weg", "platz", "allee", "ufer", "damm")
"""Ends of the names of German streets, which are one word."""


def is_address(text: str) -> bool:
    """«12 bis, rue des Lilas», «3 High Street», «Lindenweg 4», «calle Mayor, 7»."""
    if not (HOUSE.match(text) or NUMBER_LAST.match(text)):
        return False
    words = [word for word in re.split(r"[^a-z]+", fold(text)) if word]
    return not STREETS.isdisjoint(words) or any(word.endswith(STREET_ENDS) for word in words)
