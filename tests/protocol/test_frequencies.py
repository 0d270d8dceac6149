"""A dataset is late once the longest period of its rhythm has passed since its last change."""

from datetime import date

import pytest

from udi.portal.tenants.vocabularies import FREQUENCIES
from udi.protocol.frequencies import DAYS, count_late_days


@pytest.mark.parametrize(
    ("frequency", "changed_on", "today", "late"),
    [
        ("DAILY", date(2026, 3, 1), date(2026, 3, 2), 0),
        ("DAILY", date(2026, 3, 1), date(2026, 3, 3), 1),
        ("HOURLY", date(2026, 3, 1), date(2026, 3, 2), 0),
        ("WEEKLY", date(2026, 3, 1), date(2026, 3, 8), 0),
        ("WEEKLY", date(2026, 3, 1), date(2026, 3, 11), 3),
        ("MONTHLY", date(2026, 1, 31), date(2026, 3, 3), 0),
        ("QUARTERLY", date(2026, 1, 1), date(2026, 4, 4), 1),
        ("ANNUAL", date(2024, 2, 29), date(2025, 3, 1), 0),
        ("ANNUAL", date(2024, 2, 29), date(2025, 3, 2), 1),
        ("DAILY", date(2026, 3, 9), date(2026, 3, 2), 0),
        ("IRREG", date(2020, 1, 1), date(2026, 3, 2), None),
        ("", date(2020, 1, 1), date(2026, 3, 2), None),
    ],
)
def test_count_late_days_is_past_the_longest_period(
    frequency: str, changed_on: date, today: date, late: int | None
) -> None:
    assert count_late_days(frequency, changed_on, today) == late


def test_every_code_with_a_period_is_of_the_table() -> None:
    assert set(DAYS) <= FREQUENCIES
    assert FREQUENCIES - set(DAYS) == {
        "AS_NEEDED", "IRREG", "NEVER", "NOT_PLANNED", "OTHER", "UNKNOWN",
    }  # fmt: skip
