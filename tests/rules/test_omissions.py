"""What is thorough is left out by default, named at the end of the run, and run by `--all`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import depth

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest
from tests.depth import examples

@pytest.mark.thorough
def test_long():
    pass

@pytest.mark.thorough
def test_longer():
    pass

def test_short():
    assert examples(3, 300) == NUMBER
"""


def run_pytest(folder: Path, examples: int, *arguments: str, **environment: str) -> str:
    """Run the three tests above in a project of their own; return what pytest printed."""
    (folder / "test_it.py").write_text(f"NUMBER = {examples}\n{TESTS}")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  thorough\naddopts = -p tests.omissions\n")
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", depth.SWITCH))}
    surroundings |= {"PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("arguments", [("-p", "no:xdist"), ("-n", "2")], ids=["alone", "shared out"])
def test_thorough_tests_are_left_out_and_counted_by_file(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    output = run_pytest(tmp_path, 3, *arguments)

    assert "    2 test_it.py" in output
    assert "2 tests were left out. To run them too: ./udi test --all" in output
    assert "1 passed" in output
    assert "skipped" not in output


@pytest.mark.parametrize("arguments", [("-p", "no:xdist"), ("-n", "2")], ids=["alone", "shared out"])
def test_everything_is_run_under_the_switch(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    output = run_pytest(tmp_path, 300, *arguments, UDI_TEST_ALL="1")

    assert "3 passed" in output
    assert "left out" not in output
