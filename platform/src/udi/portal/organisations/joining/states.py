"""The states of an application and what leads from one to another; docs/reference/joining.md shows the same table."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class State(StrEnum):
    """Where an application stands."""

    ASKED = "asked"
    MORE_WANTED = "more_wanted"
    REFUSED = "refused"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What is done with it: by the person who asked (correct, withdraw), or by the territory's team."""

    CORRECT = "correct"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REFUSE = "refuse"
    ASK_MORE = "ask_more"


OPEN = (State.ASKED, State.MORE_WANTED)
"""The team has still to decide."""
BY_TEAM = (Event.APPROVE, Event.REFUSE, Event.ASK_MORE)
NEXT = {
    **{
        (state, event): to
        for state in OPEN
        for event, to in {
            Event.CORRECT: State.ASKED,
            Event.WITHDRAW: State.WITHDRAWN,
            Event.APPROVE: State.APPROVED,
            Event.REFUSE: State.REFUSED,
            Event.ASK_MORE: State.MORE_WANTED,
        }.items()
    },
    (State.REFUSED, Event.CORRECT): State.ASKED,
}


def follow(state: str, event: Event) -> State:
    """The state that an event leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state.
    """
    found = NEXT.get((State(state), event))
    if found is None:
        raise ConflictError(
            "This request does not stand there any more: it was decided, or taken back.",
            remedy="Look at its page again, which says how it stands.",
        )
    return found
