"""What the database keeps of the findings of a sealed file: where something is, and nothing that a cell holds."""

import json
from typing import Any

import pytest

from udi.node.datasets.versions.sealed_cells import strip_findings
from udi.node.datasets.versions.view_values import holds_values

CELL = "cell of the table"
FINDINGS: dict[str, Any] = {
    "errors": [{"line": 4, "column": "date", "value": CELL}],
    "coverage": {"first": CELL, "last": CELL},
    "schema": {"name": "s", "errors": [{"line": 7, "column": "code", "value": CELL}]},
    "difference": {"added": 2, "removed": 1, "examples": [{"key": CELL}]},
    "tables": [
        {
            "name": "lieux",
            "title": "Lieux",
            "columns": [["place", "text", ""]],
            "rows": 3,
            "geometry": "Point",
            "bbox": [-4.51, 48.12, -4.49, 48.13],
            "start": 0,
            "size": 9,
            "suffix": "1.tables.bin",
        }
    ],
}


def test_strip_findings_keeps_places_and_numbers_and_no_cell() -> None:
    stripped = strip_findings(FINDINGS)

    assert CELL not in json.dumps(stripped)
    assert stripped == {
        "errors": [{"line": 4, "column": "date", "value": ""}],
        "coverage": {},
        "schema": {"name": "s", "errors": [{"line": 7, "column": "code", "value": ""}]},
        "difference": {"added": 2, "removed": 1, "examples": []},
        "tables": [{**FINDINGS["tables"][0], "bbox": (-5.0, 48.0, -4.0, 49.0)}],
    }


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (
            "view=chart&by=jour&of=index&how=avg&split=commune&draw=line&step=month",
            False,
        ),
        ("commune__groupby&jour__groupby=year&index__sum&index__sum__sort=desc", False),
        ("note__sort=asc&columns=note,jour&view=cards", False),
        ("nom__exact=Phare", True),
        ("nom__isnull", True),
        ("q=Phare", True),
        ("view=map&at=12%2F48.11%2F-1.68", True),
        ("view=chart&by=index&step=bin.250", True),
        ("index__groupby=bin.250", True),
        ("view=chart&by=commune&top=7", True),
        ("page_size=7", True),
        ("view=cards&sum=Phare", True),
    ],
)
def test_a_view_of_names_alone_holds_no_value(view: str, *, expected: bool) -> None:
    assert holds_values(view) is expected


def test_strip_findings_adds_nothing_that_was_not_found() -> None:
    assert strip_findings({}) == {}
    assert strip_findings({"errors": [], "schema": None, "difference": None}) == {
        "errors": []
    }
