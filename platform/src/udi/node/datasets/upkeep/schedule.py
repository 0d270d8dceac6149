"""When a dataset is due, from what its producer declared and when it was last published: calm reminders, then silence.

Days are counted where the territory lives: what is published at 23:30 there belongs to that day.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

DAYS = {"daily": 1, "weekly": 7}
MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
REMINDERS = (0, 7, 30)
"""Days after the due day at which the producer is reminded; nothing after the last."""
SHORT_REMINDERS = {"daily": (2, 7, 30), "weekly": (2, 7, 30)}
"""What is due often is given two days, so that one who keeps the pace is never written to."""
MORNING = time(9)


@dataclass(frozen=True)
class UpdateDeadline:
    """The day by the end of which the next version is expected, and when to remind of it."""

    day: date
    reminders: tuple[datetime, ...]

    def late_days(self, today: date) -> int:
        """Whole days past the due day; 0 when it is not late."""
        return max(0, (today - self.day).days)

    def reminder(self, now: datetime) -> int | None:
        """Which reminder (from 0) should have left by now: one mail, even when several were missed."""
        past = [index for index, moment in enumerate(self.reminders) if moment <= now]
        if past:
            return past[-1]
        return None


def next_due(
    frequency: str, published: Sequence[datetime], zone: tzinfo
) -> UpdateDeadline | None:
    """When the next version is due; None when nothing regular was declared or nothing is published.

    Months keep the day of the first publication where they have it: the 31st of January, the 28th of February, the 31st
    of March. `published` are instants with their zone.
    """
    if not published or frequency not in DAYS | MONTHS:
        return None
    days = sorted(moment.astimezone(zone).date() for moment in published)
    last = days[-1]
    if frequency in DAYS:
        day = last + timedelta(days=DAYS[frequency])
    else:
        day = _months_after(last, MONTHS[frequency], _usual_day(days))
    offsets = SHORT_REMINDERS.get(frequency, REMINDERS)
    return UpdateDeadline(
        day,
        tuple(
            datetime.combine(day + timedelta(days=n), MORNING, zone) for n in offsets
        ),
    )


def _usual_day(days: Sequence[date]) -> int:
    """The day of the month that the producer keeps: a month too short for it does not change it."""
    last = days[-1]
    ends = last.day == calendar.monthrange(last.year, last.month)[1]
    if ends:
        return max((day.day for day in days), default=last.day)
    return last.day


def _months_after(day: date, months: int, usual: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(usual, calendar.monthrange(year, month + 1)[1]))
