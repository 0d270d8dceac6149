"""The days of a request: calendar days, where the territory lives; a last day on a weekend goes to the Monday.

They count while the producer has to act. A question or an offer stops them, the person's answer lets them go on: three at
least are left then.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from udi.kit.clock import today
from udi.portal.access.models import AccessRequest

LEAST_LEFT = 3
REMIND_BEFORE = timedelta(days=3)
NUDGE_AFTER = timedelta(days=20)
LAPSE_AFTER = timedelta(days=30)
"""How long a question or an offer waits for the person: they are reminded, then the request lapses."""
DOCUMENTS_KEPT = timedelta(days=90)
"""How long documents stay after a request, or the agreement that it became, has ended."""
SATURDAY = 5


def due_day(start: date, days: int) -> date:
    """The day by whose end an answer is due."""
    day = start + timedelta(days=days)
    if day.weekday() >= SATURDAY:
        return day + timedelta(days=max(0, 7 - day.weekday()))
    return day


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The last second of a day where the territory lives, in UTC."""
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


def start(request: AccessRequest, promised: int, zone: tzinfo) -> None:
    """The days begin, from none used."""
    request.days_used = 0
    request.clock_from = None
    resume(request, promised, zone)


def resume(request: AccessRequest, promised: int, zone: tzinfo) -> None:
    """The days go on, if they stood still."""
    if request.clock_from is not None:
        return
    left = promised - request.days_used
    request.clock_from = today(zone)
    request.due_at = end_of_day(
        due_day(
            request.clock_from, left if not request.days_used else max(left, LEAST_LEFT)
        ),
        zone,
    )
    request.reminded_at = request.late_at = None


def stop(request: AccessRequest, zone: tzinfo) -> None:
    """The days stand still."""
    if request.clock_from is not None:
        request.days_used += (today(zone) - request.clock_from).days
    request.clock_from = request.due_at = None
    request.reminded_at = None


def days_left(request: AccessRequest, zone: tzinfo) -> int | None:
    """Whole days until the answer is due, below zero when it is late; None while nothing is due."""
    if request.due_at is None:
        return None
    return (request.due_at.astimezone(zone).date() - today(zone)).days


def lapses_at(request: AccessRequest) -> datetime:
    """When a request that waits for its person lapses."""
    return request.since + LAPSE_AFTER
