"""The life of a request for data; docs/reference/data-requests.md shows the same table."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class State(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    PROMISED = "promised"
    DECLINED = "declined"
    DELIVERED = "delivered"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"


class Event(StrEnum):
    """What is done with it."""

    CORRECT = "correct"
    WITHDRAW = "withdraw"
    PROMISE = "promise"
    DECLINE = "decline"
    DELIVER = "deliver"
    MERGE = "merge"
    REOPEN = "reopen"
    HIDE = "hide"
    SHOW = "show"


BY_AUTHOR = (Event.CORRECT, Event.WITHDRAW)
BY_PRODUCER = (Event.PROMISE, Event.DECLINE, Event.DELIVER)
"""By a producer to whom it was sent, or by the territory's team for one."""
BY_TEAM = (Event.MERGE, Event.REOPEN, Event.HIDE, Event.SHOW)
OPEN = (State.ASKED, State.PROMISED)
"""Nobody has given the data yet, and somebody still may."""
NEXT = {
    (State.ASKED, Event.CORRECT): State.ASKED,
    (State.ASKED, Event.WITHDRAW): State.WITHDRAWN,
    (State.ASKED, Event.PROMISE): State.PROMISED,
    (State.ASKED, Event.DECLINE): State.DECLINED,
    (State.ASKED, Event.DELIVER): State.DELIVERED,
    (State.ASKED, Event.MERGE): State.MERGED,
    (State.ASKED, Event.HIDE): State.HIDDEN,
    (State.PROMISED, Event.PROMISE): State.PROMISED,
    (State.PROMISED, Event.DECLINE): State.DECLINED,
    (State.PROMISED, Event.DELIVER): State.DELIVERED,
    (State.PROMISED, Event.MERGE): State.MERGED,
    (State.PROMISED, Event.HIDE): State.HIDDEN,
    (State.DECLINED, Event.DELIVER): State.DELIVERED,
    (State.DECLINED, Event.REOPEN): State.ASKED,
    (State.DECLINED, Event.MERGE): State.MERGED,
    (State.DECLINED, Event.HIDE): State.HIDDEN,
    (State.DELIVERED, Event.REOPEN): State.ASKED,
    (State.DELIVERED, Event.HIDE): State.HIDDEN,
    (State.HIDDEN, Event.SHOW): State.ASKED,
}


def follow(state: str, event: Event) -> State:
    """The state that an event leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state.
    """
    found = NEXT.get((State(state), event))
    if found is None:
        raise ConflictError(
            "This request does not stand there any more: it was answered, merged or taken back.",
            remedy="Look at its page again, which says how it stands.",
        )
    return found
