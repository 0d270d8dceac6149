"""Tables of transitions as tests write them, by hand: what they expect comes from no module of the program."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import pytest


def read_transitions(table: str) -> dict[tuple[str, str], str]:
    """Return the state that each pair of state and event leads to; one transition a line, in three words."""
    lines = [line.split() for line in table.strip().splitlines()]
    transitions = {(state, event): target for state, event, target in lines}
    assert len(transitions) == len(lines) > 1
    return transitions


def list_trials(
    pairs: Iterable[tuple[Any, Any]], transitions: Collection[tuple[Any, Any]]
) -> list[Any]:
    """Return what is tried of pairs of state and event, as parameters `state` and `events`.

    What is refused in a state leaves everything as it was, so all of it is tried in one place, one event after the other,
    and a transition after it where the state has one; each transition has a place of its own. In each run all that is
    refused is tried in each state, and each event where it is allowed once; every transition is tried under `--all`.
    """
    refused = defaultdict(list)
    allowed = []
    for state, event in pairs:
        if (state, event) in transitions:
            allowed.append((state, event))
        else:
            refused[state].append(event)
    usual = choose_usual(allowed)
    trials = [
        pytest.param(
            state,
            [*(refused.pop(state, ()) if (state, event) in usual else ()), event],
            id=f"{state}-{event}",
            marks=() if (state, event) in usual else pytest.mark.thorough,
        )
        for state, event in allowed
    ]
    return trials + [
        pytest.param(state, events, id=f"{state}-refused")
        for state, events in refused.items()
    ]


def choose_usual(allowed: Collection[tuple[Any, Any]]) -> set[tuple[Any, Any]]:
    """Return transitions in which each state that has one is met, and each event."""
    usual = set[tuple[Any, Any]]()
    for state in dict.fromkeys(state for state, _ in allowed):
        events = [event for start, event in allowed if start == state]
        met = {event for _, event in usual}
        usual.add((state, next((e for e in events if e not in met), events[0])))
    for state, event in allowed:
        if event not in {met for _, met in usual}:
            usual.add((state, event))
    return usual
