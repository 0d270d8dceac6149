"""The state of conformity is the law's, from the criteria as they were found."""

from pathlib import Path
from typing import Any

import pytest

from udi.ui import declarations
from udi.ui.declarations import (
    AccessibilityReport,
    Conformity,
    CriterionState,
    accessibility,
    read_accessibility,
    weights,
)

PART: dict[str, Any] = {
    "date": "2026-11-26",
    "pages": 1,
    "languages": ["fr"],
    "modes": [],
    "axe": "4",
    "broken": {},
}


def report_of(**states: int) -> AccessibilityReport:
    """As many criteria in each state as said."""
    criteria = [state for state, count in states.items() for _ in range(count)]
    return read_accessibility(
        PART
        | {
            "criteria": {
                f"1.{rank}": state for rank, state in enumerate(criteria, start=1)
            }
        }
    )


@pytest.mark.parametrize(
    ("states", "conformity"),
    [
        ({"met": 4, "absent": 6}, Conformity.TOTAL),
        ({"met": 5, "broken": 5, "absent": 90}, Conformity.PARTIAL),
        ({"met": 4, "broken": 5}, Conformity.NONE),
        ({"met": 105, "unseen": 1}, Conformity.NONE),
        ({"met": 105, "checked": 1}, Conformity.NONE),
        ({"absent": 106}, Conformity.NONE),
    ],
)
def test_conformity_is_a_share_of_what_applies_and_none_while_a_person_has_not_looked(
    states: dict[str, int], conformity: Conformity
) -> None:
    assert report_of(**states).conformity is conformity


def test_criteria_are_counted_by_theme() -> None:
    report = read_accessibility(
        PART
        | {
            "criteria": {
                "1.1": "met",
                "10.2": "unseen",
                "10.3": "unseen",
                "2.1": "broken",
            }
        }
    )

    assert list(report.themes) == [1, 2, 10]
    assert report.themes[10][CriterionState.UNSEEN] == 2


def test_a_release_without_results_conforms_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declarations, "FILE", tmp_path / "none.json")
    for cached in (declarations._read_file, accessibility, weights):
        cached.cache_clear()
    try:
        assert (accessibility(), weights(), declarations.conformity()) == (
            None,
            None,
            Conformity.NONE,
        )
    finally:
        for cached in (declarations._read_file, accessibility, weights):
            cached.cache_clear()
