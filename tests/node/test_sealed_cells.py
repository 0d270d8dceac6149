"""What the database keeps of the findings of a sealed file: where something is, and nothing that a cell holds."""

import json
from typing import Any

from udi.node.datasets.versions.sealed_cells import strip_findings

CELL = "cell of the table"
FINDINGS: dict[str, Any] = {
    "errors": [{"line": 4, "column": "date", "value": CELL}],
    "coverage": {"first": CELL, "last": CELL},
    "schema": {"name": "s", "errors": [{"line": 7, "column": "code", "value": CELL}]},
    "difference": {"added": 2, "removed": 1, "examples": [{"key": CELL}]},
}


def test_strip_findings_keeps_places_and_numbers_and_no_cell() -> None:
    stripped = strip_findings(FINDINGS)

    assert CELL not in json.dumps(stripped)
    assert stripped == {
        "errors": [{"line": 4, "column": "date", "value": ""}],
        "coverage": {},
        "schema": {"name": "s", "errors": [{"line": 7, "column": "code", "value": ""}]},
        "difference": {"added": 2, "removed": 1, "examples": []},
    }


def test_strip_findings_adds_nothing_that_was_not_found() -> None:
    assert strip_findings({}) == {}
    assert strip_findings({"errors": [], "schema": None, "difference": None}) == {
        "errors": []
    }
