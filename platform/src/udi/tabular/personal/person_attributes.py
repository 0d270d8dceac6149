"""What is personal because rows are people: births, homes, numbers given to them, what the law protects most."""

import re
from collections.abc import Sequence

from udi.tabular.columns.column import ColumnType
from udi.tabular.personal.cells import CellMatches, ColumnCells
from udi.tabular.personal.direct_identifiers import build_finding
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.people import HeaderContext, is_address
from udi.tabular.personal.report import PersonalDataFinding, PersonalDataSeverity
from udi.tabular.personal.vocabulary import (
    ADDRESSES,
    BIRTHS,
    CODES,
    COUNTS,
    DIGITAL_ADDRESSES,
    HEALTH,
    HOME,
    PERSON_CODES,
    SPECIAL_BESIDE,
    SPECIAL_CLEAR,
    STATUS_HEADERS,
    STATUS_WORDS,
    fold,
)

DATES = frozenset({ColumnType.DATE, ColumnType.DATETIME})
MEASURED = frozenset({ColumnType.INTEGER, ColumnType.NUMBER})
DAY = re.compile(
    r"\d{1,2}[-/. ]\d{1,2}[-/. ](19|20)?\d\d|(19|20)\d\d[-/.]?\d\d[-/.]?\d\d"
)
BIRTH_YEAR = re.compile(r"(19[0-9]\d|20[0-4]\d)")
OLDEST = 1980
SPREAD = 30
HALF = 0.5
SOME = 0.3
LONGEST_STATUS = 30
PLACES = frozenset(
    {
        "lieu",
        "commune",
        "pays",
        "ville",
        "departement",
        "place",
        "country",
        "town",
        "code",
        "postal",
    }
)


def find_births(cells: ColumnCells, *, people: bool) -> PersonalDataFinding | None:
    """Dates and years of birth; a date without a telling name beside names of people, when it goes far back."""
    hinted = (
        cells.header.has_any_stem(BIRTHS)
        or cells.header.has_any_word(frozenset({"ddn", "dob", "ne", "nee"}))
    ) and not (cells.header.has_any_word(PLACES) or cells.header.has_any_word(COUNTS))
    dated = (
        cells.column.type in DATES
        or cells.share(lambda text: bool(DAY.match(text.strip()))) >= HALF
    )
    if (
        dated
        and cells.sample
        and (
            hinted
            or (people and cells.header.is_uninformative and _goes_far_back(cells))
        )
    ):
        return build_finding(cells, PersonalDataKind.BIRTH_DATE, _all_hits(cells))
    yearly = cells.share(lambda text: bool(BIRTH_YEAR.fullmatch(text.strip()))) >= HALF
    if hinted and yearly:
        return build_finding(
            cells,
            PersonalDataKind.BIRTH_YEAR,
            _all_hits(cells),
            PersonalDataSeverity.WARNING,
        )
    return None


def _goes_far_back(cells: ColumnCells) -> bool:
    years = [
        int(match[0])
        for _, text in cells.sample
        if (match := re.search(r"(19|20)\d\d", text))
    ]
    return bool(years) and min(years) < OLDEST and max(years) - min(years) > SPREAD


def _all_hits(cells: ColumnCells) -> CellMatches:
    return CellMatches(cells.filled, tuple(line for line, _ in cells.sample[:5]))


def find_homes(
    cells: ColumnCells, around: HeaderContext, *, people: bool, named: bool
) -> PersonalDataFinding | None:
    """Addresses of people: said to be homes, or standing beside names."""
    if cells.column.sql_type != "VARCHAR" or cells.header.has_any_word(
        DIGITAL_ADDRESSES
    ):
        return None
    home = cells.header.has_any_word(HOME) and cells.share(is_address) >= SOME
    is_near_names = named and (
        cells.share(is_address) >= HALF
        or (cells.header.has_any_word(ADDRESSES) and cells.share(is_address) >= SOME)
    )
    if not home and not is_near_names:
        return None
    stop = (people and not around.has_organisations) or (
        home and not around.has_organisations
    )
    if stop:
        strength = PersonalDataSeverity.STOP
    else:
        strength = PersonalDataSeverity.WARNING
    return build_finding(
        cells,
        PersonalDataKind.ADDRESS,
        cells.hits(is_address),
        strength,
        public=not stop,
    )


def find_codes(cells: ColumnCells, *, people: bool) -> PersonalDataFinding | None:
    """Numbers given to people: badge, file, membership."""
    header = cells.header
    has_code_header = header.has_any_word(PERSON_CODES) and (
        header.has_any_word(CODES)
        or header.joined in {"matricule", "badge", "passeport"}
    )
    numbered = (
        cells.share(lambda text: any(character.isdigit() for character in text)) >= HALF
    )
    if not has_code_header or not numbered or not people or cells.column.type in DATES:
        return None
    return build_finding(
        cells,
        PersonalDataKind.PERSON_CODE,
        _all_hits(cells),
        PersonalDataSeverity.WARNING,
    )


def find_special_categories(
    cells: ColumnCells, around: HeaderContext, *, people: bool
) -> PersonalDataFinding | None:
    """What articles 9 and 10 of the GDPR protect, by the name of the column, or by values that tell of health."""
    if people and cells.share(lambda text: bool(HEALTH.search(text))) >= SOME:
        return build_finding(
            cells,
            PersonalDataKind.SPECIAL,
            cells.hits(lambda text: bool(HEALTH.search(text))),
            PersonalDataSeverity.WARNING,
        )
    clear = cells.header.has_any_word(SPECIAL_CLEAR) and not around.has_counts
    if (
        not cells.sample
        or cells.column.type in MEASURED
        or not (clear or (people and cells.header.has_any_word(SPECIAL_BESIDE)))
    ):
        return None
    return build_finding(
        cells, PersonalDataKind.SPECIAL, _all_hits(cells), PersonalDataSeverity.WARNING
    )


def find_family_status(
    cells: ColumnCells, around: HeaderContext, *, people: bool
) -> PersonalDataFinding | None:
    """Whether people are married, single, divorced or widowed; counts by status are statistics."""
    if around.has_counts or not cells.sample:
        return None
    has_statuses = cells.share(_is_family_status) >= HALF
    if not has_statuses or not (people or cells.header.has_any_stem(STATUS_HEADERS)):
        return None
    return build_finding(
        cells,
        PersonalDataKind.FAMILY_STATUS,
        cells.hits(_is_family_status),
        PersonalDataSeverity.WARNING,
    )


def _is_family_status(text: str) -> bool:
    words = re.split(r"[^a-z]+", fold(text))
    return len(text) <= LONGEST_STATUS and not STATUS_WORDS.isdisjoint(words)


def rows_are_people(findings: Sequence[PersonalDataFinding]) -> bool:
    """Whether something that was found makes each row somebody who is not in public office."""
    identifying_kinds = {
        PersonalDataKind.FULL_NAME,
        PersonalDataKind.FAMILY_NAME,
        PersonalDataKind.GIVEN_NAME,
        PersonalDataKind.NIR,
        PersonalDataKind.BIRTH_DATE,
    }
    return any(
        finding.what in identifying_kinds and not finding.public for finding in findings
    )
