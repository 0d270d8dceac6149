"""Parts and freshness of a file over HTTP (RFC 9110, sections 13 and 14)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ONE_RANGE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII)
MOST_DIGITS = 19


@dataclass(frozen=True)
class ByteRange:
    """Bytes from `start` up to but not including `end`."""

    start: int
    end: int


class RangeNotSatisfiableError(Exception):
    """The part asked for is beyond the file."""


def parse_range(header: str, size: int) -> ByteRange | None:
    """The one part that a `Range` header asks for; None when the whole file is the answer.

    Several parts, other units and what cannot be read are ignored, as the standard allows.

    Raises:
        RangeNotSatisfiableError: the part begins after the end.
    """
    match = ONE_RANGE.fullmatch(header)
    if not match or max(map(len, match.groups())) > MOST_DIGITS:
        return None
    first, last = match.groups()
    if not first:
        return _suffix(last, size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiableError
    return ByteRange(start, min(int(last) + 1, size) if last else size)


def _suffix(length: str, size: int) -> ByteRange | None:
    if not length:
        return None
    if int(length) == 0 or size == 0:
        raise RangeNotSatisfiableError
    return ByteRange(max(0, size - int(length)), size)


def is_fresh(headers: Mapping[str, str], etag: str, modified: datetime) -> bool:
    """Whether the client's copy is still good (304)."""
    if (if_none_match := headers.get("if-none-match")) is not None:
        tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return "*" in tags or etag in tags
    since = _read_date(headers.get("if-modified-since"))
    return since is not None and modified.replace(microsecond=0) <= since


def range_applies(headers: Mapping[str, str], etag: str, modified: datetime) -> bool:
    """Whether `If-Range`, when there is one, still names this very file (strong comparison)."""
    condition = headers.get("if-range")
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == etag
    return _read_date(condition) == modified.replace(microsecond=0)


def _read_date(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo:
        return moment
    return moment.replace(tzinfo=UTC)
