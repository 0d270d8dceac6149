"""The life of a request about one's own data: every pair, actor and condition, against the table of the reference."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from udi.kit.errors import ConflictError
from udi.protocol.subject_requests import (
    SubjectRequestActor,
    SubjectRequestCondition,
    SubjectRequestEvent,
    SubjectRequestState,
    list_conditions,
    next_subject_request_state,
)

PAGE = Path(__file__).parents[2] / "docs/reference/subject-requests.md"
ROW = re.compile(
    r"^\| `(\w+)` \| `(\w+)` \| (\w+) \| ([\w`, ]*)\| `(\w+)` \|$", re.MULTILINE
)
TABLE = {
    (state, event): (actor, frozenset(re.findall(r"\w+", conditions)), target)
    for state, event, actor, conditions, target in ROW.findall(PAGE.read_text())
}
ENDS = {"closed", "lapsed", "withdrawn"}
PAIRS = list(product(SubjectRequestState, SubjectRequestEvent))
ALL = frozenset(SubjectRequestCondition)


def test_the_reference_has_the_whole_table() -> None:
    assert len(TABLE) == 33
    assert {state for state, _ in TABLE} | ENDS == set(SubjectRequestState)
    assert {event for _, event in TABLE} == set(SubjectRequestEvent)


@pytest.mark.parametrize(("state", "event"), list(TABLE))
def test_a_move_of_the_table(state: str, event: str) -> None:
    actor, conditions, target = TABLE[state, event]
    holding = {SubjectRequestCondition(name) for name in conditions}
    move = (SubjectRequestState(state), SubjectRequestEvent(event))

    assert set(list_conditions(move)) == holding
    assert (
        next_subject_request_state(*move, SubjectRequestActor(actor), holding) == target
    )


@pytest.mark.parametrize(("state", "event"), list(TABLE))
def test_a_move_needs_its_actor_and_its_conditions(state: str, event: str) -> None:
    actor, conditions, _ = TABLE[state, event]
    move = (SubjectRequestState(state), SubjectRequestEvent(event))

    for other in set(SubjectRequestActor) - {SubjectRequestActor(actor)}:
        with pytest.raises(ConflictError):
            next_subject_request_state(*move, other, ALL)
    for missing in conditions:
        with pytest.raises(ConflictError):
            next_subject_request_state(
                *move,
                SubjectRequestActor(actor),
                ALL - {SubjectRequestCondition(missing)},
            )


@pytest.mark.parametrize("state", list(SubjectRequestState))
def test_every_other_event_is_refused(state: SubjectRequestState) -> None:
    others = [event for event in SubjectRequestEvent if (state, event) not in TABLE]

    assert others
    for event, actor in product(others, SubjectRequestActor):
        with pytest.raises(ConflictError):
            next_subject_request_state(state, event, actor, ALL)


def _reach(start: str, actors: set[str]) -> Iterator[str]:
    seen = {start}
    frontier = [start]
    while frontier:
        state = frontier.pop()
        yield state
        for (origin, _), (actor, _conditions, target) in TABLE.items():
            if origin == state and actor in actors and target not in seen:
                seen.add(target)
                frontier.append(target)


def test_every_state_can_be_reached() -> None:
    assert set(_reach("drafted", set(SubjectRequestActor))) == set(SubjectRequestState)


@pytest.mark.parametrize("state", sorted(set(SubjectRequestState) - ENDS))
def test_the_clock_alone_brings_an_end(state: str) -> None:
    assert set(_reach(state, {"clock"})) & ENDS
