"""What becomes of a request when something happens in it: a pure function over the table of `protocol.subject_requests`."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from udi.kit.errors import ConflictError
from udi.node.subject_requests.models import SubjectRequest
from udi.protocol.deadlines import (
    MONTHS_OF_A_YEAR,
    add_months,
    answer_day,
    is_overdue,
    next_working_day,
    receipt_day,
)
from udi.protocol.subject_requests import (
    CONDITIONS,
    DECIDED,
    ENDED,
    EVENTS,
    STATES,
    SubjectRequestActor,
    SubjectRequestCondition,
    SubjectRequestEvent,
    SubjectRequestState,
    next_subject_request_state,
)

MOST_IDENTITY_REQUESTS = 2
IDENTITY_DAYS = 30
DRAFT_DAYS = 7
READABLE_MONTHS = 2
"""For how long an answer can be read, and a refusal escalated."""
OVERTURNED = timedelta(days=15)
"""Within which the producer answers once its officer overturned the decision."""
ASKED_BY_LETTER = (
    "The person of this request has no page on which to answer this question."
)
WRITE_TO_PERSON = "Write to the address that you hold, then note how you know who asks."


@dataclass(frozen=True)
class RequestFacts:
    """What a move depends on, and what it changes."""

    state: SubjectRequestState
    received_on: date
    due_on: date
    moved_at: datetime
    country: str
    zone: ZoneInfo
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    extended: bool = False
    identity_requests: int = 0
    escalated: bool = False
    was_late: bool = False
    by_letter: bool = False
    """Whether its person has no page here."""

    @classmethod
    def of(cls, request: SubjectRequest) -> Self:
        """Those of a row."""
        return cls(
            state=SubjectRequestState(request.state),
            received_on=request.received_on,
            due_on=request.due_on,
            moved_at=request.moved_at,
            country=request.country,
            zone=ZoneInfo(request.time_zone),
            decided_at=request.decided_at,
            ended_at=request.ended_at,
            extended=request.extended,
            identity_requests=request.identity_requests,
            escalated=request.escalated,
            was_late=request.was_late,
            by_letter=request.by_letter,
        )

    @property
    def is_due(self) -> bool:
        """Whether the producer is still to decide; a decision stands until its officer overturns it."""
        is_contested = self.state is STATES.ESCALATED and self.decided_at is not None
        return not is_contested and self.state not in (*DECIDED, *ENDED)

    def is_late(self, moment: datetime) -> bool:
        """Whether an answer is due, and its last day is over; none is due of a decision that is only contested."""
        return self.is_due and is_overdue(self.due_on, self.zone, moment)


def list_conditions_met(
    facts: RequestFacts, moment: datetime
) -> frozenset[SubjectRequestCondition]:
    """The conditions of the table that hold at a moment."""
    overdue = is_overdue(facts.due_on, facts.zone, moment)
    met = {CONDITIONS.OVERDUE if overdue else CONDITIONS.NOT_OVERDUE}
    if facts.identity_requests < MOST_IDENTITY_REQUESTS:
        met.add(CONDITIONS.IDENTITY_REQUEST_LEFT)
    if not facts.extended:
        met.add(CONDITIONS.NEVER_EXTENDED)
    if not facts.escalated:
        met.add(CONDITIONS.NEVER_ESCALATED)
    if overdue and _is_over(facts, facts.moved_at, MONTHS_OF_A_YEAR, moment):
        met.add(CONDITIONS.SILENT_FOR_A_YEAR)
    if _is_time_over(facts, moment):
        met.add(CONDITIONS.TIME_IS_OVER)
    return frozenset(met)


def _is_over(
    facts: RequestFacts, since: datetime, months: int, moment: datetime
) -> bool:
    last = add_months(receipt_day(since, facts.zone), months)
    return is_overdue(last, facts.zone, moment)


def _is_time_over(facts: RequestFacts, moment: datetime) -> bool:
    if facts.state in DECIDED:
        since = facts.decided_at or facts.moved_at
        return _is_over(facts, since, READABLE_MONTHS, moment)
    days = {STATES.DRAFTED: DRAFT_DAYS, STATES.IDENTITY_PENDING: IDENTITY_DAYS}
    if facts.state not in days:
        return False
    return moment >= facts.moved_at + timedelta(days=days[facts.state])


def plan_move(
    facts: RequestFacts,
    event: SubjectRequestEvent,
    actor: SubjectRequestActor,
    moment: datetime,
) -> RequestFacts:
    """What a request is after an event.

    Raises:
        ConflictError: the table does not have this move, not for this actor, or not now; or the person has no page to answer on.
    """
    if event is EVENTS.ASK_IDENTITY and facts.by_letter:
        raise ConflictError(ASKED_BY_LETTER, remedy=WRITE_TO_PERSON)
    met = list_conditions_met(facts, moment)
    state = next_subject_request_state(facts.state, event, actor, met)
    planned = replace(
        facts,
        state=state,
        moved_at=moment,
        was_late=facts.was_late or facts.is_late(moment),
    )
    if event is EVENTS.EXTEND:
        extended_day = answer_day(facts.received_on, facts.country, extended=True)
        due_on = max(facts.due_on, extended_day)
        planned = replace(planned, extended=True, due_on=due_on)
    if event is EVENTS.ASK_IDENTITY:
        planned = replace(planned, identity_requests=facts.identity_requests + 1)
    if event is EVENTS.ESCALATE:
        planned = replace(planned, escalated=True)
    if event is EVENTS.OVERTURN:
        day = receipt_day(moment, facts.zone) + OVERTURNED
        due_on = max(facts.due_on, next_working_day(day, facts.country))
        planned = replace(planned, due_on=due_on, decided_at=None)
    if state in DECIDED:
        planned = replace(planned, decided_at=moment)
    if state in ENDED:
        planned = replace(planned, ended_at=moment)
    return planned


def list_possible(
    facts: RequestFacts, actor: SubjectRequestActor, moment: datetime
) -> frozenset[SubjectRequestEvent]:
    """What this actor may do now, for the buttons of a page."""
    possible = set()
    for event in SubjectRequestEvent:
        if _is_possible(facts, event, actor, moment):
            possible.add(event)
    return frozenset(possible)


def _is_possible(
    facts: RequestFacts,
    event: SubjectRequestEvent,
    actor: SubjectRequestActor,
    moment: datetime,
) -> bool:
    try:
        plan_move(facts, event, actor, moment)
    except ConflictError:
        return False
    return True


def plan_clock(facts: RequestFacts, moment: datetime) -> SubjectRequestEvent | None:
    """What the clock does now, if anything."""
    possible = list_possible(facts, SubjectRequestActor.CLOCK, moment)
    return next(iter(sorted(possible)), None)


def readable_until(facts: RequestFacts) -> date | None:
    """The last day on which the answer can be read; None before there is one."""
    if facts.state not in DECIDED or facts.decided_at is None:
        return None
    return add_months(receipt_day(facts.decided_at, facts.zone), READABLE_MONTHS)


def may_be_forgotten(request: SubjectRequest, moment: datetime) -> bool:
    """Whether the dates of a request that ended were kept for a year."""
    if request.ended_at is None or request.legal_hold:
        return False
    facts = RequestFacts.of(request)
    return _is_over(facts, request.ended_at, MONTHS_OF_A_YEAR, moment)
