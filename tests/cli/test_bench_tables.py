"""`udi bench tables` on a small file: figures of each part, and what counts as a fault."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.load.tables import QUESTIONS
from bench.tables import LARGEST_RATIO, find_faults

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]


@pytest.mark.thorough
def test_it_measures_each_part_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bench", "tables", "--megabytes", "1", "--repeats", "1", "--json"],
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}"},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    report = json.loads(done.stdout)

    assert [timing["name"] for timing in report["questions"]] == [
        question.name for question in QUESTIONS
    ]
    assert all(
        timing["ours_ms"] > 0 and timing["plain_ms"] > 0
        for timing in report["questions"]
    )
    assert list(report["steps"]) == [
        "profile",
        "convert",
        "all that a producer waits for",
    ]
    assert all(step["memory_bytes"] > 10**7 for step in report["steps"].values())
    assert 10**7 < report["child_memory_bytes"] < 3 * 10**8
    assert 9 * 10**5 < report["csv_bytes"] < 12 * 10**5
    assert report["rows"] > 6000
    assert report["faults"] == find_faults(report)
    assert done.returncode == (1 if report["faults"] else 0)
    assert list(tmp_path.iterdir()) == []


def test_a_question_that_costs_more_than_plain_duckdb_is_a_fault() -> None:
    slow = {"name": "filter", "ratio": 1.4}
    quick = {"name": "group", "ratio": LARGEST_RATIO}

    assert find_faults({"questions": [slow, quick]}) == [
        "«filter» takes 1.4 times what plain DuckDB takes."
    ]
