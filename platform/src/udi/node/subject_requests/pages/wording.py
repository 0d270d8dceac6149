"""Words of the pages for states, rights and closed lists, in English: messages of the catalogues."""

from collections.abc import Mapping
from typing import Any

from udi.node.subject_requests.actions import FROM_PRODUCER
from udi.node.subject_requests.grounds import (
    ASKABLE,
    GROUND_NAMES,
    METHOD_NAMES,
    OUTCOME_NAMES,
    REASON_NAMES,
    RIGHT_NAMES,
)
from udi.node.subject_requests.models import EntryKind
from udi.protocol.subject_requests import (
    EVENTS,
    STATES,
    SubjectRequestState,
    SubjectRight,
)

STATE_NAMES: Mapping[SubjectRequestState, tuple[str, str]] = {
    STATES.DRAFTED: ("Being written", "mute"),
    STATES.SUBMITTED: ("Request sent", ""),
    STATES.IDENTITY_PENDING: ("Waits for a proof of who you are", "warn"),
    STATES.PROCESSING: ("Being handled", ""),
    STATES.EXTENDED: ("Being handled, two months more", ""),
    STATES.ANSWERED: ("Answered", "ok"),
    STATES.REFUSED: ("Refused", "bad"),
    STATES.ESCALATED: ("With the data protection officer", "warn"),
    STATES.CLOSED: ("Closed, and destroyed", "mute"),
    STATES.LAPSED: ("Ended without a proof of identity", "mute"),
    STATES.WITHDRAWN: ("Withdrawn", "mute"),
}
"""What each is called, and its tone."""
ENTRY_NAMES: Mapping[str, str] = {
    EVENTS.SUBMIT: "Request received",
    EVENTS.ACCEPT: "Request accepted: the search begins",
    EVENTS.ASK_IDENTITY: "A proof of identity is asked for",
    EVENTS.GIVE_IDENTITY: "Proof of identity given",
    EVENTS.EXTEND: "Two months more",
    EVENTS.ANSWER: "Answer",
    EVENTS.REFUSE: "Refusal",
    EVENTS.ESCALATE: "Sent to the data protection officer",
    EVENTS.UPHOLD: "The officer keeps the decision",
    EVENTS.OVERTURN: "The officer asks for another answer",
    EVENTS.WITHDRAW: "Request withdrawn",
    EVENTS.LAPSE: "Request ended",
    EVENTS.CLOSE: "Request closed",
    EntryKind.MESSAGE: "Message",
    EntryKind.IDENTITY_NOTE: "Who the person is was checked",
    EntryKind.HOLD: "Keeping for a complaint changed",
}
CONCERNS: Mapping[SubjectRight, tuple[str, str]] = {
    SubjectRight.ACCESS: (
        "Which services, or which data?",
        "Leave it empty for everything. For example: the bills of the canteen of 2024.",
    ),
    SubjectRight.RECTIFICATION: (
        "What is wrong, and what is right?",
        "For example: my street is rue des Mouettes, not rue des Goélands.",
    ),
    SubjectRight.ERASURE: (
        "Which data should be erased?",
        "For example: my account at the library.",
    ),
    SubjectRight.RESTRICTION: (
        "Which data should not be used for now, and why?",
        "For example: my address, while you check it.",
    ),
    SubjectRight.OBJECTION: (
        "Which use do you object to, and what is your situation?",
        "For example: I no longer want letters about the theatre.",
    ),
    SubjectRight.PORTABILITY: (
        "Which data do you want to take along?",
        "Leave it empty for everything that you gave.",
    ),
}
"""The first question by right, and its hint."""


def page_words() -> dict[str, Any]:
    """What the templates name states, rights and lists with."""
    return {
        "state_names": STATE_NAMES,
        "entry_names": ENTRY_NAMES,
        "right_names": RIGHT_NAMES,
        "ground_names": GROUND_NAMES,
        "method_names": METHOD_NAMES,
        "outcome_names": OUTCOME_NAMES,
        "reason_names": REASON_NAMES,
        "askable": ASKABLE,
        "concerns": CONCERNS,
        "from_producer": FROM_PRODUCER,
    }
