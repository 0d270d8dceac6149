"""The processes of a run are forked from one that has imported the tests, and say themselves what cannot be imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.changed import ROOT
from tests.reaper import RUN, WITHIN
from tests.runs.test_omissions import WITHOUT_PLUGINS

pytestmark = pytest.mark.programs
TEST = """
import os, pathlib, time
from tests import forks

FOLDER = pathlib.Path({folder!r})
(FOLDER / "imported-{name}").write_text(str(os.getpid()))

def test_wait_for_the_other():
    socket_number = os.fstat(forks.inherited["udi"]).st_ino
    (FOLDER / "{name}").write_text(f"{{os.getpid()}} {{os.getppid()}} {{socket_number}}")
    deadline = time.monotonic() + 60
    while not (FOLDER / "{other}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (FOLDER / "{other}").exists()
"""
"""A test that passes when the other runs at the same moment: each process of the run takes one."""


def run_in_two(folder: Path, **contents: str) -> subprocess.CompletedProcess[str]:
    """Run files of tests in two processes, as a run of its own."""
    for name, content in contents.items():
        (folder / f"test_{name}.py").write_text(content)
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "UDI_TEST_"))
    }
    surroundings["PYTHONPATH"] = f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}"
    surroundings[WITHIN] = os.environ[RUN]
    surroundings |= WITHOUT_PLUGINS
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "xdist",
        "-p",
        "tests.workers",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(
        [*command, "-n", "2", "--dist", "load", str(folder)],
        cwd=folder, env=surroundings, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.thorough
def test_two_processes_are_forked_from_one_that_imported_the_tests(
    tmp_path: Path,
) -> None:
    one = TEST.format(folder=str(tmp_path), name="one", other="two")
    two = TEST.format(folder=str(tmp_path), name="two", other="one")

    done = run_in_two(tmp_path, one=one, two=two)

    assert done.returncode == 0, done.stdout + done.stderr
    names = ("imported-one", "imported-two", "one", "two")
    read = {name: (tmp_path / name).read_text().split() for name in names}
    [importing] = read["imported-one"]
    assert read["imported-two"] == [importing]
    assert [parent for _, parent, _ in (read["one"], read["two"])] == [importing] * 2
    assert read["one"][2] == read["two"][2], "each has commands forked by another"
    assert len({importing, read["one"][0], read["two"][0]}) == 3


NOTING = """
import sys

def write(text, stream=sys.stdout):
    stream.write(text)

def test_write():
    write("a line")
"""


@pytest.mark.thorough
def test_a_stream_that_is_noted_when_the_tests_are_imported_stays_open(
    tmp_path: Path,
) -> None:
    done = run_in_two(tmp_path, noting=NOTING)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.thorough
def test_what_cannot_be_imported_is_said_by_the_processes_of_the_run(
    tmp_path: Path,
) -> None:
    done = run_in_two(tmp_path, broken="import a_module_that_is_nowhere\n")

    assert done.returncode != 0
    assert "No module named 'a_module_that_is_nowhere'" in done.stdout


DYING = """
import os, signal

def test_before():
    pass

def test_dies():
    os.kill(os.getpid(), signal.SIGKILL)

def test_after():
    pass
"""


@pytest.mark.thorough
def test_a_process_of_the_run_that_dies_is_a_failure_and_another_takes_its_place(
    tmp_path: Path,
) -> None:
    done = run_in_two(tmp_path, dying=DYING)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "crashed while running 'test_dying.py::test_dies'" in done.stdout
    assert "1 failed, 2 passed" in done.stdout
