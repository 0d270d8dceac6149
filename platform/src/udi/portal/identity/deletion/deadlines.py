"""When somebody is warned that nobody uses their account, and when it is deleted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from udi.protocol.deadlines import add_months

FIRST_NOTICE = timedelta(days=60)
"""Before the deletion, at least; the relay took the first mail then."""
SECOND_NOTICE = timedelta(days=14)
FIRST_LASTS = timedelta(days=180)
"""After which the first warning counts no more, whatever kept the account until then: its owner is warned anew."""
SECOND_LASTS = timedelta(days=60)


class UnusedStep(StrEnum):
    """What is due for an account."""

    NONE = "none"
    FIRST_WARNING = "first_warning"
    SECOND_WARNING = "second_warning"
    DELETION = "deletion"


@dataclass(frozen=True)
class UnusedRecord:
    """The last use of an account anywhere, and when the relay took the warnings to its owner."""

    last_used_at: datetime
    warned_at: datetime | None = None
    warned_again_at: datetime | None = None


def find_step(record: UnusedRecord, moment: datetime, months: int) -> UnusedStep:
    """What is due at a moment, where accounts are deleted after so many months; none where that is 0."""
    if not months:
        return UnusedStep.NONE
    due = _due_at(record.last_used_at, months)
    if moment < due - FIRST_NOTICE:
        return UnusedStep.NONE
    first = record.warned_at
    if first is None or not record.last_used_at < first > moment - FIRST_LASTS:
        return UnusedStep.FIRST_WARNING
    second = record.warned_again_at
    if second is None or not first < second > moment - SECOND_LASTS:
        earliest = max(due, first + FIRST_NOTICE) - SECOND_NOTICE
        if moment < earliest:
            return UnusedStep.NONE
        return UnusedStep.SECOND_WARNING
    if moment < max(due, second + SECOND_NOTICE):
        return UnusedStep.NONE
    return UnusedStep.DELETION


def deletion_at(
    record: UnusedRecord, step: UnusedStep, moment: datetime, months: int
) -> datetime:
    """When an account will be deleted whose owner is warned at a moment: what the mail says."""
    if step is UnusedStep.FIRST_WARNING:
        notice = FIRST_NOTICE
    else:
        notice = SECOND_NOTICE
    return max(_due_at(record.last_used_at, months), moment + notice)


def _due_at(last_used_at: datetime, months: int) -> datetime:
    day = add_months(last_used_at.date(), months)
    return datetime.combine(day, last_used_at.timetz())
