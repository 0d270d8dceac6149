"""The month in which a producer answers somebody about the data that it holds on them (GDPR art. 12(3)).

Periods are counted by Regulation (EEC, Euratom) 1182/71, art. 3: the day of receipt is not counted; the period ends with
the last hour of the same date of a later month, or of that month's last day; where this is a Saturday, a Sunday or a
public holiday of the producer's country, with the last hour of the next working day. Days are those of the producer's time
zone. Nothing here reads a clock.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

import holidays
from babel.core import get_global

ANSWER_MONTHS = 1
EXTENDED_MONTHS = 3
"""Once extended (art. 12(3), two months more), counted from receipt as well."""
MONTHS_OF_A_YEAR = 12
SATURDAY = 5
MOST_YEARS = 512
COUNTRIES = frozenset(holidays.list_supported_countries(include_aliases=False))
"""Those whose public holidays are known."""


def receipt_day(received_at: datetime, zone: tzinfo) -> date:
    """The day of receipt, where the producer is."""
    return received_at.astimezone(zone).date()


def answer_day(received_on: date, country: str, *, extended: bool = False) -> date:
    """The day by whose end an answer is due; `country` as in ISO 3166-1 (FR), empty where nobody knows it."""
    months = EXTENDED_MONTHS if extended else ANSWER_MONTHS
    return next_working_day(add_months(received_on, months), country)


def add_months(day: date, months: int) -> date:
    """The same date so many months later, or that month's last day."""
    passed = day.month - 1 + months
    year = day.year + passed // MONTHS_OF_A_YEAR
    month = passed % MONTHS_OF_A_YEAR + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def next_working_day(day: date, country: str) -> date:
    """The day itself where people work, else the first day after it on which they do."""
    while not is_working_day(day, country):
        day += timedelta(days=1)
    return day


def previous_working_day(day: date, country: str) -> date:
    """The day itself where people work, else the last day before it on which they do."""
    while not is_working_day(day, country):
        day -= timedelta(days=1)
    return day


def is_working_day(day: date, country: str) -> bool:
    """Whether a day is no Saturday, no Sunday and no public holiday of the whole country."""
    return day.weekday() < SATURDAY and day not in public_holidays(country, day.year)


@lru_cache(MOST_YEARS)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a year in all of a country; none where the country is not known.

    Those of one region alone do not count: a day too early harms nobody, a day too late does.
    """
    if country not in COUNTRIES:
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))


def country_of_zone(zone_name: str) -> str:
    """The country of a time zone (`Europe/Paris`: FR), for producers that name none; empty for zones of no country."""
    territories: Mapping[str, str] = get_global("zone_territories")
    country = territories.get(zone_name, "")
    return country if country in COUNTRIES else ""


def period_end(day: date, zone: tzinfo) -> datetime:
    """The first moment after the last hour of a day, in UTC; that day may have had 23, 24 or 25 hours."""
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)


def is_overdue(due_on: date, zone: tzinfo, moment: datetime) -> bool:
    """Whether the last hour of the last day is over."""
    return moment >= period_end(due_on, zone)


def days_left(due_on: date, zone: tzinfo, moment: datetime) -> int:
    """Whole days until the last one, 0 on it, below zero after it."""
    return (due_on - moment.astimezone(zone).date()).days
