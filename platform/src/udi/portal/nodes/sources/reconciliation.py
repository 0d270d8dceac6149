"""What becomes of each record of a source, and of a reading as a whole: tables of decisions, without a database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from udi.portal.nodes.sources.models import RunOutcome, SourceRhythm

MISSES = 2
"""Complete readings, one after the other, in which a record is not there before it is withdrawn."""
MOST_LOST = 5
LOST_SHARE = 0.2
"""More records than this, and a larger share of those known: a person is asked before they are let go."""
RENAMED_SHARE = 0.8
"""Such a share of the records under other identifiers: the catalogue was renumbered, or moved."""
EVERY = {
    SourceRhythm.HOURLY: timedelta(hours=1),
    SourceRhythm.DAILY: timedelta(days=1),
    SourceRhythm.WEEKLY: timedelta(days=7),
    SourceRhythm.MONTHLY: timedelta(days=30),
}
FAILING = 3
"""Readings that failed one after the other, after which people are notified, once."""
FIRST_RETRY = timedelta(minutes=15)


class RecordAction(StrEnum):
    """What is done with a record that is there."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    REPEATED = "repeated"
    """It was met in the same reading already, word for word: it counts once."""
    ELSEWHERE = "elsewhere"
    """It describes a dataset that is read in another source, or pushed: its page says that it is also here."""


class RunAssessment(StrEnum):
    """What a reading lets be said of what is not there."""

    NOTHING = "nothing"
    """It was not complete."""
    VANISHED = "vanished"
    MISSING = "missing"
    LOST = "lost"
    """A person said that all that is not there may go."""


class Alert(StrEnum):
    """What people are notified of by mail."""

    VANISHED = "vanished"
    FAILING = "failing"
    REFUSED = "refused"


@dataclass(frozen=True)
class KnownRecord:
    """What is known of a record: the digest of our description of it, and whether the catalogue shows it."""

    digest: str
    is_published: bool = True
    is_in_current_run: bool = False
    """In this very reading."""


def choose_record_action(existing: KnownRecord | None, digest: str) -> RecordAction:
    """Of a record that is there and can be read. What was withdrawn, and is there again, is published again."""
    if existing is not None and existing.is_in_current_run:
        if existing.digest == digest:
            return RecordAction.REPEATED
        return RecordAction.REFUSED
    if existing is None or not existing.is_published:
        return RecordAction.CREATED
    if existing.digest == digest:
        return RecordAction.UNCHANGED
    return RecordAction.UPDATED


def assess_run(
    *,
    complete: bool,
    published_count: int,
    missing: int,
    accepts_loss: bool,
    renamed: int = 0,
) -> RunAssessment:
    """Of a reading: `known` records were published before it, `missing` of them are not there.

    `renamed` are those of them that seem to be there under other identifiers: where nearly all are, a person is asked.
    """
    if not complete:
        return RunAssessment.NOTHING
    if accepts_loss:
        return RunAssessment.LOST
    if min(renamed, missing) >= RENAMED_SHARE * max(published_count, 1):
        return RunAssessment.VANISHED
    if exceeds_loss_limit(missing, published_count):
        return RunAssessment.VANISHED
    return RunAssessment.MISSING


def exceeds_loss_limit(leaving: int, published_count: int) -> bool:
    """Whether so many of the published records may not leave before a person is asked."""
    return leaving > MOST_LOST and leaving > LOST_SHARE * published_count


def next_reading(
    rhythm: SourceRhythm | str, ended: datetime, *, failures: int
) -> datetime | None:
    """When to read again; sooner after a failure, each time later, never later than the rhythm says."""
    every = EVERY.get(SourceRhythm(rhythm))
    if every is None:
        return None
    return ended + (
        min(every, FIRST_RETRY * 2 ** min(failures - 1, 10)) if failures else every
    )


def find_alert(
    outcome: RunOutcome, *, failures: int, refused: int, refused_before: int | None
) -> Alert | None:
    """What people are told of a reading that ended; of nothing that they know already, or that goes well.

    `refused_before` is the count of the last complete reading before this one; None for the first, which its owner watches.
    """
    if outcome == RunOutcome.VANISHED:
        return Alert.VANISHED
    if failures == FAILING:
        return Alert.FAILING
    more = refused_before is not None and refused > refused_before
    if outcome == RunOutcome.COMPLETE and more:
        return Alert.REFUSED
    return None
