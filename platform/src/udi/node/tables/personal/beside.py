"""What is personal because rows are people: births, homes, numbers given to them, what the law protects most."""

import re
from collections.abc import Sequence

from udi.node.tables.column import ColumnType
from udi.node.tables.personal.cells import Cells, Hits
from udi.node.tables.personal.direct import finding
from udi.node.tables.personal.explanations import What
from udi.node.tables.personal.people import Surroundings, is_address
from udi.node.tables.personal.report import Finding, Strength
from udi.node.tables.personal.vocabulary import (
    ADDRESSES,
    BIRTHS,
    CODES,
    COUNTS,
    EMAILS,
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
DAY = re.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ](19|20)?\d\d|(19|20)\d\d[-/.]?\d\d[-/.]?\d\d")
BIRTH_YEAR = re.compile(r"(19[0-9]\d|20[0-4]\d)")
OLDEST, SPREAD = 1980, 30
HALF, SOME = 0.5, 0.3
LONGEST_STATUS = 30
PLACES = frozenset({"lieu", "commune", "pays", "ville", "departement", "place", "country", "town", "code", "postal"})


def find_births(cells: Cells, *, people: bool) -> Finding | None:
    """Dates and years of birth; a date without a telling name beside names of people, when it goes far back."""
    hinted = (cells.header.holds(BIRTHS) or cells.header.says(frozenset({"ddn", "dob", "ne", "nee"}))) and not (
        cells.header.says(PLACES) or cells.header.says(COUNTS)
    )
    dated = cells.column.type in DATES or cells.share(lambda text: bool(DAY.match(text.strip()))) >= HALF
    if dated and cells.sample and (hinted or (people and cells.header.silent and _goes_far_back(cells))):
        return finding(cells, What.BIRTH_DATE, _all(cells))
    yearly = cells.share(lambda text: bool(BIRTH_YEAR.fullmatch(text.strip()))) >= HALF
    if hinted and yearly:
        return finding(cells, What.BIRTH_YEAR, _all(cells), Strength.WARNING)
    return None


def _goes_far_back(cells: Cells) -> bool:
    years = [int(match[0]) for _, text in cells.sample if (match := re.search(r"(19|20)\d\d", text))]
    return bool(years) and min(years) < OLDEST and max(years) - min(years) > SPREAD


def _all(cells: Cells) -> Hits:
    return Hits(cells.filled, tuple(line for line, _ in cells.sample[:5]))


def find_homes(cells: Cells, around: Surroundings, *, people: bool, named: bool) -> Finding | None:
    """Addresses of people: said to be homes, or standing beside names."""
    if cells.column.stored != "VARCHAR" or cells.header.says(EMAILS | {"ip", "mac", "web", "url", "internet"}):
        return None
    home = cells.header.says(HOME) and cells.share(is_address) >= SOME
    beside = named and (
        cells.share(is_address) >= HALF or (cells.header.says(ADDRESSES) and cells.share(is_address) >= SOME)
    )
    if not home and not beside:
        return None
    stop = (people and not around.organised) or (home and not around.organised)
    strength = Strength.STOP if stop else Strength.WARNING
    return finding(cells, What.ADDRESS, cells.hits(is_address), strength, public=not stop)


def find_codes(cells: Cells, *, people: bool) -> Finding | None:
    """Numbers given to people: badge, file, membership."""
    header = cells.header
    given = header.says(PERSON_CODES) and (header.says(CODES) or header.joined in {"matricule", "badge", "passeport"})
    numbered = cells.share(lambda text: any(character.isdigit() for character in text)) >= HALF
    if not given or not numbered or not people or cells.column.type in DATES:
        return None
    return finding(cells, What.PERSON_CODE, _all(cells), Strength.WARNING)


def find_special(cells: Cells, around: Surroundings, *, people: bool) -> Finding | None:
    """What articles 9 and 10 of the GDPR protect, by the name of the column, or by values that tell of health."""
    if people and cells.share(lambda text: bool(HEALTH.search(text))) >= SOME:
        return finding(cells, What.SPECIAL, cells.hits(lambda text: bool(HEALTH.search(text))), Strength.WARNING)
    clear = cells.header.says(SPECIAL_CLEAR) and not around.counted
    if (
        not cells.sample
        or cells.column.type in MEASURED
        or not (clear or (people and cells.header.says(SPECIAL_BESIDE)))
    ):
        return None
    return finding(cells, What.SPECIAL, _all(cells), Strength.WARNING)


def find_family_status(cells: Cells, around: Surroundings, *, people: bool) -> Finding | None:
    """Whether people are married, single, divorced or widowed; counts by status are statistics."""
    if around.counted or not cells.sample:
        return None
    told = cells.share(_is_family_status) >= HALF
    if not told or not (people or cells.header.holds(STATUS_HEADERS)):
        return None
    return finding(cells, What.FAMILY_STATUS, cells.hits(_is_family_status), Strength.WARNING)


def _is_family_status(text: str) -> bool:
    words = re.split(r"[^a-z]+", fold(text))
    return len(text) <= LONGEST_STATUS and not STATUS_WORDS.isdisjoint(words)


def rows_are_people(found: Sequence[Finding]) -> bool:
    """Whether something that was found makes each row somebody who is not in public office."""
    told = {What.FULL_NAME, What.FAMILY_NAME, What.GIVEN_NAME, What.NIR, What.BIRTH_DATE}
    return any(one.what in told and not one.public for one in found)
