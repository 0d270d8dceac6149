"""The states of a call and what may be done in each; docs/reference/calls.md shows the same table.

A call closes by the clock: `closed` is an open call whose hour is past.
"""

from datetime import datetime
from enum import StrEnum

from udi.kit.errors import ConflictError


class State(StrEnum):
    """Where a call stands."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    JUDGED = "judged"
    PUBLISHED = "published"


class Event(StrEnum):
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


NEXT = {
    (State.DRAFT, Event.CHANGE): State.DRAFT,
    (State.DRAFT, Event.NAME): State.DRAFT,
    (State.DRAFT, Event.OPEN): State.OPEN,
    (State.OPEN, Event.EXTEND): State.OPEN,
    (State.OPEN, Event.NAME): State.OPEN,
    (State.OPEN, Event.ASK): State.OPEN,
    (State.OPEN, Event.ANSWER): State.OPEN,
    (State.OPEN, Event.SUBMIT): State.OPEN,
    (State.OPEN, Event.WITHDRAW): State.OPEN,
    (State.CLOSED, Event.NAME): State.CLOSED,
    (State.CLOSED, Event.ANSWER): State.CLOSED,
    (State.CLOSED, Event.DECLARE): State.CLOSED,
    (State.CLOSED, Event.SCORE): State.CLOSED,
    (State.CLOSED, Event.JUDGE): State.JUDGED,
    (State.JUDGED, Event.DECIDE): State.JUDGED,
    (State.JUDGED, Event.PUBLISH): State.PUBLISHED,
}


def stand(state: str, closes_at: datetime, moment: datetime) -> State:
    """Where a call stands at a moment."""
    return State.CLOSED if state == State.OPEN and closes_at <= moment else State(state)


def follow(state: State, event: Event) -> State:
    """The state that an event leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state.
    """
    found = NEXT.get((state, event))
    if found is None:
        raise ConflictError(
            "The call does not stand there now.", remedy="Look at its page again, which says where it stands."
        )
    return found
