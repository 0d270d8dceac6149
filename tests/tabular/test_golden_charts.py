"""The first chart of sixty real tables against what a person says is right.

`charts/expectations.json` holds names of files and, for each, the charts that are right (`aggregate|measure|dimension`,
`none` for a table that compares nothing), labelled by hand from the values before the rules were written: forty to work
with, twenty chosen by the digest of their names and kept apart, which no rule was written for. The files are third
parties' and are not here: `shared_data` says where they are looked for.
"""

import json
from pathlib import Path

import pytest

from tests.depth import examples
from udi.tabular.overviews.chart_choice import choose_chart
from udi.tabular.overviews.chart_request import ChartKind, ChartRequest
from udi.tabular.overviews.roles import profile_columns
from udi.tabular.overviews.statistics import describe_columns
from udi.tabular.profiles.conversion import convert_table
from udi.tabular.profiles.profile import profile_path

EXPECTATIONS = json.loads(
    (Path(__file__).parent / "charts" / "expectations.json").read_text(encoding="utf-8")
)
FLOORS = {"work": 0.9, "apart": 0.75}
"""Shares of right charts below which a change of the rules is no improvement."""
FEW = 6
"""Files of each part that a usual run reads: the smallest."""


@pytest.mark.parametrize("part", ["work", "apart"])
def test_first_chart_is_one_that_a_person_would_choose(
    part: str, shared_data: Path, tmp_path: Path
) -> None:
    files = {
        name: shared_data / "data" / "tables" / name for name in EXPECTATIONS[part]
    }
    assert [name for name, path in files.items() if not path.is_file()] == []
    by_size = sorted(files, key=lambda name: files[name].stat().st_size)
    names = by_size[: examples(FEW, len(files))]

    differences = {}
    for name in names:
        chart = write_chart(choose_first(files[name], tmp_path / f"{name}.parquet"))
        if chart not in EXPECTATIONS[part][name]:
            differences[name] = chart

    assert 1 - len(differences) / len(names) >= FLOORS[part], differences


def choose_first(path: Path, parquet: Path) -> ChartRequest | None:
    """The first chart of a file, read as the node reads it."""
    converted = convert_table(path, profile_path(path), parquet, file_name=path.name)
    assert converted.failure is None
    columns = converted.profile.columns
    return choose_chart(profile_columns(columns, describe_columns(parquet, columns)))


def write_chart(request: ChartRequest | None) -> str:
    """As the expectations write it."""
    if request is None:
        return "none"
    if request.draw is ChartKind.SPREAD:
        return f"spread||{request.by}"
    return f"{request.how}|{request.of}|{request.by}"
