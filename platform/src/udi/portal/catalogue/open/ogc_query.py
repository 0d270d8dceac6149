"""What the parameters of OGC API – Records ask: words, places, times, identifiers, order, page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from udi.kit.errors import Refusal
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open.listing import ListSlice
from udi.portal.catalogue.open.order import (
    BY_PUBLICATION_DATE,
    CURSOR,
    SortKey,
    SortOrder,
)
from udi.portal.catalogue.open.query_parameters import QueryParameters, parse_moment
from udi.portal.catalogue.open.records import DATASET
from udi.protocol.structures import BoundingBox

PARAMETERS = (
    "q",
    "bbox",
    "datetime",
    "limit",
    "offset",
    CURSOR,
    "type",
    "externalIds",
    "ids",
    "sortby",
    "f",
)
USUAL = 10
MOST = 100
FARTHEST = 10_000_000
MOST_IDS = 100
SORTS = {
    "title": Dataset.title,
    "created": Dataset.published_at,
    "updated": Dataset.described_at,
}
SIDES = {4: (0, 1, 2, 3), 6: (0, 1, 3, 4)}
POLE = 90
HALF_TURN = 180
DAY = len("2026-05-31")
OPEN = {"", ".."}


@dataclass(frozen=True)
class RecordsQuery:
    """Which records, in which order."""

    words: tuple[str, ...]
    box: BoundingBox | None
    period: tuple[datetime | None, datetime | None] | None
    ids: tuple[UUID, ...] | None
    external: tuple[str, ...] | None
    nothing: bool
    """Whether only kinds of records are asked for that are not here."""
    stretch: ListSlice


def read_query(pairs: Sequence[tuple[str, str]]) -> RecordsQuery:
    """The question.

    Raises:
        InvalidError: 400, with each parameter that is wrong.
    """
    parameters = QueryParameters(pairs, PARAMETERS, status=400)
    kinds = _read_list(parameters, "type")
    question = RecordsQuery(
        words=tuple(
            word
            for word in (part.strip() for part in parameters.read_text("q").split(","))
            if word
        ),
        box=_read_box(parameters),
        period=_read_period(parameters),
        ids=_read_ids(parameters),
        external=tuple(_read_list(parameters, "externalIds")) or None,
        nothing=bool(kinds) and DATASET not in kinds,
        stretch=_read_slice(parameters),
    )
    parameters.read_choices("f", ("json", "html"))
    parameters.check()
    return question


def page_address(
    base: str, pairs: Sequence[tuple[str, str]], offset: int = 0, cursor: str = ""
) -> str:
    """The address of the same question from another record on: from one by its number, or from a place."""
    places = [("offset", str(offset) if offset else ""), (CURSOR, cursor)]
    other_pairs = [(name, value) for name, value in pairs if name not in dict(places)]
    query = urlencode(
        [*other_pairs, *((name, value) for name, value in places if value)]
    )
    if query:
        return f"{base}?{query}"
    return base


def _read_list(parameters: QueryParameters, name: str) -> list[str]:
    values = [
        value.strip()
        for value in parameters.read_text(name, longest=8000).split(",")
        if value.strip()
    ]
    if len(values) > MOST_IDS:
        most = {"most": MOST_IDS}
        parameters.add_refusal(
            Refusal(
                name,
                "There are too many values.",
                "Send at most %(most)s.",
                "too-many",
                most,
            )
        )
    return values[:MOST_IDS]


def _read_ids(parameters: QueryParameters) -> tuple[UUID, ...] | None:
    ids = []
    values = _read_list(parameters, "ids")
    for value in values:
        try:
            ids.append(UUID(value))
        except ValueError:
            continue
    if values:
        return tuple(ids)
    return None


def _read_box(parameters: QueryParameters) -> BoundingBox | None:
    text = parameters.read_text("bbox")
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
        west, south, east, north = (numbers[side] for side in SIDES[len(numbers)])
    except (ValueError, KeyError):
        numbers = [math.nan]
        west = 0
        south = 0
        east = 0
        north = 0
    on_earth = (
        -POLE <= south <= north <= POLE and max(abs(west), abs(east)) <= HALF_TURN
    )
    if not all(map(math.isfinite, numbers)) or not on_earth:
        remedy = "Write west,south,east,north in degrees."
        parameters.add_refusal(
            Refusal("bbox", "This rectangle cannot be read.", remedy, "bad-box")
        )
        return None
    return BoundingBox(west=west, south=south, east=east, north=north)


def _read_period(
    parameters: QueryParameters,
) -> tuple[datetime | None, datetime | None] | None:
    """An instant, a day, or two of them around a stroke, with `..` for an open end; days are whole days of UTC."""
    text = parameters.read_text("datetime")
    if not text:
        return None
    first, stroke, last = text.partition("/")
    ends = (first, last) if stroke else (first, first)
    since, until = (parse_moment(end) for end in ends)
    end_checks = [
        moment is not None or (stroke and end in OPEN)
        for moment, end in zip((since, until), ends, strict=True)
    ]
    if not all(end_checks) or (since and until and since > until):
        remedy = "Write a date, or two dates around a stroke: 2024-01-01/2024-12-31, with .. for an open end."
        parameters.add_refusal(
            Refusal("datetime", "This is not a date.", remedy, "not-a-date")
        )
        return None
    whole_day = until is not None and len(ends[1]) == DAY
    return since, until + timedelta(days=1) - timedelta(
        microseconds=1
    ) if until and whole_day else until


def _read_slice(parameters: QueryParameters) -> ListSlice:
    order = _read_order(parameters)
    return ListSlice(
        limit=min(MOST, parameters.read_integer("limit", USUAL)),
        offset=parameters.read_integer("offset", 0, least=0, most=FARTHEST),
        after=order.read_cursor(parameters, "offset"),
        order=order,
    )


def _read_order(parameters: QueryParameters) -> SortOrder:
    keys = []
    for part in (
        part.strip()
        for part in parameters.read_text("sortby").split(",")
        if part.strip()
    ):
        name = part.lstrip("+-")
        if name not in SORTS:
            values = {"values": ", ".join(SORTS)}
            parameters.add_refusal(
                Refusal(
                    "sortby",
                    "This value is not in the list.",
                    "Choose among %(values)s.",
                    "unknown-value",
                    values,
                )
            )
            continue
        keys.append(SortKey(SORTS[name], part.startswith("-")))
    if keys:
        return SortOrder.by(*keys)
    return BY_PUBLICATION_DATE
