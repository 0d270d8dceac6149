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
    and a transition after it where the state has one; each transition has a place of its own.
    """
    refused = defaultdict(list)
    allowed = []
    for state, event in pairs:
        if (state, event) in transitions:
            allowed.append((state, event))
        else:
            refused[state].append(event)
    trials = [
        pytest.param(state, [*refused.pop(state, ()), event], id=f"{state}-{event}")
        for state, event in allowed
    ]
    return trials + [
        pytest.param(state, events, id=f"{state}-refused")
        for state, events in refused.items()
    ]
