"""The life of a request about one's own data (GDPR art. 15 to 21); docs/reference/subject-requests.md shows the same table.

A pure function that portal and node share. What only a clock or a count can say (is it overdue, was it extended before)
comes in as conditions, so that whoever calls it cannot forget one.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from udi.kit.errors import ConflictError
from udi.kit.transitions import Transitions


class SubjectRight(StrEnum):
    """What somebody may ask of who holds data about them."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    PORTABILITY = "portability"


class SubjectRequestState(StrEnum):
    """Where a request about one's own data stands."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    IDENTITY_PENDING = "identity_pending"
    PROCESSING = "processing"
    EXTENDED = "extended"
    ANSWERED = "answered"
    REFUSED = "refused"
    ESCALATED = "escalated"
    CLOSED = "closed"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class SubjectRequestEvent(StrEnum):
    """What is done with it."""

    SUBMIT = "submit"
    ACCEPT = "accept"
    ASK_IDENTITY = "ask_identity"
    GIVE_IDENTITY = "give_identity"
    EXTEND = "extend"
    ANSWER = "answer"
    REFUSE = "refuse"
    ESCALATE = "escalate"
    UPHOLD = "uphold"
    OVERTURN = "overturn"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    CLOSE = "close"


class SubjectRequestActor(StrEnum):
    """Who does it: the person, an agent of the producer, its data protection officer, or time."""

    PERSON = "person"
    AGENT = "agent"
    OFFICER = "officer"
    CLOCK = "clock"


class SubjectRequestCondition(StrEnum):
    """What must hold besides for some events."""

    OVERDUE = "overdue"
    """The last hour of the day by which an answer is due is over."""
    NOT_OVERDUE = "not_overdue"
    IDENTITY_REQUEST_LEFT = "identity_request_left"
    """So that it is asked twice at most."""
    NEVER_EXTENDED = "never_extended"
    NEVER_ESCALATED = "never_escalated"
    SILENT_FOR_A_YEAR = "silent_for_a_year"
    """Overdue, and nothing happened for twelve months."""
    TIME_IS_OVER = "time_is_over"
    """A draft, a question about identity or an answer has stood for as long as it may."""


STATES = SubjectRequestState
EVENTS = SubjectRequestEvent
CONDITIONS = SubjectRequestCondition
Move = tuple[SubjectRequestState, SubjectRequestEvent]
UNANSWERED = (STATES.SUBMITTED, STATES.PROCESSING, STATES.EXTENDED)
DECIDED = (STATES.ANSWERED, STATES.REFUSED)
ENDED = (STATES.CLOSED, STATES.LAPSED, STATES.WITHDRAWN)
WITHDRAWABLE = (
    STATES.DRAFTED,
    STATES.IDENTITY_PENDING,
    STATES.ESCALATED,
    *UNANSWERED,
)

STATE_CHANGED = (
    "The state of this request has changed, or it is not the time for this step."
)
NOT_NOW = "It is not the time for this step: the day by which an answer is due, or an earlier step, does not allow it."
SEE_REQUEST = "Open the page of the request: it says what may be done now."
SUBJECT_REQUEST = Transitions[SubjectRequestState, SubjectRequestEvent](
    {
        (STATES.DRAFTED, EVENTS.SUBMIT): STATES.SUBMITTED,
        (STATES.DRAFTED, EVENTS.LAPSE): STATES.LAPSED,
        (STATES.SUBMITTED, EVENTS.ACCEPT): STATES.PROCESSING,
        (STATES.SUBMITTED, EVENTS.ASK_IDENTITY): STATES.IDENTITY_PENDING,
        (STATES.PROCESSING, EVENTS.ASK_IDENTITY): STATES.IDENTITY_PENDING,
        (STATES.IDENTITY_PENDING, EVENTS.GIVE_IDENTITY): STATES.SUBMITTED,
        (STATES.IDENTITY_PENDING, EVENTS.ESCALATE): STATES.ESCALATED,
        (STATES.IDENTITY_PENDING, EVENTS.LAPSE): STATES.LAPSED,
        (STATES.PROCESSING, EVENTS.EXTEND): STATES.EXTENDED,
        (STATES.PROCESSING, EVENTS.ANSWER): STATES.ANSWERED,
        (STATES.EXTENDED, EVENTS.ANSWER): STATES.ANSWERED,
        (STATES.ESCALATED, EVENTS.UPHOLD): STATES.REFUSED,
        (STATES.ESCALATED, EVENTS.OVERTURN): STATES.PROCESSING,
        (STATES.ESCALATED, EVENTS.CLOSE): STATES.CLOSED,
        **{(state, EVENTS.REFUSE): STATES.REFUSED for state in UNANSWERED},
        **{
            (state, EVENTS.ESCALATE): STATES.ESCALATED
            for state in (*UNANSWERED, *DECIDED)
        },
        **{(state, EVENTS.WITHDRAW): STATES.WITHDRAWN for state in WITHDRAWABLE},
        **{(state, EVENTS.CLOSE): STATES.CLOSED for state in (*UNANSWERED, *DECIDED)},
    },
    reason=STATE_CHANGED,
    remedy=SEE_REQUEST,
    actors={
        SubjectRequestActor.PERSON: (
            EVENTS.SUBMIT,
            EVENTS.GIVE_IDENTITY,
            EVENTS.ESCALATE,
            EVENTS.WITHDRAW,
        ),
        SubjectRequestActor.AGENT: (
            EVENTS.ACCEPT,
            EVENTS.ASK_IDENTITY,
            EVENTS.EXTEND,
            EVENTS.ANSWER,
            EVENTS.REFUSE,
        ),
        SubjectRequestActor.OFFICER: (EVENTS.UPHOLD, EVENTS.OVERTURN),
        SubjectRequestActor.CLOCK: (EVENTS.LAPSE, EVENTS.CLOSE),
    },
)
REQUIRED_CONDITIONS: Mapping[Move, SubjectRequestCondition] = {
    (STATES.DRAFTED, EVENTS.LAPSE): CONDITIONS.TIME_IS_OVER,
    (STATES.IDENTITY_PENDING, EVENTS.LAPSE): CONDITIONS.TIME_IS_OVER,
    (STATES.PROCESSING, EVENTS.ASK_IDENTITY): CONDITIONS.IDENTITY_REQUEST_LEFT,
    (STATES.SUBMITTED, EVENTS.ASK_IDENTITY): CONDITIONS.IDENTITY_REQUEST_LEFT,
    (STATES.IDENTITY_PENDING, EVENTS.ESCALATE): CONDITIONS.OVERDUE,
    **{(state, EVENTS.ESCALATE): CONDITIONS.OVERDUE for state in UNANSWERED},
    **{(state, EVENTS.ESCALATE): CONDITIONS.NEVER_ESCALATED for state in DECIDED},
    **{(state, EVENTS.CLOSE): CONDITIONS.TIME_IS_OVER for state in DECIDED},
    **{
        (state, EVENTS.CLOSE): CONDITIONS.SILENT_FOR_A_YEAR
        for state in (*UNANSWERED, STATES.ESCALATED)
    },
}
"""The condition of a move that has one; an extension has two, in `EXTENSION`."""
EXTENSION = (CONDITIONS.NEVER_EXTENDED, CONDITIONS.NOT_OVERDUE)


def list_conditions(move: Move) -> tuple[SubjectRequestCondition, ...]:
    """What must hold for a move of the table."""
    if move[1] is EVENTS.EXTEND:
        return EXTENSION
    condition = REQUIRED_CONDITIONS.get(move)
    return () if condition is None else (condition,)


def next_subject_request_state(
    state: str,
    event: SubjectRequestEvent,
    actor: SubjectRequestActor,
    conditions: Collection[SubjectRequestCondition],
) -> SubjectRequestState:
    """Return the state that an event leads to, where these conditions hold.

    Raises:
        ConflictError: it is not possible in this state, not for this actor, or a condition does not hold.
    """
    target = SUBJECT_REQUEST.next_state(state, event, actor)
    required = list_conditions((SubjectRequestState(state), event))
    if not set(required) <= set(conditions):
        raise ConflictError(
            NOT_NOW,
            remedy=SEE_REQUEST,
        )
    return target
