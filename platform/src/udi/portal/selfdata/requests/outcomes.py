"""Whether a request was answered in time: known once it is decided, or once its day is over."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

GRACE = timedelta(days=7)
"""How long a node that does not report may be behind, until the portal takes an answer for late itself."""


class PunctualityOutcome(StrEnum):
    """How punctual a producer was."""

    ON_TIME = "on_time"
    EXTENDED = "extended"
    """In time, after it took two months more."""
    LATE = "late"


MOVED = "moved"
"""In the place of an outcome: the node stayed behind when the territory moved, and nobody can say. Nothing counts it."""


class DatedRequest(Protocol):
    """The dates of a request."""

    due_on: date | None
    extended: bool
    was_late: bool
    decided_on: date | None
    ended_on: date | None


def find_outcome(request: DatedRequest, today: date) -> PunctualityOutcome | None:
    """How punctual the producer was; None while nobody can say, and where the person withdrew before."""
    if request.due_on is None:
        return None
    if request.was_late:
        return PunctualityOutcome.LATE
    if request.decided_on is not None:
        if request.decided_on > request.due_on:
            return PunctualityOutcome.LATE
        if request.extended:
            return PunctualityOutcome.EXTENDED
        return PunctualityOutcome.ON_TIME
    if request.ended_on is None and today > request.due_on + GRACE:
        return PunctualityOutcome.LATE
    return None
