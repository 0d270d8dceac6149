"""Whether somebody wants suggestions, and what may be done then; docs/reference/matchmaking.md shows the same table."""

from enum import StrEnum

from udi.kit.transitions import Transitions


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


SUGGESTIONS = Transitions(
    {
        (SuggestionState.UNDECIDED, SuggestionEvent.TURN_ON): SuggestionState.ON,
        (SuggestionState.UNDECIDED, SuggestionEvent.TURN_OFF): SuggestionState.OFF,
        (SuggestionState.ON, SuggestionEvent.CHANGE): SuggestionState.ON,
        (SuggestionState.ON, SuggestionEvent.MARK): SuggestionState.ON,
        (SuggestionState.ON, SuggestionEvent.WRITE): SuggestionState.ON,
        (SuggestionState.ON, SuggestionEvent.TELL): SuggestionState.ON,
        (SuggestionState.ON, SuggestionEvent.TURN_OFF): SuggestionState.OFF,
        (SuggestionState.OFF, SuggestionEvent.TURN_OFF): SuggestionState.OFF,
        (SuggestionState.OFF, SuggestionEvent.TURN_ON): SuggestionState.ON,
    },
    reason="Suggestions are not turned on.",
    remedy="Turn them on first, if you want any.",
)
