"""What the parameters of OGC API – Records ask: words, places, times, identifiers, order, page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from udi.kit.errors import Refusal
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open.asked import Asked, as_moment
from udi.portal.catalogue.open.listing import Stretch
from udi.portal.catalogue.open.order import CAME, CURSOR, Key, Order
from udi.portal.catalogue.open.records import DATASET
from udi.protocol.structures import Box

PARAMETERS = ("q", "bbox", "datetime", "limit", "offset", CURSOR, "type", "externalIds", "ids", "sortby", "f")
USUAL, MOST, FARTHEST, MOST_IDS = 10, 100, 10_000_000, 100
SORTS = {"title": Dataset.title, "created": Dataset.published_at, "updated": Dataset.described_at}
SIDES = {4: (0, 1, 2, 3), 6: (0, 1, 3, 4)}
POLE, HALF_TURN, DAY = 90, 180, len("2026-05-31")
OPEN = {"", ".."}


@dataclass(frozen=True)
class Question:
    """Which records, in which order."""

    words: tuple[str, ...]
    box: Box | None
    period: tuple[datetime | None, datetime | None] | None
    ids: tuple[UUID, ...] | None
    external: tuple[str, ...] | None
    nothing: bool
    """Whether only kinds of records are asked for that are not here."""
    stretch: Stretch


def read_question(pairs: Sequence[tuple[str, str]]) -> Question:
    """The question.

    Raises:
        InvalidError: 400, with each parameter that is wrong.
    """
    asked = Asked(pairs, PARAMETERS, status=400)
    kinds = _list(asked, "type")
    question = Question(
        words=tuple(word for word in (part.strip() for part in asked.text("q").split(",")) if word),
        box=_box(asked),
        period=_period(asked),
        ids=_ids(asked),
        external=tuple(_list(asked, "externalIds")) or None,
        nothing=bool(kinds) and DATASET not in kinds,
        stretch=_stretch(asked),
    )
    asked.choices("f", ("json", "html"))
    asked.check()
    return question


def address(base: str, pairs: Sequence[tuple[str, str]], offset: int = 0, cursor: str = "") -> str:
    """The address of the same question from another record on: from one by its number, or from a place."""
    places = [("offset", str(offset) if offset else ""), (CURSOR, cursor)]
    kept = [(name, value) for name, value in pairs if name not in dict(places)]
    query = urlencode([*kept, *((name, value) for name, value in places if value)])
    return f"{base}?{query}" if query else base


def _list(asked: Asked, name: str) -> list[str]:
    values = [value.strip() for value in asked.text(name, longest=8000).split(",") if value.strip()]
    if len(values) > MOST_IDS:
        most = {"most": MOST_IDS}
        asked.refuse(Refusal(name, "There are too many values.", "Send at most %(most)s.", "too-many", most))
    return values[:MOST_IDS]


def _ids(asked: Asked) -> tuple[UUID, ...] | None:
    found = []
    values = _list(asked, "ids")
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return tuple(found) if values else None


def _box(asked: Asked) -> Box | None:
    text = asked.text("bbox")
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
        west, south, east, north = (numbers[side] for side in SIDES[len(numbers)])
    except (ValueError, KeyError):
        numbers, west, south, east, north = [math.nan], 0, 0, 0, 0
    on_earth = -POLE <= south <= north <= POLE and max(abs(west), abs(east)) <= HALF_TURN
    if not all(map(math.isfinite, numbers)) or not on_earth:
        remedy = "Write west,south,east,north in degrees."
        asked.refuse(Refusal("bbox", "This rectangle cannot be read.", remedy, "bad-box"))
        return None
    return Box(west=west, south=south, east=east, north=north)


def _period(asked: Asked) -> tuple[datetime | None, datetime | None] | None:
    """An instant, a day, or two of them around a stroke, with `..` for an open end; days are whole days of UTC."""
    text = asked.text("datetime")
    if not text:
        return None
    first, stroke, last = text.partition("/")
    ends = (first, last) if stroke else (first, first)
    since, until = (as_moment(end) for end in ends)
    known = [moment is not None or (stroke and end in OPEN) for moment, end in zip((since, until), ends, strict=True)]
    if not all(known) or (since and until and since > until):
        remedy = "Write a date, or two dates around a stroke: 2024-01-01/2024-12-31, with .. for an open end."
        asked.refuse(Refusal("datetime", "This is not a date.", remedy, "not-a-date"))
        return None
    whole_day = until is not None and len(ends[1]) == DAY
    return since, until + timedelta(days=1) - timedelta(microseconds=1) if until and whole_day else until


def _stretch(asked: Asked) -> Stretch:
    order = _order(asked)
    return Stretch(
        limit=min(MOST, asked.whole("limit", USUAL)),
        offset=asked.whole("offset", 0, least=0, most=FARTHEST),
        after=order.read(asked, "offset"),
        order=order,
    )


def _order(asked: Asked) -> Order:
    found = []
    for part in (part.strip() for part in asked.text("sortby").split(",") if part.strip()):
        name = part.lstrip("+-")
        if name not in SORTS:
            values = {"values": ", ".join(SORTS)}
            asked.refuse(
                Refusal("sortby", "This value is not in the list.", "Choose among %(values)s.", "unknown-value", values)
            )
            continue
        found.append(Key(SORTS[name], part.startswith("-")))
    return Order.by(*found) if found else CAME
