"""A night's run ends with what ran and how long it took, by folder."""

from dataclasses import dataclass

from tests.figures import describe


@dataclass
class Report:
    """What pytest knows of one part of a test."""

    nodeid: str
    duration: float


def test_seconds_and_outcomes_are_summed_by_folder() -> None:
    stats = {
        "": [
            Report("tests/kit/test_a.py::test", 1.0),
            Report("tests/ui/test_b.py::test", 0.5),
        ],
        "passed": [
            Report("tests/kit/test_a.py::test", 2.0),
            Report("tests/ui/test_b.py::test", 0.25),
        ],
        "skipped": [Report("tests/ui/test_b.py::other", 0.0)],
        "deselected": ["tests/ui/test_b.py::another"],
    }

    assert [line.split() for line in describe(stats)] == [
        ["seconds", "passed", "failed", "error", "skipped"],
        ["3.0", "1", "0", "0", "0", "tests/kit"],
        ["0.8", "1", "0", "0", "1", "tests/ui"],
        ["3.8", "2", "0", "0", "1", "all"],
    ]
