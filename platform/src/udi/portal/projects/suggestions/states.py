"""Whether somebody wants suggestions, and what may be done then; docs/reference/matchmaking.md shows the same table."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class State(StrEnum):
    """How it stands; nothing is kept of who has not decided."""

    UNDECIDED = "undecided"
    ON = "on"
    OFF = "off"


class Event(StrEnum):
    """What is done, by who decides; `tell`, by the clock."""

    TURN_ON = "turn_on"
    CHANGE = "change"
    MARK = "mark"
    WRITE = "write"
    TELL = "tell"
    TURN_OFF = "turn_off"


NEXT = {
    (State.UNDECIDED, Event.TURN_ON): State.ON,
    (State.UNDECIDED, Event.TURN_OFF): State.OFF,
    (State.ON, Event.CHANGE): State.ON,
    (State.ON, Event.MARK): State.ON,
    (State.ON, Event.WRITE): State.ON,
    (State.ON, Event.TELL): State.ON,
    (State.ON, Event.TURN_OFF): State.OFF,
    (State.OFF, Event.TURN_OFF): State.OFF,
    (State.OFF, Event.TURN_ON): State.ON,
}


def follow(state: State, event: Event) -> State:
    """The state that an event leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state.
    """
    found = NEXT.get((state, event))
    if found is None:
        raise ConflictError("Suggestions are not turned on.", remedy="Turn them on first, if you want any.")
    return found
