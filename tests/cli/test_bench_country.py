"""`udi bench country`: a small country, grown and measured, and nothing left behind."""

import json
import subprocess
import sys

import pytest

from bench.load.country.territories import list_steps
from bench.load.scratch import PREFIX
from tests.cli.test_bench import environment, left, temporary
from udi.tabular.columns.groupings import read_groupings

WHOLE = 1254
FILLED = 5
"""Of which three take the real path, and one was there at the first step."""
DATASETS = 4


def test_a_country_is_measured_while_it_grows() -> None:
    assert list_steps(WHOLE) == [1, 12, 100, 400, WHOLE]
    assert list_steps(12) == [1, 12]
    assert list_steps(1) == [1]
    assert list_steps(30, (20, 10, 10)) == [10, 20, 30]


def test_there_are_as_many_groupings_as_territories() -> None:
    assert len(read_groupings()) >= WHOLE


@pytest.mark.thorough
@pytest.mark.programs
def test_a_small_country_is_grown_and_measured() -> None:
    sizes = ("--territories", str(FILLED), "--datasets", str(DATASETS), "--rest", "2")
    command = [sys.executable, "-P", "-m", "bench", "country", *sizes, "--json"]
    with temporary() as folder:
        done = subprocess.run(
            command,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert list(folder.glob(f"{PREFIX}*")) == []
        assert left(folder) == []

    report = json.loads(done.stdout)
    first, last = report["steps"]
    assert [first["territories"], last["territories"]] == [1, FILLED]
    assert last["apply"]["filled"] == 1
    assert last["apply"]["filled_rows"] > 100
    assert last["apply"]["outcomes"] == ["created", "invited"]
    assert last["apply_again"]["outcomes"] == ["unchanged"]
    assert last["login"]["organisations"] > first["login"]["organisations"]
    assert last["installation"]["territories"] == FILLED + 1
    assert {task["outcome"] for task in last["tasks"].values()} == {"done"}
    assert report["backup"].keys() == {"udi_portal", "udi_node", "udi_keycloak"}
