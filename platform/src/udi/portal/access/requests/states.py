"""The states of a request for access and what leads from one to another; docs/reference/access.md shows the same table."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class State(StrEnum):
    """Where a request stands."""

    SUBMITTED = "submitted"
    QUESTIONED = "questioned"
    COUNTERED = "countered"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Event(StrEnum):
    """What is done with it."""

    MESSAGE = "message"
    """Either side writes; nothing else changes."""
    CORRECT = "correct"
    ANSWER = "answer"
    ACCEPT = "accept"
    WITHDRAW = "withdraw"
    QUESTION = "question"
    COUNTER = "counter"
    GRANT = "grant"
    REFUSE = "refuse"
    LAPSE = "lapse"


class Side(StrEnum):
    """Who does it."""

    REQUESTER = "requester"
    PRODUCER = "producer"
    CLOCK = "clock"


OPEN = (State.SUBMITTED, State.QUESTIONED, State.COUNTERED)
WAITING = (State.QUESTIONED, State.COUNTERED)
"""The person has to answer; the clock of the producer stands still."""
ENDED = (State.REFUSED, State.WITHDRAWN, State.LAPSED)
BY_REQUESTER = (Event.MESSAGE, Event.CORRECT, Event.ANSWER, Event.ACCEPT, Event.WITHDRAW)
BY_PRODUCER = (Event.MESSAGE, Event.QUESTION, Event.COUNTER, Event.GRANT, Event.REFUSE)
DECISIONS = (Event.COUNTER, Event.GRANT, Event.REFUSE)
"""What keeps the promise of an answer: a question does not."""
NEXT = {
    **{(state, Event.MESSAGE): state for state in OPEN},
    **{(state, Event.CORRECT): State.SUBMITTED for state in (*OPEN, State.REFUSED, State.LAPSED)},
    **{(state, Event.WITHDRAW): State.WITHDRAWN for state in OPEN},
    **{(state, Event.ANSWER): State.SUBMITTED for state in WAITING},
    **{(state, Event.LAPSE): State.LAPSED for state in WAITING},
    **{(state, Event.QUESTION): State.QUESTIONED for state in (State.SUBMITTED, State.QUESTIONED)},
    **{(state, Event.COUNTER): State.COUNTERED for state in OPEN},
    **{(state, Event.GRANT): State.GRANTED for state in (State.SUBMITTED, State.QUESTIONED)},
    **{(state, Event.REFUSE): State.REFUSED for state in OPEN},
    (State.COUNTERED, Event.ACCEPT): State.GRANTED,
}


def follow(state: str, event: Event) -> State:
    """The state that an event leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state.
    """
    found = NEXT.get((State(state), event))
    if found is None:
        raise ConflictError(
            "This request does not stand there any more: it was answered, taken back, or its time is over.",
            remedy="Look at its page again, which says how it stands.",
        )
    return found
