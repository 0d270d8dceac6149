"""The states of a call and what may be done in each; docs/reference/calls.md shows the same table.

A call closes by the clock: `closed` is an open call whose hour is past.
"""

from datetime import datetime
from enum import StrEnum

from udi.kit.transitions import Transitions


class CallState(StrEnum):
    """Where a call stands."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    JUDGED = "judged"
    PUBLISHED = "published"


class CallEvent(StrEnum):
    """What is done with it: by its organiser, a candidate, anybody, or a juror."""

    CHANGE = "change"
    OPEN = "open"
    EXTEND = "extend"
    NAME = "name"
    ASK = "ask"
    ANSWER = "answer"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    DECLARE = "declare"
    SCORE = "score"
    JUDGE = "judge"
    DECIDE = "decide"
    PUBLISH = "publish"


CALL = Transitions(
    {
        (CallState.DRAFT, CallEvent.CHANGE): CallState.DRAFT,
        (CallState.DRAFT, CallEvent.NAME): CallState.DRAFT,
        (CallState.DRAFT, CallEvent.OPEN): CallState.OPEN,
        (CallState.OPEN, CallEvent.EXTEND): CallState.OPEN,
        (CallState.OPEN, CallEvent.NAME): CallState.OPEN,
        (CallState.OPEN, CallEvent.ASK): CallState.OPEN,
        (CallState.OPEN, CallEvent.ANSWER): CallState.OPEN,
        (CallState.OPEN, CallEvent.SUBMIT): CallState.OPEN,
        (CallState.OPEN, CallEvent.WITHDRAW): CallState.OPEN,
        (CallState.CLOSED, CallEvent.NAME): CallState.CLOSED,
        (CallState.CLOSED, CallEvent.ANSWER): CallState.CLOSED,
        (CallState.CLOSED, CallEvent.DECLARE): CallState.CLOSED,
        (CallState.CLOSED, CallEvent.SCORE): CallState.CLOSED,
        (CallState.CLOSED, CallEvent.JUDGE): CallState.JUDGED,
        (CallState.JUDGED, CallEvent.DECIDE): CallState.JUDGED,
        (CallState.JUDGED, CallEvent.PUBLISH): CallState.PUBLISHED,
    },
    reason="The state of the call has changed.",
    remedy="See its page for its current stage.",
)


def state_at(state: str, closes_at: datetime, moment: datetime) -> CallState:
    """Where a call stands at a moment."""
    if state == CallState.OPEN and closes_at <= moment:
        return CallState.CLOSED
    return CallState(state)
