"""When the next version is due, and the few reminders."""

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from udi.node.datasets.descriptions.description import FREQUENCIES
from udi.node.datasets.upkeep.schedule import next_due

PARIS = ZoneInfo("Europe/Paris")
DAYS_BETWEEN = {"daily": 1, "weekly": 7}
MONTHS_BETWEEN = {"monthly": 1, "quarterly": 3, "yearly": 12}


def due(frequency: str, *days: str) -> date | None:
    moments = [
        datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=PARIS) for day in days
    ]
    deadline = next_due(frequency, moments, PARIS)
    if deadline:
        return deadline.day
    return None


@pytest.mark.parametrize(
    ("frequency", "published", "expected"),
    [
        ("daily", ["2026-02-28"], "2026-03-01"),
        ("weekly", ["2026-12-28"], "2027-01-04"),
        ("monthly", ["2026-01-15"], "2026-02-15"),
        ("monthly", ["2026-01-31"], "2026-02-28"),
        ("monthly", ["2028-01-31"], "2028-02-29"),
        ("monthly", ["2026-01-31", "2026-02-28"], "2026-03-31"),
        ("monthly", ["2026-01-10", "2026-02-12"], "2026-03-12"),
        ("quarterly", ["2025-11-30"], "2026-02-28"),
        ("yearly", ["2024-02-29"], "2025-02-28"),
        (
            "yearly",
            ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"],
            "2028-02-29",
        ),
    ],
)
def test_the_next_day_follows_the_last_publication(
    frequency: str, published: list[str], expected: str
) -> None:
    assert due(frequency, *published) == date.fromisoformat(expected)


@pytest.mark.parametrize("frequency", ["never", "continuous", "irregular", ""])
def test_nothing_is_due_where_nothing_regular_was_declared(frequency: str) -> None:
    assert due(frequency, "2026-01-01") is None
    assert due("monthly") is None


def test_a_day_is_the_territory_s() -> None:
    late_evening = datetime(2026, 1, 31, 23, 30, tzinfo=PARIS)

    deadline = next_due("monthly", [late_evening.astimezone(UTC)], PARIS)

    assert deadline
    assert deadline.day == date(2026, 2, 28)
    assert deadline.reminders[0] == datetime(2026, 2, 28, 9, tzinfo=PARIS)
    island = next_due("monthly", [late_evening], ZoneInfo("Indian/Reunion"))
    assert island
    assert island.day == date(2026, 3, 1)


def test_reminders_come_at_the_due_day_then_twice_then_never() -> None:
    deadline = next_due("monthly", [datetime(2026, 3, 1, tzinfo=PARIS)], PARIS)

    assert deadline
    nine = datetime(2026, 4, 1, 9, tzinfo=PARIS)
    assert deadline.reminder(nine - timedelta(minutes=1)) is None
    assert deadline.reminder(nine) == 0
    assert deadline.reminder(nine + timedelta(days=7)) == 1
    assert deadline.reminder(nine + timedelta(days=400)) == 2
    assert deadline.late_days(date(2026, 4, 1)) == 0
    assert deadline.late_days(date(2026, 4, 4)) == 3


ZONES = st.sampled_from(
    [UTC, PARIS, ZoneInfo("Pacific/Noumea"), ZoneInfo("America/Cayenne")]
)
MOMENTS = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2090, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([UTC, PARIS]),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    frequency=st.sampled_from(list(DAYS_BETWEEN)),
    published=st.lists(MOMENTS, min_size=1, max_size=4),
    zone=ZONES,
)
def test_a_due_day_is_so_many_days_after_the_last_publication(
    frequency: str, published: list[datetime], zone: ZoneInfo
) -> None:
    deadline = next_due(frequency, published, zone)

    assert deadline
    last = max(moment.astimezone(zone).date() for moment in published)
    assert deadline.day - last == timedelta(days=DAYS_BETWEEN[frequency])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    frequency=st.sampled_from(list(MONTHS_BETWEEN)),
    published=st.lists(MOMENTS, min_size=1, max_size=4),
    zone=ZONES,
)
def test_a_due_day_is_so_many_months_after_the_last_publication(
    frequency: str, published: list[datetime], zone: ZoneInfo
) -> None:
    deadline = next_due(frequency, published, zone)

    assert deadline
    days = [moment.astimezone(zone).date() for moment in published]
    last = max(days)
    months = (deadline.day.year - last.year) * 12 + deadline.day.month - last.month
    assert months == MONTHS_BETWEEN[frequency]
    is_end_of_month = (last + timedelta(days=1)).day == 1
    usual = max(day.day for day in days) if is_end_of_month else last.day
    length = calendar.monthrange(deadline.day.year, deadline.day.month)[1]
    assert deadline.day.day == min(usual, length)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    frequency=st.sampled_from([*DAYS_BETWEEN, *MONTHS_BETWEEN]),
    published=st.lists(MOMENTS, min_size=1, max_size=4),
    zone=ZONES,
)
def test_reminders_come_in_the_morning_of_the_due_day_and_later(
    frequency: str, published: list[datetime], zone: ZoneInfo
) -> None:
    deadline = next_due(frequency, published, zone)

    assert deadline
    assert len(deadline.reminders) > 0
    assert list(deadline.reminders) == sorted(deadline.reminders)
    assert all(moment.astimezone(zone).hour == 9 for moment in deadline.reminders)
    assert deadline.reminder(max(published)) is None


def test_every_frequency_of_the_form_is_known() -> None:
    assert {*DAYS_BETWEEN, *MONTHS_BETWEEN, "never", "continuous", "irregular"} == set(
        FREQUENCIES
    )
