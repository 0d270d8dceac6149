"""What becomes of a request: a pure function, tried on any day and in any time zone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.kit.errors import ConflictError
from udi.node.subject_requests.plan import (
    RequestFacts,
    list_possible,
    plan_clock,
    plan_move,
    readable_until,
)
from udi.protocol.deadlines import answer_day, period_end, receipt_day
from udi.protocol.subject_requests import (
    ENDED,
    EVENTS,
    STATES,
    SubjectRequestActor,
    SubjectRequestEvent,
)

PARIS = ZoneInfo("Europe/Paris")
ZONES = [PARIS, ZoneInfo("Indian/Reunion"), ZoneInfo("America/Cayenne"), ZoneInfo("Pacific/Auckland")]  # fmt: skip
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 7 * 366 * 24 * 60).map(
    lambda minutes: FIRST + timedelta(minutes=minutes)
)
CLOCK = SubjectRequestActor.CLOCK


def submitted(moment: datetime, zone: ZoneInfo = PARIS) -> RequestFacts:
    received_on = receipt_day(moment, zone)
    return RequestFacts(
        state=STATES.SUBMITTED,
        received_on=received_on,
        due_on=answer_day(received_on, "FR"),
        moved_at=moment,
        country="FR",
        zone=zone,
    )


@given(MOMENTS, st.sampled_from(ZONES))
def test_an_answer_is_late_once_the_last_hour_of_the_day_is_over(
    moment: datetime, zone: ZoneInfo
) -> None:
    facts = submitted(moment, zone)
    end = period_end(facts.due_on, zone)

    assert not facts.is_late(end - timedelta(seconds=1))
    assert facts.is_late(end)
    assert EVENTS.ESCALATE in list_possible(facts, SubjectRequestActor.PERSON, end)
    before = list_possible(
        facts, SubjectRequestActor.PERSON, end - timedelta(seconds=1)
    )
    assert EVENTS.ESCALATE not in before


@given(
    MOMENTS,
    st.sampled_from(ZONES),
    st.lists(
        st.tuples(
            st.sampled_from(list(SubjectRequestEvent)),
            st.integers(min_value=0, max_value=90),
        ),
        max_size=8,
    ),
)
def test_the_clock_alone_ends_whatever_was_done(
    moment: datetime, zone: ZoneInfo, steps: list[tuple[SubjectRequestEvent, int]]
) -> None:
    facts = submitted(moment, zone)
    for event, days in steps:
        moment += timedelta(days=days)
        for actor in SubjectRequestActor:
            if event in list_possible(facts, actor, moment):
                facts = plan_move(facts, event, actor, moment)
                break
    for _ in range(60):
        moment += timedelta(days=30)
        event_of_time = plan_clock(facts, moment)
        if event_of_time is not None:
            facts = plan_move(facts, event_of_time, CLOCK, moment)

    assert facts.state in ENDED
    assert facts.ended_at is not None


def test_an_extension_counts_from_receipt() -> None:
    facts = submitted(datetime(2027, 1, 31, 9, tzinfo=UTC))
    begun = plan_move(facts, EVENTS.ACCEPT, SubjectRequestActor.AGENT, facts.moved_at)

    extended = plan_move(
        begun, EVENTS.EXTEND, SubjectRequestActor.AGENT, facts.moved_at
    )

    assert (facts.due_on, extended.due_on) == (date(2027, 3, 1), date(2027, 4, 30))


def test_a_late_answer_stays_late_for_ever() -> None:
    facts = submitted(datetime(2027, 1, 31, 9, tzinfo=UTC))
    late = datetime(2027, 3, 2, 9, tzinfo=UTC)

    begun = plan_move(facts, EVENTS.ACCEPT, SubjectRequestActor.AGENT, late)
    answered = plan_move(begun, EVENTS.ANSWER, SubjectRequestActor.AGENT, late)

    assert (answered.was_late, answered.is_late(late)) == (True, False)
    assert readable_until(answered) == date(2027, 5, 2)


def test_an_overturned_decision_gives_fifteen_days_and_never_fewer_than_were_left() -> (
    None
):
    moment = datetime(2027, 1, 31, 9, tzinfo=UTC)
    refused = plan_move(
        submitted(moment), EVENTS.REFUSE, SubjectRequestActor.AGENT, moment
    )
    escalated = plan_move(refused, EVENTS.ESCALATE, SubjectRequestActor.PERSON, moment)

    soon = plan_move(escalated, EVENTS.OVERTURN, SubjectRequestActor.OFFICER, moment)
    later = datetime(2027, 3, 20, 9, tzinfo=UTC)
    after = plan_move(escalated, EVENTS.OVERTURN, SubjectRequestActor.OFFICER, later)

    assert (soon.due_on, after.due_on) == (date(2027, 3, 1), date(2027, 4, 5))
    assert after.decided_at is None


def make_contested_facts(moment: datetime) -> RequestFacts:
    """A refusal of the day of receipt, contested at once."""
    agent = SubjectRequestActor.AGENT
    refused = plan_move(submitted(moment), EVENTS.REFUSE, agent, moment)
    return plan_move(refused, EVENTS.ESCALATE, SubjectRequestActor.PERSON, moment)


def test_a_decision_in_time_is_not_late_while_it_is_contested() -> None:
    contested = make_contested_facts(datetime(2027, 1, 31, 9, tzinfo=UTC))
    later = datetime(2027, 3, 20, 9, tzinfo=UTC)
    officer = SubjectRequestActor.OFFICER

    upheld = plan_move(contested, EVENTS.UPHOLD, officer, later)
    overturned = plan_move(contested, EVENTS.OVERTURN, officer, later)
    after_due = datetime(2027, 4, 6, 9, tzinfo=UTC)

    assert (contested.is_late(later), upheld.was_late) == (False, False)
    assert (overturned.was_late, overturned.is_late(later)) == (False, False)
    assert overturned.is_late(after_due)


def test_silence_that_is_contested_is_late() -> None:
    facts = submitted(datetime(2027, 1, 31, 9, tzinfo=UTC))
    late = datetime(2027, 3, 20, 9, tzinfo=UTC)

    escalated = plan_move(facts, EVENTS.ESCALATE, SubjectRequestActor.PERSON, late)

    assert (escalated.is_late(late), escalated.was_late) == (True, True)


@given(MOMENTS, st.integers(0, 300))
def test_an_extension_never_moves_the_day_backwards(
    moment: datetime, days: int
) -> None:
    officer = SubjectRequestActor.OFFICER
    later = moment + timedelta(days=days)
    overturned = plan_move(
        make_contested_facts(moment), EVENTS.OVERTURN, officer, later
    )

    extended = plan_move(overturned, EVENTS.EXTEND, SubjectRequestActor.AGENT, later)

    assert extended.due_on >= overturned.due_on


def test_who_has_no_page_is_not_asked_who_they_are() -> None:
    moment = datetime(2027, 1, 31, 9, tzinfo=UTC)
    facts = replace(submitted(moment), by_letter=True)
    agent = SubjectRequestActor.AGENT

    assert EVENTS.ASK_IDENTITY not in list_possible(facts, agent, moment)
    assert EVENTS.ACCEPT in list_possible(facts, agent, moment)
    with pytest.raises(ConflictError, match="no page"):
        plan_move(facts, EVENTS.ASK_IDENTITY, agent, moment)


def test_a_third_question_about_identity_is_refused() -> None:
    moment = datetime(2027, 1, 31, 9, tzinfo=UTC)
    facts = submitted(moment)
    for _ in range(2):
        facts = plan_move(facts, EVENTS.ASK_IDENTITY, SubjectRequestActor.AGENT, moment)
        facts = plan_move(
            facts, EVENTS.GIVE_IDENTITY, SubjectRequestActor.PERSON, moment
        )

    with pytest.raises(ConflictError):
        plan_move(facts, EVENTS.ASK_IDENTITY, SubjectRequestActor.AGENT, moment)
