"""How an address stands: the table of decisions, walked state by state and answer by answer."""

from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from hypothesis import strategies

from udi.portal.catalogue.links.health import (
    REACHABLE_STATES,
    SELDOM,
    USUAL,
    LinkHealth,
    assess_health,
)
from udi.portal.catalogue.models import LinkState

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
EARLIER = NOON - timedelta(days=3)
R = LinkState.REACHABLE
M = LinkState.MOVED
F = LinkState.REFUSED
G = LinkState.GONE
U = LinkState.UNREACHABLE
N = LinkState.UNCHECKED  # fmt: skip
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)


def standing(state: LinkState, failures: int = 0) -> LinkHealth:
    since = None if state == N else EARLIER
    return LinkHealth(
        state,
        since,
        failures,
        EARLIER if failures else None,
        None if state == N else EARLIER,
    )


@pytest.mark.parametrize(
    ("before", "failures", "seen", "after", "delay"),
    [
        # What is found is so at once, whatever was before, and looked at again a day later.
        *(
            (state, failures, R, R, USUAL)
            for state in LinkState
            for failures in (0, 1, 2, 9)
        ),
        *((state, failures, M, M, USUAL) for state in LinkState for failures in (0, 2)),
        # One failure alone changes no state: it is looked at again soon.
        *(
            (state, 0, seen, state, QUARTER)
            for state in (R, M, N)
            for seen in (F, G, U)
        ),
        # A second one in a row does.
        *((state, 1, seen, seen, HOUR) for state in (R, M, N) for seen in (G, U)),
        (R, 1, F, F, USUAL),
        (N, 1, F, F, USUAL),
        # What fails goes on to be what it last was.
        (U, 2, G, G, timedelta(hours=6)),
        (G, 2, U, U, timedelta(hours=6)),
        (F, 5, U, U, timedelta(days=1)),
        (U, 50, U, U, timedelta(days=7)),
        # A machine that only asks to come back later says nothing of its files.
        *(
            (state, failures, None, state, QUARTER)
            for state in LinkState
            for failures in (0, 1, 2)
        ),
        # What may not be reached from here is not known.
        *(
            (state, failures, N, N, SELDOM)
            for state in LinkState
            for failures in (0, 2)
        ),
    ],
)
def test_each_answer_in_each_state(
    before: LinkState,
    failures: int,
    seen: LinkState | None,
    after: LinkState,
    delay: timedelta,
) -> None:
    health, wait = assess_health(standing(before, failures), seen, NOON)

    assert (health.state, wait) == (after, delay)


def test_an_address_that_falls_silent_and_comes_back() -> None:
    link = LinkHealth()
    moment = NOON
    history = []
    for state in (R, U, U, U, R, R):
        link, delay = assess_health(link, state, moment)
        history.append((link.state, link.since, link.last_reachable))
        moment += delay

    first_failure = NOON + USUAL
    back = NOON + USUAL + QUARTER + HOUR + timedelta(hours=6)
    assert history == [
        (R, NOON, NOON),
        (R, NOON, NOON),
        (U, first_failure, NOON),
        (U, first_failure, NOON),
        (R, back, back),
        (R, back, back + USUAL),
    ]


def test_one_that_flaps_is_never_said_to_be_silent() -> None:
    link = LinkHealth()
    states = set()
    for number in range(20):
        link, _ = assess_health(link, R if number % 2 == 0 else U, NOON + number * HOUR)
        states.add(link.state)

    assert states == {R}
    assert link.since == NOON


def test_looks_at_what_fails_grow_rare() -> None:
    link = LinkHealth()
    delays = []
    for number in range(12):
        link, delay = assess_health(link, U, NOON + timedelta(days=number))
        delays.append(delay)

    assert delays == sorted(delays)
    assert delays[:4] == [QUARTER, HOUR, timedelta(hours=6), timedelta(days=1)]
    assert delays[-1] == timedelta(days=7)


@pytest.mark.parametrize(
    ("wait", "delay"),
    [
        (timedelta(0), QUARTER),
        (HOUR, HOUR),
        (timedelta(seconds=5), QUARTER),
        (timedelta(days=400), SELDOM),
    ],
)
def test_a_machine_is_left_alone_as_long_as_it_asks_but_not_for_ever(
    wait: timedelta, delay: timedelta
) -> None:
    assert assess_health(standing(R), None, NOON, wait)[1] == delay
    assert assess_health(standing(R), U, NOON, wait)[1] == delay


@hypothesis.given(
    strategies.lists(strategies.sampled_from([R, M, F, G, U, N, None]), max_size=40)
)
def test_whatever_comes_nobody_is_told_of_a_single_failure(
    answers: list[LinkState | None],
) -> None:
    link = LinkHealth()
    failures = 0
    for number, state in enumerate(answers):
        moment = NOON + number * HOUR
        before = link
        link, delay = assess_health(link, state, moment)
        if state is not None:
            failures = 0 if state in REACHABLE_STATES or state == N else failures + 1
        assert QUARTER <= delay <= SELDOM
        assert link.failures == failures
        assert not (failures == 1 and link.state != before.state)
        assert (link.failing_since is None) == (failures == 0)
        assert not (link.state != N and link.since is None)
        assert not (link.state in REACHABLE_STATES and link.last_reachable is None)
