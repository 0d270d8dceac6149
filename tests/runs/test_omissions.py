"""What a run leaves out or cannot run is named at its end, with the command or the remedy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import depth
from tests.omissions import MOST_FILES, describe_left_out

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
TESTS = """
import subprocess, sys
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
FAST = """
import subprocess, sys
import pytest

@pytest.fixture
def postgres():
    pass

@pytest.fixture
def database(postgres):
    pass

@pytest.fixture
def program():
    subprocess.run([sys.executable, "-c", ""], check=True)

@pytest.mark.thorough
def test_long():
    pass

def test_with_a_server(database):
    pass

@pytest.mark.programs
def test_marked(program):
    pass

def test_short():
    pass
"""
UNMARKED = """
def test_unmarked(program):
    pass

def test_after_it():
    pass
"""
SKIPPED = """
import pytest

def test_without_a_tool():
    pytest.skip("needs a tool: install it")

@pytest.mark.parametrize("number", [1, 2])
def test_without_data(number):
    pytest.skip("needs data: fetch them")
"""


WITHOUT_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Plugins that happen to be installed take seconds to import, in each process."""
SHARED_OUT = ("-p", "xdist", "-n", "2")


def run_pytest(folder: Path, tests: str, *arguments: str, **environment: str) -> str:
    """Run tests in a project of their own; return what pytest printed."""
    (folder / "test_it.py").write_text(tests)
    markers = "  thorough\n  programs\n"
    (folder / "pytest.ini").write_text(
        f"[pytest]\nmarkers =\n{markers}addopts = -p tests.omissions\n"
    )
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "UDI_TEST_"))
    }
    surroundings |= {"PYTHONPATH": str(ROOT), **WITHOUT_PLUGINS, **environment}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


alone_and_shared_out = pytest.mark.parametrize(
    "arguments", [("-p", "no:xdist"), SHARED_OUT], ids=["alone", "shared out"]
)
alone_and_shared_out_thoroughly = pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("-p", "no:xdist"), id="alone"),
        pytest.param(SHARED_OUT, id="shared out", marks=pytest.mark.thorough),
    ],
)
"""What is left out is counted in one place, and a run that is shared out hands it over in one: one test shows that."""


@alone_and_shared_out
def test_thorough_tests_are_left_out_and_counted_by_file(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    output = run_pytest(tmp_path, f"NUMBER = 3\n{TESTS}", *arguments)

    assert (
        "    2 test_it.py\n2 tests left out. To run what was left out: ./udi test --all\n"
        in output
    )
    assert "1 passed" in output
    assert "not whole" not in output


@alone_and_shared_out_thoroughly
def test_everything_is_run_under_the_switch(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    output = run_pytest(
        tmp_path, f"NUMBER = 300\n{TESTS}", *arguments, **{depth.SWITCH: "1"}
    )

    assert "3 passed" in output
    assert "left out" not in output


@alone_and_shared_out_thoroughly
def test_a_fast_run_leaves_out_what_needs_a_server_or_starts_a_program(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    output = run_pytest(tmp_path, FAST, *arguments, **{depth.FAST_SWITCH: "1"})

    assert "1 test left out. To run what was left out: ./udi test --all" in output
    assert "2 tests left out. To run what was left out: ./udi test\n" in output
    assert "1 passed" in output


def test_a_fast_test_that_starts_a_program_fails(tmp_path: Path) -> None:
    output = run_pytest(
        tmp_path, FAST + UNMARKED, "-p", "no:xdist", **{depth.FAST_SWITCH: "1"}
    )

    assert "test_it.py::test_unmarked starts" in output
    assert "mark it with «programs»" in output
    assert "1 failed, 2 passed" in output


def test_programs_may_be_started_in_any_other_run(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, FAST + UNMARKED, "-p", "no:xdist")

    assert "5 passed" in output


@alone_and_shared_out_thoroughly
def test_a_run_that_could_not_run_a_test_says_that_it_was_not_whole(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    output = run_pytest(tmp_path, SKIPPED, *arguments)

    assert "    2 needs data: fetch them\n    1 needs a tool: install it\n" in output
    assert "This run was not whole: 3 tests could not run here." in output


def test_many_files_are_counted_by_folder() -> None:
    names = [f"tests/kit/test_{number}.py::test" for number in range(MOST_FILES + 1)]

    assert describe_left_out("./udi test", names)[:-1] == [
        f"   {MOST_FILES + 1} tests/kit/"
    ]
    assert describe_left_out("./udi test", names[:1])[:-1] == [
        "    1 tests/kit/test_0.py"
    ]
