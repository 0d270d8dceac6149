"""Both programs' tables can be mapped in one process, as an archive, a template or a benchmark needs them."""

import subprocess
import sys

import pytest

from tests.faults.running import ROOT

PROGRAM = """
import udi.cli.archive.contents
from sqlalchemy.orm import configure_mappers
configure_mappers()
"""


@pytest.mark.programs
def test_no_name_of_a_table_means_two() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env={"PYTHONPATH": str(ROOT / "platform/src")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
