"""When what passers-by read last changed, for readers that hold a date instead of a tag (RFC 9110, 8.8.2 and 13.1.3).

It costs no question: an answer changes with the search index, with what is said of the territory, and with the day.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from udi.kit.clock import now
from udi.portal.catalogue.search.index import IndexReader

Facts = tuple[object, ...]
SECOND = timedelta(seconds=1)
MOST_MOMENTS = 500
"""Moments whose words are kept: answers of one territory change together."""
_facts_by_territory: dict[object, tuple[Facts, datetime]] = {}
"""By territory, what was last said of it, and since when this process knows: never before it started, so that a release counts."""


def last_modified(
    reader: IndexReader, facts: Facts, zone: tzinfo = UTC
) -> datetime | None:
    """The whole second by which all of it had changed; None while that second lasts, in which it may change again.

    `facts` are those of the territory, its identifier first; days begin in its `zone`.
    """
    instant = now()
    entry = _facts_by_territory.get(facts[0])
    if entry is None or entry[0] != facts:
        entry = _facts_by_territory[facts[0]] = (facts, instant)
    day = instant.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    newest = max(entry[1], reader.changed_at, day)
    if not newest.microsecond:
        whole = newest
    else:
        whole = newest.replace(microsecond=0) + SECOND
    if whole <= instant:
        return whole
    return None


def last_modified_header(modified: datetime | None) -> dict[str, str]:
    """The header that says it, if it is known."""
    if modified:
        return {"Last-Modified": _write_moment(modified)}
    return {}


@lru_cache(MOST_MOMENTS)
def _write_moment(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def is_not_modified_since(
    headers: Mapping[str, str], modified: datetime | None
) -> bool:
    """Whether the reader has it since; a reader that also holds a tag is told by the tag alone, and never comes here."""
    since = headers.get("if-modified-since")
    if since is None or modified is None:
        return False
    try:
        return modified.replace(microsecond=0) <= parsedate_to_datetime(
            since
        ).astimezone(UTC)
    except ValueError:
        return False
