"""Tables of transitions as tests write them, by hand: what they expect comes from no module of the program."""


def read_transitions(table: str) -> dict[tuple[str, str], str]:
    """Return the state that each pair of state and event leads to; one transition a line, in three words."""
    lines = [line.split() for line in table.strip().splitlines()]
    transitions = {(state, event): target for state, event, target in lines}
    assert len(transitions) == len(lines) > 1
    return transitions
