"""The time, in one place, so that a test can move it."""

from datetime import UTC, date, datetime, tzinfo


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def today(zone: tzinfo) -> date:
    """The day that it is now in this zone."""
    return now().astimezone(zone).date()
