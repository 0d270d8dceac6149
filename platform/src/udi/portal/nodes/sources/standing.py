"""What becomes of each record of a source, and of a reading as a whole: tables of decisions, without a database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from udi.portal.nodes.sources.models import RunOutcome, SourceRhythm

MISSES = 2
"""Complete readings, one after the other, in which a record is not there before it is withdrawn."""
MOST_LOST, LOST_SHARE = 5, 0.2
"""More records than this, and a larger share of those known: a person is asked before they are let go."""
EVERY = {
    SourceRhythm.HOURLY: timedelta(hours=1),
    SourceRhythm.DAILY: timedelta(days=1),
    SourceRhythm.WEEKLY: timedelta(days=7),
    SourceRhythm.MONTHLY: timedelta(days=30),
}
FAILING = 3
"""Readings that failed one after the other, when people are told, once."""
FIRST_RETRY = timedelta(minutes=15)


class Fate(StrEnum):
    """What is done with a record that is there."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    REPEATED = "repeated"
    """It was met in the same reading already, word for word: it counts once."""


class Absence(StrEnum):
    """What is done with a record that is not there."""

    KEPT = "kept"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a reading lets be said of what is not there."""

    NOTHING = "nothing"
    """It was not complete."""
    VANISHED = "vanished"
    MISSING = "missing"
    LOST = "lost"
    """A person said that all that is not there may go."""


class Trouble(StrEnum):
    """What people are told of by mail."""

    VANISHED = "vanished"
    FAILING = "failing"
    REFUSED = "refused"


@dataclass(frozen=True)
class Known:
    """What is known of a record: the digest of our description of it, and whether the catalogue shows it."""

    digest: str
    shown: bool = True
    seen: bool = False
    """In this very reading."""


def fate(known: Known | None, digest: str) -> Fate:
    """Of a record that is there and can be read. What was withdrawn, and is there again, is published again."""
    if known is not None and known.seen:
        return Fate.REPEATED if known.digest == digest else Fate.REFUSED
    if known is None or not known.shown:
        return Fate.CREATED
    return Fate.UNCHANGED if known.digest == digest else Fate.UPDATED


def absence(missing: int) -> Absence:
    """Of a record that was not there so many times."""
    return Absence.WITHDRAWN if missing >= MISSES else Absence.KEPT


def verdict(*, complete: bool, known: int, missing: int, accepts_loss: bool) -> Verdict:
    """Of a reading: `known` records were published before it, `missing` of them are not there."""
    if not complete:
        return Verdict.NOTHING
    if accepts_loss:
        return Verdict.LOST
    if missing > MOST_LOST and missing > LOST_SHARE * known:
        return Verdict.VANISHED
    return Verdict.MISSING


def next_reading(rhythm: SourceRhythm | str, ended: datetime, *, failures: int) -> datetime | None:
    """When to read again; sooner after a failure, each time later, never later than the rhythm says."""
    every = EVERY.get(SourceRhythm(rhythm))
    if every is None:
        return None
    return ended + (min(every, FIRST_RETRY * 2 ** min(failures - 1, 10)) if failures else every)


def trouble(outcome: RunOutcome, *, failures: int, refused: int, refused_before: int | None) -> Trouble | None:
    """What people are told of a reading that ended; of nothing that they know already, or that goes well.

    `refused_before` is the count of the last complete reading before this one; None for the first, which its owner watches.
    """
    if outcome == RunOutcome.VANISHED:
        return Trouble.VANISHED
    if failures == FAILING:
        return Trouble.FAILING
    more = refused_before is not None and refused > refused_before
    return Trouble.REFUSED if outcome == RunOutcome.COMPLETE and more else None
