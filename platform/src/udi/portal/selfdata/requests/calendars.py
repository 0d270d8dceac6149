"""Two views of due days: entries for a calendar program, and months on a page."""

from calendar import Calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from udi.kit.calendar_entries import DayEntry, write_days
from udi.kit.clock import now
from udi.portal.selfdata.requests.queries import OwnRequest
from udi.protocol.deadlines import add_months, public_holidays
from udi.ui.formats import find_locale

MOST_MONTHS = 4
WEEK = tuple(date(2026, 11, 2 + day) for day in range(7))
"""A week that begins on a Monday."""


@dataclass(frozen=True)
class CalendarDay:
    """A day of a month: `kind` is `from`, `in`, `due`, `hol` or empty; no number: it is of another month."""

    number: int | None
    kind: str = ""


@dataclass(frozen=True)
class CalendarMonth:
    """A month in weeks that begin on Monday."""

    name: str
    weeks: Sequence[Sequence[CalendarDay]]


def write_due_days(requests: Iterable[OwnRequest], title: str, origin: str) -> bytes:
    """The due days of these requests; a calendar keeps them, so that they name the number alone."""
    entries = [
        DayEntry(
            uid=f"subject-request-{own_request.request.id}",
            sequence=own_request.request.sequence,
            day=own_request.request.due_on,
            title=title % {"number": own_request.request.number},
            url=f"{origin}{own_request.url}",
        )
        for own_request in requests
        if own_request.request.due_on is not None
    ]
    return write_days(entries, program="my-data", written_at=now())


def list_weekdays(language: str) -> list[tuple[str, str]]:
    """The days of the week, from Monday on: a letter and the name."""
    locale = find_locale(language)
    return [
        (
            str(format_date(day, "EEEEE", locale=locale)),
            str(format_date(day, "EEEE", locale=locale)),
        )
        for day in WEEK
    ]


def list_months(
    received_on: date, due_on: date, country: str, language: str
) -> list[CalendarMonth]:
    """The months from the receipt to the last day, at most four."""
    first = received_on.replace(day=1)
    months: list[CalendarMonth] = []
    while first <= due_on and len(months) < MOST_MONTHS:
        months.append(_fill_month(first, received_on, due_on, country, language))
        first = add_months(first, 1)
    return months


def _fill_month(
    first: date, received_on: date, due_on: date, country: str, language: str
) -> CalendarMonth:
    weeks = []
    for week in Calendar().monthdatescalendar(first.year, first.month):
        days = []
        for day in week:
            if day.month != first.month:
                days.append(CalendarDay(None))
            else:
                kind = _name_day(day, received_on, due_on, country)
                days.append(CalendarDay(day.day, kind))
        weeks.append(days)
    name = format_date(first, "LLLL y", locale=find_locale(language))
    return CalendarMonth(str(name), weeks)


def _name_day(day: date, received_on: date, due_on: date, country: str) -> str:
    if day == due_on:
        return "due"
    if day == received_on:
        return "from"
    if day in public_holidays(country, day.year):
        return "hol"
    if received_on < day < due_on:
        return "in"
    return ""
