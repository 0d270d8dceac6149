"""The month of Regulation 1182/71, against days counted by hand, and whatever a calendar may hold."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.protocol.deadlines import (
    answer_day,
    country_of_zone,
    days_left,
    is_overdue,
    is_working_day,
    period_end,
    previous_working_day,
    public_holidays,
    receipt_day,
)

FRENCH_2027 = (
    "2027-01-01 2027-03-29 2027-05-01 2027-05-06 2027-05-08 2027-05-17"
    " 2027-07-14 2027-08-15 2027-11-01 2027-11-11 2027-12-25"
)
DAYS = st.dates(date(2000, 1, 1), date(2080, 12, 31))
COUNTRIES = st.sampled_from(["FR", "ES", "BE", "DE", "PT", "LU", "", "ZZ"])
ZONES = [
    "Europe/Paris",
    "Europe/Madrid",
    "America/Guadeloupe",
    "Indian/Reunion",
    "Pacific/Noumea",
    "America/Havana",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Pacific/Apia",
    "UTC",
]


@pytest.mark.parametrize(
    ("received", "country", "due", "extended"),
    [
        ("2027-01-31", "FR", "2027-03-01", "2027-04-30"),
        ("2026-12-01", "FR", "2027-01-04", "2027-03-01"),
        ("2028-01-31", "FR", "2028-02-29", "2028-05-02"),
        # 31 August has no 31 September; 30 November is a Monday.
        ("2026-08-31", "FR", "2026-09-30", "2026-11-30"),
        # Received on a leap day: the same date, not the last of the month.
        ("2028-02-29", "FR", "2028-03-29", "2028-05-29"),
        # Easter Monday; then the Day of Constitution, which France does not have.
        ("2027-02-28", "FR", "2027-03-30", "2027-05-28"),
        ("2026-11-06", "ES", "2026-12-07", "2027-02-08"),
        ("2027-11-06", "ES", "2027-12-07", "2028-02-07"),
        ("2027-11-06", "FR", "2027-12-06", "2028-02-07"),
        # The same Christmas falls on a Saturday where no holiday is known, too.
        ("2027-11-25", "", "2027-12-27", "2028-02-25"),
        ("2026-10-14", "ZZ", "2026-11-16", "2027-01-14"),
    ],
)
def test_the_day_of_an_answer(
    received: str, country: str, due: str, extended: str
) -> None:
    day = date.fromisoformat(received)

    assert answer_day(day, country) == date.fromisoformat(due)
    assert answer_day(day, country, extended=True) == date.fromisoformat(extended)


def test_public_holidays_are_those_of_the_whole_country() -> None:
    france = {date.fromisoformat(day) for day in FRENCH_2027.split()}

    assert public_holidays("FR", 2027) == france
    assert public_holidays("", 2027) == public_holidays("XX", 2027) == frozenset()
    assert public_holidays("fr", 2027) == frozenset()


def same_date_later(day: date, months: int) -> date:
    """The same date, month by month; where there is none, the day before the next month begins."""
    first = day.replace(day=1)
    for _ in range(months):
        first = (first + timedelta(days=32)).replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return min(first + timedelta(days=day.day - 1), last)


@given(DAYS, COUNTRIES, st.sampled_from([1, 3]))
def test_an_answer_is_due_on_the_first_working_day(
    received: date, country: str, months: int
) -> None:
    same_date = same_date_later(received, months)

    due = answer_day(received, country, extended=months == 3)

    assert due.weekday() < 5
    assert is_working_day(due, country)
    skipped = [same_date + timedelta(days=n) for n in range((due - same_date).days)]
    assert due >= same_date
    assert [day for day in skipped if is_working_day(day, country)] == []
    assert len(skipped) <= 6


@given(DAYS, COUNTRIES)
def test_a_later_receipt_is_never_due_earlier(received: date, country: str) -> None:
    next_day = received + timedelta(days=1)

    assert answer_day(received, country) <= answer_day(next_day, country)
    assert answer_day(received, "") <= answer_day(received, country)


@given(DAYS, st.sampled_from(ZONES))
def test_the_last_hour_of_the_last_day_counts(day: date, name: str) -> None:
    zone = ZoneInfo(name)

    end = period_end(day, zone)

    last = end - timedelta(microseconds=1)
    assert last.astimezone(zone).date() <= day
    assert end.astimezone(zone).date() > day
    assert not is_overdue(day, zone, last)
    assert is_overdue(day, zone, end)


@pytest.mark.parametrize(
    ("day", "name", "end"),
    [
        # 23 hours, then 25; Paris is one hour ahead in winter, two in summer.
        ("2027-03-28", "Europe/Paris", "2027-03-28T22:00"),
        ("2027-10-31", "Europe/Paris", "2027-10-31T23:00"),
        ("2027-03-01", "America/Guadeloupe", "2027-03-02T04:00"),
        ("2027-03-01", "Pacific/Noumea", "2027-03-01T13:00"),
        # Cuba skips the first hour of the day on which its summer time begins.
        ("2027-03-13", "America/Havana", "2027-03-14T05:00"),
    ],
)
def test_the_end_of_a_day_where_the_producer_is(day: str, name: str, end: str) -> None:
    moment = datetime.fromisoformat(end).replace(tzinfo=UTC)

    assert period_end(date.fromisoformat(day), ZoneInfo(name)) == moment


def test_a_request_is_received_where_the_producer_is() -> None:
    moment = datetime(2027, 1, 30, 23, 30, tzinfo=UTC)

    assert receipt_day(moment, ZoneInfo("Europe/Paris")) == date(2027, 1, 31)
    assert receipt_day(moment, ZoneInfo("America/Guadeloupe")) == date(2027, 1, 30)


def test_days_that_are_left() -> None:
    zone = ZoneInfo("Europe/Paris")
    late_evening = datetime(2027, 3, 1, 22, 59, tzinfo=UTC)

    assert days_left(date(2027, 3, 1), zone, late_evening) == 0
    assert days_left(date(2027, 3, 1), zone, late_evening + timedelta(hours=2)) == -1
    assert days_left(date(2027, 3, 4), zone, late_evening) == 3


def test_a_zone_tells_the_country() -> None:
    assert country_of_zone("Europe/Paris") == "FR"
    assert country_of_zone("Europe/Madrid") == "ES"
    assert country_of_zone("UTC") == country_of_zone("nowhere") == ""


def test_previous_working_day_is_the_last_before_a_holiday_or_a_weekend() -> None:
    assert previous_working_day(date(2027, 1, 1), "FR") == date(2026, 12, 31)
    assert previous_working_day(date(2027, 3, 29), "FR") == date(2027, 3, 26)
    assert previous_working_day(date(2027, 3, 26), "FR") == date(2027, 3, 26)


@given(DAYS, COUNTRIES)
def test_previous_working_day_is_one_and_none_is_between(
    day: date, country: str
) -> None:
    before = previous_working_day(day, country)

    assert is_working_day(before, country)
    skipped = [before + timedelta(days=n) for n in range(1, (day - before).days + 1)]
    assert not any(is_working_day(between, country) for between in skipped)
