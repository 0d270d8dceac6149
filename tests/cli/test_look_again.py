"""A few tests that failed are asked again, alone; those that pass then are named, the others still fail the run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from udi.cli.tests import FAILED, MOST_UNSTEADY, failed_tests, look_again

UNSTEADY = """
from pathlib import Path
def test_unsteady():
    mark = Path(__file__).with_name("seen")
    seen = mark.exists()
    mark.touch()
    assert seen
def test_fine():
    assert True
"""
BROKEN = "def test_broken():\n    assert False\n"


def run(folder: Path, content: str) -> int:
    """The first run, of a project of its own."""
    (folder / "test_it.py").write_text(content)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist"]
    return subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, check=False).returncode


def test_what_passes_alone_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, UNSTEADY) == FAILED

    assert look_again(tmp_path, dict(os.environ)) == 0

    said = capfd.readouterr().out
    assert "UNSTEADY: test_it.py::test_unsteady fails among the others" in said
    assert "2 passed" in said, "the whole file was run"
    assert failed_tests(tmp_path) == []


def test_what_fails_again_fails_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, UNSTEADY + BROKEN) == FAILED

    assert look_again(tmp_path, dict(os.environ)) == FAILED

    assert "test_unsteady fails among the others" in capfd.readouterr().out
    assert failed_tests(tmp_path) == ["test_it.py::test_broken"]


def test_many_failures_are_not_asked_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    several = "".join(f"def test_{number}():\n    assert False\n" for number in range(MOST_UNSTEADY + 1))
    assert run(tmp_path, several) == FAILED

    assert look_again(tmp_path, dict(os.environ)) == FAILED

    assert capfd.readouterr().out == ""
