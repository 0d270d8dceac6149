"""From no sequence of publications can anybody tell what became of one request: differences concern none, or five people."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.portal.selfdata.punctuality.cohorts import (
    SMALLEST,
    DecidedRequest,
    count_outcomes,
    form_cohort,
)
from udi.portal.selfdata.requests.outcomes import PunctualityOutcome

OUTCOMES = st.sampled_from(PunctualityOutcome)
ASKERS = st.sampled_from([f"person {n}" for n in range(8)])
DECIDED = st.builds(
    DecidedRequest, id=st.uuids(version=4), asker=ASKERS, outcome=OUTCOMES
)
STEPS = st.lists(st.one_of(DECIDED, st.none()), max_size=60)
"""What happens at a producer: a request is decided, or figures are published."""
Totals = tuple[int, int, int]


def publish(
    steps: Sequence[DecidedRequest | None],
) -> tuple[list[Totals], list[Sequence[DecidedRequest]]]:
    """The figures that everybody reads after each publication, and the groups behind them."""
    waiting: list[DecidedRequest] = []
    totals = [(0, 0, 0)]
    cohorts = []
    for step in steps:
        if step is not None:
            waiting.append(step)
            continue
        cohort = form_cohort(waiting)
        waiting = waiting[len(cohort) :]
        counts = count_outcomes(cohort)
        added = [counts[outcome] for outcome in PunctualityOutcome]
        totals.append(tuple(map(sum, zip(totals[-1], added, strict=True))))  # type: ignore[arg-type]  # a fixture without a type, or values by name
        cohorts.append(cohort)
    return totals, cohorts


@given(STEPS)
@settings(max_examples=examples(300, 5_000))
def test_two_publications_differ_by_none_or_five_people(
    steps: list[DecidedRequest | None],
) -> None:
    totals, cohorts = publish(steps)

    for before, after, cohort in zip(totals, totals[1:], cohorts, strict=False):
        difference = sum(after) - sum(before)
        assert difference == len(cohort)
        assert difference % SMALLEST == 0
    askers = [{request.asker for request in cohort} for cohort in cohorts if cohort]
    assert [people for people in askers if len(people) < SMALLEST] == []


@given(STEPS, st.data())
@settings(max_examples=examples(100, 5_000))
def test_exchanging_two_outcomes_of_a_group_changes_no_figure(
    steps: list[DecidedRequest | None], data: st.DataObject
) -> None:
    """Whoever reads all publications cannot tell this world from that one, whatever they know of the others."""
    totals, cohorts = publish(steps)
    whole = [cohort for cohort in cohorts if cohort]
    cohort = (
        data.draw(st.sampled_from(whole))
        if whole
        else [step for step in steps if step][:1]
    )
    pair = data.draw(
        st.lists(st.sampled_from(list(cohort) or [None]), min_size=2, max_size=2)
    )
    exchanged = exchange(steps, pair[0], pair[1])

    assert publish(exchanged)[0] == totals


def exchange(
    steps: Sequence[DecidedRequest | None],
    one: DecidedRequest | None,
    other: DecidedRequest | None,
) -> list[DecidedRequest | None]:
    """The same steps, where two requests had each other's outcome."""
    if one is None or other is None:
        return list(steps)
    outcomes: dict[UUID, PunctualityOutcome] = {
        one.id: other.outcome,
        other.id: one.outcome,
    }
    return [
        replace(step, outcome=outcomes.get(step.id, step.outcome)) if step else None
        for step in steps
    ]


@given(st.lists(DECIDED, max_size=4))
def test_nothing_is_said_of_fewer_than_five(waiting: list[DecidedRequest]) -> None:
    assert form_cohort(waiting) == ()


def decide(asker: str) -> DecidedRequest:
    return DecidedRequest(uuid4(), asker, PunctualityOutcome.LATE)


def test_five_requests_of_four_people_are_no_group() -> None:
    """One of them would know the outcomes of both of theirs, and of the others no more than before."""
    requests = [decide(asker) for asker in "aabcd"]

    assert form_cohort(requests) == ()


def test_a_group_is_a_multiple_of_five() -> None:
    requests = [decide(str(n)) for n in range(14)]

    assert list(form_cohort(requests)) == requests[:10]


def test_a_group_that_is_not_of_five_people_waits_for_more() -> None:
    requests = [decide(asker) for asker in "aaaaabcde"]

    assert form_cohort(requests) == ()
    assert len(form_cohort([*requests, decide("e")])) == 10
