"""Names of people, and what is personal because a name or a person stands beside it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from udi.tabular.columns.column import ColumnType
from udi.tabular.personal.cells import ColumnCells, Test, count_hits
from udi.tabular.personal.direct_identifiers import build_finding
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.names import (
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
from udi.tabular.personal.report import PersonalDataFinding, PersonalDataSeverity
from udi.tabular.personal.vocabulary import (
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

EXPECTED = 0.3
STATED_SHARE = 0.5
PLAIN = 0.6
MOST = 0.8
FAMOUS = 0.3
FEWEST_NAMES = 3
FEWEST_SIGNS = 2
SPANISH_NAME = frozenset({"nombre"})
FIRST_NAMES = frozenset({"first", "nombre", "nome"})
TEXT_TYPES = frozenset({ColumnType.TEXT, ColumnType.EMPTY})


@dataclass(frozen=True)
class HeaderContext:
    """What the names of all columns say of the rows of a table."""

    headers: tuple[Header, ...]

    @property
    def has_counts(self) -> bool:
        """A column of counts: rows are groups, not people."""
        return any(
            header.has_any_word(COUNTS)
            and not (self.has_southern_families and header.has_any_word(SPANISH_NAME))
            for header in self.headers
        )

    @property
    def has_southern_families(self) -> bool:
        """A column of Spanish or Italian family names: «nombre» and «nome» beside it are first names."""
        return any(
            header.has_any_stem(("apellido", "cognome")) for header in self.headers
        )

    @property
    def has_offices(self) -> bool:
        """Rows are mandates of elected people."""
        return any(
            header.has_any_word(OFFICE_SIGNS) or header.has_any_word(OFFICES)
            for header in self.headers
        )

    @property
    def has_species(self) -> bool:
        """Rows are trees, plants or animals."""
        return any(header.has_any_word(LIVING) for header in self.headers)

    @property
    def has_elections(self) -> bool:
        """Rows are results of an election: those who stand for it are public."""
        return any(header.has_any_word(ELECTIONS) for header in self.headers)

    @property
    def has_contracts(self) -> bool:
        """Rows are public contracts: two columns say so."""
        return (
            sum(header.has_any_word(CONTRACTS) for header in self.headers)
            >= FEWEST_SIGNS
        )

    @property
    def has_organisations(self) -> bool:
        """Rows are organisations."""
        return any(header.has_any_word(ORGANISED) for header in self.headers)


def find_people(
    columns: Sequence[ColumnCells], around: HeaderContext
) -> list[PersonalDataFinding]:
    """Names: in one column, in two, in texts."""
    text_columns = [
        cells for cells in columns if cells.column.type in TEXT_TYPES and cells.sample
    ]
    given_names = [cells for cells in text_columns if _gives_first_names(cells, around)]
    family = [
        cells
        for cells in text_columns
        if cells not in given_names and _gives_family_names(cells, given_names, columns)
    ]
    full = [
        cells
        for cells in text_columns
        if cells not in given_names + family and _gives_names(cells)
    ]
    findings = [
        _name_finding(cells, PersonalDataKind.FAMILY_NAME, is_name_shaped, around)
        for cells in family
    ]
    findings += [
        _name_finding(cells, PersonalDataKind.FULL_NAME, _any_name, around)
        for cells in full
    ]
    findings += _first_names(given_names, around, is_sole_name=not findings)
    elsewhere = [
        cells for cells in text_columns if cells not in given_names + family + full
    ]
    return findings + [
        named for cells in elsewhere if (named := _find_names_in_text(cells))
    ]


def _first_names(
    given_names: list[ColumnCells], around: HeaderContext, *, is_sole_name: bool
) -> list[PersonalDataFinding]:
    """First names: with a family name a stop, alone a warning, beside counts statistics."""
    if not is_sole_name:
        return [
            _name_finding(cells, PersonalDataKind.GIVEN_NAME, is_name_shaped, around)
            for cells in given_names
        ]
    if around.has_counts:
        return []
    return [
        build_finding(
            cells,
            PersonalDataKind.GIVEN_NAME,
            cells.hits(_first_name),
            PersonalDataSeverity.WARNING,
        )
        for cells in given_names
    ]


def _name_finding(
    cells: ColumnCells, what: PersonalDataKind, test: Test, around: HeaderContext
) -> PersonalDataFinding:
    hits = cells.hits(test)
    elected = around.has_elections and not cells.header.has_any_word(ROLES - CANDIDATES)
    contracted = around.has_contracts and not cells.header.has_any_word(ROLES - HOLDERS)
    office = cells.header.has_any_word(OFFICES) or (
        around.has_offices and not cells.header.has_any_word(ROLES)
    )
    public = elected or contracted or office
    return build_finding(
        cells,
        what,
        hits,
        PersonalDataSeverity.WARNING if public else PersonalDataSeverity.STOP,
        public=public,
    )


def _gives_first_names(cells: ColumnCells, around: HeaderContext) -> bool:
    named = cells.header.joined in FIRST_NAMES and (
        cells.header.joined == "first" or around.has_southern_families
    )
    if cells.header.has_any_stem(GIVENS) or named:
        return cells.share(is_name_shaped) >= STATED_SHARE and not _holds_full_names(
            cells
        )
    neutral = cells.header.is_uninformative or cells.header.joined in {"nom", "name"}
    return (
        neutral
        and _distinct(cells) >= FEWEST_NAMES
        and cells.share(is_given_name) >= PLAIN
    )


def _holds_full_names(cells: ColumnCells) -> bool:
    """«Nom et prénom» in one column."""
    return (
        cells.header.has_any_word(NAMES)
        and cells.share(lambda text: len(text.split()) > 1) >= STATED_SHARE
    )


def _gives_family_names(
    cells: ColumnCells,
    given_names: Sequence[ColumnCells],
    columns: Sequence[ColumnCells],
) -> bool:
    shaped = cells.share(is_name_shaped) >= PLAIN
    if cells.header.has_any_stem(FAMILIES) or cells.header.joined == "last":
        return shaped
    if not given_names:
        return False
    is_adjacent = any(
        abs(columns.index(cells) - columns.index(other)) == 1 for other in given_names
    )
    single = cells.share(lambda text: len(text.split()) <= 2) >= MOST  # noqa: PLR2004 - family names have one word or two
    if cells.header.has_any_word(NAMES) and not cells.header.has_any_word(
        THINGS - ROLES
    ):
        return shaped
    return (
        cells.header.is_uninformative
        and is_adjacent
        and shaped
        and single
        and _distinct(cells) >= len(cells.sample) / 3
    )


def _gives_names(cells: ColumnCells) -> bool:
    """Whether a column names people, by its own name and by its values."""
    header = cells.header
    has_name_header = (
        header.has_any_word(NAMES | ROLES | OFFICES)
        or header.name.strip().lower() in NAMES_IN_OTHER_LETTERS
    )
    if has_name_header and cells.share(is_in_other_letters) >= PLAIN:
        return True
    person = cells.share(is_person)
    if header.has_any_word(ROLES | OFFICES) or header.has_any_stem(
        (*GIVENS, *FAMILIES)
    ):
        return _confirms_header(cells, person)
    if (header.has_any_word(THINGS) and not header.is_uninformative) or cells.share(
        is_famous
    ) >= FAMOUS * max(person, 0.01):
        return False
    return (
        person >= (STATED_SHARE if header.has_any_word(NAMES) else PLAIN)
        and _distinct(cells) > 1
    )


def _confirms_header(cells: ColumnCells, person: float) -> bool:
    if cells.header.has_any_word(THINGS) and not cells.header.has_any_word(NAMES):
        return person >= PLAIN
    return person >= EXPECTED or (
        cells.header.has_any_word(NAMES)
        and cells.share(is_maybe_person) >= MOST
        and person > 0
    )


def _first_name(text: str) -> bool:
    return is_given_name(text) or is_name_shaped(text)


def _any_name(text: str) -> bool:
    return is_person(text) or is_maybe_person(text) or is_in_other_letters(text)


def _find_names_in_text(cells: ColumnCells) -> PersonalDataFinding | None:
    if cells.header.has_any_word(STREETS | THINGS | {"adresse", "address"}):
        return None
    hits = count_hits(cells.numbers, names_somebody)
    full = cells.hits(names_somebody_in_full)
    if full.count > hits.count:
        hits = full
    if hits.count:
        return build_finding(
            cells, PersonalDataKind.NAME_IN_TEXT, hits, PersonalDataSeverity.WARNING
        )
    return None


def _distinct(cells: ColumnCells) -> int:
    return len({text.casefold() for _, text in cells.sample})


HOUSE = re.compile(
    r"^\d{1,4}\s?(bis|ter|quater|[a-d])?,?\s+[a-z'. -]{3,}", re.IGNORECASE
)


NUMBER_LAST = re.compile(
    r"^[^\d;]{4,60}[ ,]+\d{1,4}\s?[a-z]?(\s*/\s*\d+)?(,? \d{4,5} .+)?$", re.IGNORECASE
)
STREET_ENDS = ("strasse", "str", "gasse", "weg", "platz", "allee", "ufer", "damm")
"""Ends of the names of German streets, which are one word."""


def is_address(text: str) -> bool:
    """«12 bis, rue des Lilas», «3 High Street», «Lindenweg 4», «calle Mayor, 7»."""
    if not (HOUSE.match(text) or NUMBER_LAST.match(text)):
        return False
    words = [word for word in re.split(r"[^a-z]+", fold(text)) if word]
    return not STREETS.isdisjoint(words) or any(
        word.endswith(STREET_ENDS) for word in words
    )
