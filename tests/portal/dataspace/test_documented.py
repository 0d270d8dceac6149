"""The tables of docs/reference/dataspace.md are those that run."""

import re
from pathlib import Path

import pytest

from udi.portal.dataspace.transitions import (
    ProcessKind,
    transitions_of,
)

PAGE = Path(__file__).parents[3] / "docs/reference/dataspace.md"


@pytest.mark.parametrize(
    ("title", "kind"),
    [("Negotiation", ProcessKind.NEGOTIATION), ("Transfer", ProcessKind.TRANSFER)],
)
def test_the_documented_table_is_the_one_that_runs(
    title: str, kind: ProcessKind
) -> None:
    section = PAGE.read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| (\w+) \| `(\w+)` \|", section, re.MULTILINE
    )

    documented = {
        (state, event, target, ("provider", "consumer") if by == "either" else (by,))
        for state, event, by, target in rows
    }
    assert len(documented) == len(rows) > 1
    assert documented == set(transitions_of(kind))
