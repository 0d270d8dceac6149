"""Whether somebody wants suggestions, and what may be done then; docs/reference/matchmaking.md shows the same table."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class SuggestionState(StrEnum):
    """How it stands; nothing is kept of who has not decided."""

    UNDECIDED = "undecided"
    ON = "on"
    OFF = "off"


class SuggestionEvent(StrEnum):
    """What is done, by who decides; `tell`, by the clock."""

    TURN_ON = "turn_on"
    CHANGE = "change"
    MARK = "mark"
    WRITE = "write"
    TELL = "tell"
    TURN_OFF = "turn_off"


NEXT = {
    (SuggestionState.UNDECIDED, SuggestionEvent.TURN_ON): SuggestionState.ON,
    (SuggestionState.UNDECIDED, SuggestionEvent.TURN_OFF): SuggestionState.OFF,
    (SuggestionState.ON, SuggestionEvent.CHANGE): SuggestionState.ON,
    (SuggestionState.ON, SuggestionEvent.MARK): SuggestionState.ON,
    (SuggestionState.ON, SuggestionEvent.WRITE): SuggestionState.ON,
    (SuggestionState.ON, SuggestionEvent.TELL): SuggestionState.ON,
    (SuggestionState.ON, SuggestionEvent.TURN_OFF): SuggestionState.OFF,
    (SuggestionState.OFF, SuggestionEvent.TURN_OFF): SuggestionState.OFF,
    (SuggestionState.OFF, SuggestionEvent.TURN_ON): SuggestionState.ON,
}


def transition(state: SuggestionState, event: SuggestionEvent) -> SuggestionState:
    """The state that an event leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state.
    """
    next_state = NEXT.get((state, event))
    if next_state is None:
        raise ConflictError(
            "Suggestions are not turned on.",
            remedy="Turn them on first, if you want any.",
        )
    return next_state
