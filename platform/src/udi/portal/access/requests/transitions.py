"""The states of a request for access and what leads from one to another; docs/reference/access.md shows the same table."""

from enum import StrEnum

from udi.kit.transitions import Transitions
from udi.portal.access.models import AccessRequestState, AccessSide


class AccessRequestEvent(StrEnum):
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


OPEN = (
    AccessRequestState.SUBMITTED,
    AccessRequestState.QUESTIONED,
    AccessRequestState.COUNTERED,
)
WAITING = (AccessRequestState.QUESTIONED, AccessRequestState.COUNTERED)
"""The person has to answer; the clock of the producer stands still."""
ENDED = (
    AccessRequestState.REFUSED,
    AccessRequestState.WITHDRAWN,
    AccessRequestState.LAPSED,
)
DECISIONS = (
    AccessRequestEvent.COUNTER,
    AccessRequestEvent.GRANT,
    AccessRequestEvent.REFUSE,
)
"""What keeps the promise of an answer: a question does not."""
ACCESS_REQUEST = Transitions(
    {
        **{(state, AccessRequestEvent.MESSAGE): state for state in OPEN},
        **{
            (state, AccessRequestEvent.CORRECT): AccessRequestState.SUBMITTED
            for state in (*OPEN, AccessRequestState.REFUSED, AccessRequestState.LAPSED)
        },
        **{
            (state, AccessRequestEvent.WITHDRAW): AccessRequestState.WITHDRAWN
            for state in OPEN
        },
        **{
            (state, AccessRequestEvent.ANSWER): AccessRequestState.SUBMITTED
            for state in WAITING
        },
        **{
            (state, AccessRequestEvent.LAPSE): AccessRequestState.LAPSED
            for state in WAITING
        },
        **{
            (state, AccessRequestEvent.QUESTION): AccessRequestState.QUESTIONED
            for state in (AccessRequestState.SUBMITTED, AccessRequestState.QUESTIONED)
        },
        **{
            (state, AccessRequestEvent.COUNTER): AccessRequestState.COUNTERED
            for state in OPEN
        },
        **{
            (state, AccessRequestEvent.GRANT): AccessRequestState.GRANTED
            for state in (AccessRequestState.SUBMITTED, AccessRequestState.QUESTIONED)
        },
        **{
            (state, AccessRequestEvent.REFUSE): AccessRequestState.REFUSED
            for state in OPEN
        },
        (
            AccessRequestState.COUNTERED,
            AccessRequestEvent.ACCEPT,
        ): AccessRequestState.GRANTED,
    },
    reason="The state of this request has changed: it was answered or withdrawn, or has expired.",
    remedy="See its page for its current state.",
    actors={
        AccessSide.REQUESTER: (
            AccessRequestEvent.MESSAGE,
            AccessRequestEvent.CORRECT,
            AccessRequestEvent.ANSWER,
            AccessRequestEvent.ACCEPT,
            AccessRequestEvent.WITHDRAW,
        ),
        AccessSide.PRODUCER: (
            AccessRequestEvent.MESSAGE,
            AccessRequestEvent.QUESTION,
            AccessRequestEvent.COUNTER,
            AccessRequestEvent.GRANT,
            AccessRequestEvent.REFUSE,
        ),
        AccessSide.CLOCK: (AccessRequestEvent.LAPSE,),
    },
)
