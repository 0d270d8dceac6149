"""How much data are used, as a node tells the portal: numbers by producer and day, never who used what."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

PATH = "/kalim/v1/uses"
MOST_DAYS = 10_000
Slug = Annotated[str, Meta(min_length=1, max_length=100)]
Number = Annotated[int, Meta(ge=0, le=10**12)]


class DayUses(Struct, frozen=True, kw_only=True):
    """Uses of a producer's data on one day (UTC), robots left out: files taken, and questions to their APIs."""

    producer: Slug
    day: date
    downloads: Number
    calls: Number


class NodeUses(Struct, frozen=True, kw_only=True):
    """Uses of some days; each replaces what was reported of the same producer and day."""

    days: Annotated[list[DayUses], Meta(max_length=MOST_DAYS)]
