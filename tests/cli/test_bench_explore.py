"""`udi bench explore` on a small table: a figure for each view, and what counts as a fault."""

from pathlib import Path

import pytest

from bench.explore import SLOWEST_MEDIAN_MS, find_faults
from bench.load.explored import VIEWS, make_table, measure_views

pytestmark = pytest.mark.programs


@pytest.mark.thorough
async def test_every_view_of_a_small_table_is_measured(tmp_path: Path) -> None:
    report = await measure_views(make_table(tmp_path / "1.parquet", 6_000), 1)

    assert report["views"].keys() == report["processor_ms"].keys() == VIEWS.keys()
    assert None not in report["views"].values()
    assert min(report["views"].values()) <= report["median_ms"]
    assert report["median_ms"] <= max(report["views"].values())


def test_a_slow_median_is_a_fault() -> None:
    slow = {"rows": 7, "median_ms": SLOWEST_MEDIAN_MS + 1}
    good = {"rows": 9, "median_ms": SLOWEST_MEDIAN_MS}

    assert find_faults([good, slow]) == [
        "Half of the views of 7 rows take over 1001 ms."
    ]
