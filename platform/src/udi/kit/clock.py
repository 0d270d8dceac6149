"""The time, in one place, so that a test can move it."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def today(zone: tzinfo) -> date:
    """The day that it is now in this zone."""
    return now().astimezone(zone).date()


def read_difference(answered_at: str) -> timedelta | None:
    """By how much the clock of who answered is ahead of this machine's, by the `Date` of its answer (RFC 9110, 6.6.1).

    To a second or two; None where the answer has no such date.
    """
    try:
        moment = parsedate_to_datetime(answered_at)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return moment - now()
