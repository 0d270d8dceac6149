"""Whether a dataset keeps the rhythm that its description announces, by the EU's table of frequencies.

A dataset is up to date until as many days have passed since its last change as the longest period of that rhythm has:
31 for a month, 366 for a year. Rhythms under a day count as a day.
"""

from collections.abc import Mapping
from datetime import date, timedelta

DAYS: Mapping[str, int] = {
    "CONT": 1,
    "UPDATE_CONT": 1,
    "1MIN": 1,
    "5MIN": 1,
    "10MIN": 1,
    "15MIN": 1,
    "30MIN": 1,
    "HOURLY": 1,
    "BIHOURLY": 1,
    "TRIHOURLY": 1,
    "12HRS": 1,
    "DAILY_2": 1,
    "DAILY": 1,
    "WEEKLY_3": 7,
    "WEEKLY_2": 7,
    "WEEKLY": 7,
    "BIWEEKLY": 14,
    "MONTHLY_3": 31,
    "MONTHLY_2": 31,
    "MONTHLY": 31,
    "BIMONTHLY": 62,
    "QUARTERLY": 92,
    "ANNUAL_3": 153,
    "ANNUAL_2": 184,
    "ANNUAL": 366,
    "BIENNIAL": 731,
    "TRIENNIAL": 1096,
    "QUADRENNIAL": 1461,
    "QUINQUENNIAL": 1827,
    "DECENNIAL": 3653,
    "BIDECENNIAL": 7305,
    "TRIDECENNIAL": 10958,
}
"""Codes without a period (irregular, never, unknown) have no number of days."""
NO_MORE_UPDATES = frozenset({"NEVER", "NOT_PLANNED"})
IRREGULAR = frozenset({"IRREG", "AS_NEEDED", "OTHER"})
CODES = frozenset({*DAYS, *NO_MORE_UPDATES, *IRREGULAR, "UNKNOWN"})
"""Every code of the EU's table."""
URI = "http://publications.europa.eu/resource/authority/frequency/"


def count_late_days(frequency: str, changed_on: date, today: date) -> int | None:
    """Days past the day by which the next change was due, 0 where it is not past; None without a rhythm."""
    days = DAYS.get(frequency)
    if days is None:
        return None
    due_on = changed_on + timedelta(days=days)
    return max(0, (today - due_on).days)
