"""The tables of docs/reference/dataspace.md are those that run."""

import re
from pathlib import Path

import pytest

from udi.portal.dataspace.transitions import (
    EITHER,
    NEGOTIATION,
    TRANSFER,
    DataspaceSide,
    Moves,
    ProcessKind,
    read_state,
)

PAGE = Path(__file__).parents[3] / "docs/reference/dataspace.md"


@pytest.mark.parametrize(("title", "kind", "moves"), [
    ("Negotiation", ProcessKind.NEGOTIATION, NEGOTIATION), ("Transfer", ProcessKind.TRANSFER, TRANSFER),
])  # fmt: skip
def test_the_documented_table_is_the_one_that_runs(
    title: str, kind: ProcessKind, moves: Moves
) -> None:
    section = PAGE.read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| (\w+) \| `(\w+)` \|", section, re.MULTILINE
    )

    transitions = {
        (state, event): (led, EITHER if by == "either" else (DataspaceSide(by),))
        for state, event, by, led in rows
    }
    assert transitions == {
        (state.value, event.value): (led.value, sides)
        for (state, event), (led, sides) in moves.items()
    }
    assert all(read_state(kind, state) for state, _ in transitions)
