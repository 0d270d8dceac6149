"""What someone looks for, read from an address and written back to one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from udi.kit.errors import InvalidError, Refusal
from udi.kit.paging import MAX_PAGE_SIZE, PAGE_SIZE, page_number
from udi.portal.catalogue.search.extent import (
    FIRST_YEAR,
    LAST_YEAR,
    Box,
    Years,
    join_sides,
    read_box,
    read_period,
    read_year,
    write_box,
    write_period,
)
from udi.protocol.access import AccessRights
from udi.protocol.frequencies import LABELS as FREQUENCIES
from udi.protocol.themes import THEMES

KEYWORD = "keyword"
UPDATED = "updated"
PERIOD = "period"
BBOX = "bbox"
FREQUENCY = "frequency"
LOCATION = "location"
TERRITORY = "territory"
PARTNERS = "partners"
"""The parameter that wants the datasets of partners as well, and the filter that only several territories have."""
PORTALS = "portals"
"""The parameter of pages that sends words and filters to portals outside the installation: who searches says so."""
CHOSEN = (
    TERRITORY,
    "theme",
    "producer",
    "access",
    "format",
    "licence",
    KEYWORD,
    UPDATED,
    FREQUENCY,
    LOCATION,
)
"""Filters whose values are chosen in a list, any number of them."""
FILTERS = (*CHOSEN, PERIOD, BBOX)
RELEVANCE = "relevance"
MODIFIED = "modified"
PUBLISHED = "published"
TITLE = "title"
SORTS = (RELEVANCE, MODIFIED, PUBLISHED, TITLE)
AGES = {"week": 7, "month": 30, "year": 365}
"""Days since an update, the last first."""
OLDER = "older"
LONGEST_TEXT = 200
MOST_WRITTEN = 1000
"""Values kept as addresses have them: a page of answers writes its question some twenty times."""
MOST_VALUES = 30
LAST_PAGE = 5000
CLOSED_LISTS: dict[str, tuple[str, ...]] = {
    "theme": tuple(THEMES),
    "access": tuple(access.value for access in AccessRights),
    UPDATED: (*AGES, OLDER),
    FREQUENCY: tuple(sorted(FREQUENCIES)),
}
FACETS = "facets"
ON_DEMAND = (
    TERRITORY,
    "theme",
    "producer",
    "format",
    "licence",
    KEYWORD,
    LOCATION,
)
YEARS = ("from", "to")
SIDES = ("w", "s", "e", "n")
EXTENT = frozenset((*YEARS, *SIDES, BBOX))
Pairs = Iterable[tuple[str, str]]


class Reach(StrEnum):
    """How far an address lets a search go."""

    TERRITORY = "territory"
    """The territory's own catalogue; what asks for more is not read."""
    PARTNERS = "partners"
    """Its partners' as well, where that is asked for."""
    EVERYWHERE = "everywhere"
    """Those of all the territories that share: the installation's own host."""


@dataclass(frozen=True)
class Criteria:
    """`exact`: look for the words as they are, and for nothing in their place. `period` and `bbox` have one value at most,
    as `extent` writes it. `facets`: filters shown with all their values; keywords are counted only then. `partners`: those of partner territories as well; `portals`: ask other portals too. `mistyped`: the dates and places of the address that make no sense, by parameter.
    """

    text: str = ""
    territory: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()
    producer: tuple[str, ...] = ()
    access: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()
    keyword: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    frequency: tuple[str, ...] = ()
    location: tuple[str, ...] = ()
    period: tuple[str, ...] = ()
    bbox: tuple[str, ...] = ()
    sort: str = ""
    page: int = 1
    size: int = PAGE_SIZE
    exact: bool = False
    facets: tuple[str, ...] = ()
    partners: bool = False
    portals: bool = False
    mistyped: tuple[tuple[str, str], ...] = ()

    @property
    def mistyped_values(self) -> dict[str, str]:
        """What is mistyped, so that it can be shown where it is to be corrected."""
        return dict(self.mistyped)

    @property
    def years(self) -> Years:
        """First and last year of the period, each None where it is open."""
        if self.period:
            return read_period(self.period[0])
        return (None, None)

    @property
    def box(self) -> Box | None:
        """The rectangle, or None."""
        if self.bbox:
            return read_box(self.bbox[0])
        return None

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters in use."""
        return {name: getattr(self, name) for name in FILTERS if getattr(self, name)}

    @property
    def order(self) -> str:
        """The order asked for, else by relevance to the words, else the newest first."""
        return self.sort or (RELEVANCE if self.text else MODIFIED)

    def with_changes(self, **changes: Any) -> "Criteria":
        """The same with some changes, from its first page."""
        return replace(self, **{"page": 1, **changes})

    def without(self, name: str, value: str) -> "Criteria":
        """The same without one value of a filter."""
        return self.with_changes(
            **{
                name: tuple(
                    selected_value
                    for selected_value in getattr(self, name)
                    if selected_value != value
                )
            }
        )

    def pairs(self, *left_out: str) -> Iterator[tuple[str, str]]:
        """Its parameters, those that say something; `left_out` names some to leave."""
        values_by_name = {
            "q": [self.text] if self.text else [],
            **{name: list(getattr(self, name)) for name in CHOSEN},
            **{
                name: [str(year)] if year else []
                for name, year in zip(YEARS, self.years, strict=True)
            },
            BBOX: list(self.bbox),
            "sort": [self.sort] if self.sort else [],
            "exact": ["1"] if self.exact else [],
            PARTNERS: ["1"] if self.partners else [],
            PORTALS: ["1"] if self.portals else [],
            FACETS: list(self.facets),
            "size": [str(self.size)] if self.size != PAGE_SIZE else [],
            "page": [str(self.page)] if self.page > 1 else [],
        }
        left = {*left_out, *(YEARS if PERIOD in left_out else ())}
        return (
            (name, value)
            for name, values in values_by_name.items()
            if name not in left
            for value in values
        )

    def canonical(self) -> "Criteria":
        """The same search whatever way it was come to: what only changes how it is shown is left out."""
        ordered = {name: tuple(sorted(getattr(self, name))) for name in CHOSEN}
        sort = "" if self.sort == Criteria(text=self.text).order else self.sort
        defaults = {"facets": (), "portals": False, "mistyped": ()}
        return replace(self, **ordered, **defaults, sort=sort)  # type: ignore[arg-type]  # fields by their names

    def address(self, path: str, *left_out: str) -> str:
        """The path with its parameters."""
        query = "&".join(
            f"{name}={_write_value(value)}" for name, value in self.pairs(*left_out)
        )
        if query:
            return f"{path}?{query}"
        return path


@lru_cache(MOST_WRITTEN)
def _write_value(value: str) -> str:
    """A value of a parameter, in an address."""
    return quote_plus(value)


def read_criteria(pairs: Pairs, reach: Reach = Reach.TERRITORY) -> Criteria:
    """The criteria of a page's address: what makes no sense is left out, and kept in `mistyped` if it is a date or a place."""
    values_by_name = _collect_values(pairs)
    sort = _last_value(values_by_name, "sort")
    extent, mistyped = _read_extent(values_by_name)
    partners = reach is Reach.PARTNERS and _wants_partners(values_by_name)
    if not partners and reach is not Reach.EVERYWHERE:
        values_by_name.pop(TERRITORY, None)
    return Criteria(
        text=_last_value(values_by_name, "q")[:LONGEST_TEXT].strip(),
        **{
            name: tuple(_allowed_values(name, values_by_name.get(name, [])))
            for name in CHOSEN
        },  # type: ignore[arg-type]  # fields by their names
        **extent,  # type: ignore[arg-type]  # the same
        sort=sort if sort in SORTS else "",
        page=page_number(_last_value(values_by_name, "page") or 1, last=LAST_PAGE),
        exact=_last_value(values_by_name, "exact") == "1",
        facets=tuple(
            name for name in ON_DEMAND if name in values_by_name.get(FACETS, [])
        ),
        partners=partners,
        mistyped=mistyped,
    )


def _wants_partners(values_by_name: dict[str, list[str]]) -> bool:
    return _last_value(values_by_name, PARTNERS) == "1"


def _read_extent(
    values_by_name: dict[str, list[str]],
) -> tuple[dict[str, tuple[str, ...]], tuple[tuple[str, str], ...]]:
    """The period and the rectangle; and what could not be read of them, by parameter."""
    if values_by_name.keys().isdisjoint(EXTENT):
        return {}, ()
    years = {
        name: _last_value(values_by_name, name).strip()[:LONGEST_TEXT] for name in YEARS
    }
    mistyped = [
        (name, year) for name, year in years.items() if year and read_year(year) is None
    ]
    period = write_period(*(read_year(year) for year in years.values()))
    query_text = {
        name: _last_value(values_by_name, name).strip()[:LONGEST_TEXT] for name in SIDES
    }
    sides = (
        join_sides(list(query_text.values()))
        or _last_value(values_by_name, BBOX).strip()[:LONGEST_TEXT]
    )
    box = read_box(sides)
    mistyped += [(BBOX, sides), *query_text.items()] if sides and box is None else []
    return {
        PERIOD: (period,) if period else (),
        BBOX: (write_box(box),) if box else (),
    }, tuple(mistyped)


def read_strict_criteria(pairs: Pairs, reach: Reach = Reach.TERRITORY) -> Criteria:
    """The criteria of an API request.

    Raises:
        InvalidError: a parameter is unknown, or its value; each is named.
    """
    values_by_name = _collect_values(pairs)
    refusals = [
        *_unknown_parameters(values_by_name, reach),
        *_wrong_values(values_by_name),
        *_wrong_numbers(values_by_name),
        *_wrong_extent(values_by_name),
    ]
    if refusals:
        raise InvalidError("This search is not possible.", refusals=refusals)
    criteria = read_criteria(
        [(name, value) for name, values in values_by_name.items() for value in values],
        reach,
    )
    size = _last_value(values_by_name, "size")
    return replace(criteria, size=int(size)) if size else criteria


def _collect_values(pairs: Pairs) -> dict[str, list[str]]:
    values_by_name: dict[str, list[str]] = {}
    for name, value in pairs:
        if not name:
            continue
        readable = "".join(
            sign for sign in value if sign.isprintable() or sign.isspace()
        )
        values_by_name.setdefault(name, []).append(readable)
    return values_by_name


def _last_value(values_by_name: dict[str, list[str]], name: str) -> str:
    return values_by_name.get(name, [""])[-1]


def _allowed_values(name: str, values: Sequence[str]) -> list[str]:
    allowed = CLOSED_LISTS.get(name)
    valid_values = (
        value
        for value in values
        if value
        and len(value) <= LONGEST_TEXT
        and (allowed is None or value in allowed)
    )
    return list(dict.fromkeys(valid_values))[:MOST_VALUES]


def _unknown_parameters(
    values_by_name: dict[str, list[str]], reach: Reach
) -> Iterator[Refusal]:
    names = ["q", *CHOSEN, *YEARS, BBOX, FACETS, "sort", "page", "size", "exact"]
    if reach is Reach.TERRITORY:
        names.remove(TERRITORY)
    else:
        names.append(PARTNERS)
    for name in values_by_name:
        if name not in names:
            remedy = f"Use {', '.join(names)}."
            yield Refusal(
                name[:LONGEST_TEXT],
                "This parameter does not exist.",
                remedy,
                "unknown-parameter",
            )


def _wrong_values(values_by_name: dict[str, list[str]]) -> Iterator[Refusal]:
    lists = {
        **CLOSED_LISTS,
        FACETS: ON_DEMAND,
        "sort": SORTS,
        "exact": ("0", "1"),
        PARTNERS: ("0", "1"),
    }
    for name, allowed in lists.items():
        if any(value not in allowed for value in values_by_name.get(name, []) if value):
            yield Refusal(
                name,
                "This value is not in the list.",
                f"Choose among {', '.join(allowed)}.",
                "unknown-value",
            )
    for name in ("q", *CHOSEN):
        if any(len(value) > LONGEST_TEXT for value in values_by_name.get(name, [])):
            remedy = f"Send at most {LONGEST_TEXT} characters."
            yield Refusal(name, "This value is too long.", remedy, "too-long")
        if len(values_by_name.get(name, [])) > MOST_VALUES:
            yield Refusal(
                name,
                "There are too many values.",
                f"Send at most {MOST_VALUES}.",
                "too-many",
            )


def _wrong_numbers(values_by_name: dict[str, list[str]]) -> Iterator[Refusal]:
    for name, most in (("page", LAST_PAGE), ("size", MAX_PAGE_SIZE)):
        value = _last_value(values_by_name, name)
        digits = value.isascii() and value.isdigit() and len(value) < 10  # noqa: PLR2004 - no number this long is in range
        if value and not (digits and 1 <= int(value) <= most):
            remedy = f"Send a whole number from 1 to {most}."
            yield Refusal(
                name, "This is not a number in range.", remedy, "out-of-range"
            )


def _wrong_extent(values_by_name: dict[str, list[str]]) -> Iterator[Refusal]:
    for name, _ in _read_extent(
        {name: values for name, values in values_by_name.items() if name not in SIDES}
    )[1]:
        if name in SIDES:
            continue
        if name == BBOX:
            remedy = "Send west,south,east,north in degrees: -1.75,48.05,-1.6,48.15."
            yield Refusal(
                name, "This is not a rectangle on Earth.", remedy, "not-a-box"
            )
        else:
            remedy = f"Send a year from {FIRST_YEAR} to {LAST_YEAR}."
            yield Refusal(name, "This is not a year.", remedy, "not-a-year")
