"""Where the time of a run goes is written row by row, of every worker, and summed."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests import commands
from tests.reaper import RUN
from tests.runs.test_omissions import WITHOUT_PLUGINS
from tests.times import SWITCH, Clock, Row, Threads, describe, list_services, read_rows

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest

@pytest.fixture(scope="module")
def numbers():
    return sum(number * number for number in range(300_000))

@pytest.fixture
def letters(numbers):
    yield "letters"

def test_first(letters):
    pass

def test_second(letters):
    sum(number * number for number in range(300_000))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("-p", "no:xdist"), id="alone"),
        pytest.param(
            ("-p", "xdist", "-n", "2", "--dist", "loadfile"),
            id="shared out",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_set_ups_tests_and_tear_downs_are_written_and_summed(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"test_{name}.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p tests.times\n")
    run = tmp_path / "run"
    run.mkdir()
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "UDI_TEST_"))
    }
    surroundings |= {
        "PYTHONPATH": str(ROOT),
        SWITCH: str(tmp_path / "times.tsv"),
        RUN: str(run),
        **WITHOUT_PLUGINS,
    }

    command = [sys.executable, "-m", "pytest", *arguments]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "4 passed" in done.stdout
    rows = read_rows(iter([tmp_path / "times.tsv"]))
    assert sorted(row.name for row in rows if row.kind == "test") == [
        "one/test_one.py::test_first",
        "one/test_one.py::test_second",
        "two/test_two.py::test_first",
        "two/test_two.py::test_second",
    ]
    assert sum(row.name == "numbers" for row in rows) == 2
    assert sum(row.name == "letters" for row in rows) == 4
    assert sum(row.kind == "teardown" for row in rows) == 4
    assert all(
        row.processor > 0
        for row in rows
        if row.name == "numbers" or row.name.endswith("second")
    )
    assert "tests and tear-downs, by folder" in done.stdout
    assert f"Every row: {tmp_path / 'times.tsv'}" in done.stdout


def test_what_a_forked_command_computes_is_counted_with_its_test() -> None:
    commands.run("--version", environment={})
    before = Clock.now()

    done = commands.run("--help", environment={})

    assert done.returncode == 0
    assert Clock.now().children > before.children


def test_sums_are_by_folder_file_fixture_and_server_the_dearest_first() -> None:
    rows = [
        Row(
            "test",
            "tests/kit/test_a.py::test",
            "tests/kit/test_a.py",
            1.0,
            0.5,
            0.25,
            "gw0",
        ),
        Row(
            "teardown",
            "tests/kit/test_a.py::test",
            "tests/kit/test_a.py",
            1.0,
            0.5,
            0.0,
            "gw0",
        ),
        Row(
            "test",
            "tests/ui/test_b.py::test",
            "tests/ui/test_b.py",
            9.0,
            1.0,
            0.0,
            "gw1",
        ),
        Row("fixture", "postgres", "tests/kit/test_a.py", 5.0, 1.0, 2.0, "gw0"),
        Row("service", "keycloak", "", 60.0, 30.0, 0.0, "main"),
    ]

    lines = [" ".join(line.split()) for line in describe(rows)]

    assert lines[:4] == [
        "passed processor times tests and tear-downs, by folder",
        "9.0 1.0 1 tests/ui",
        "2.0 1.2 2 tests/kit",
        "11.0 2.2 3 all",
    ]
    assert "5.0 3.0 1 postgres" in lines
    assert "60.0 30.0 1 keycloak" in lines


def test_a_server_of_the_run_is_counted_with_its_own_processes(tmp_path: Path) -> None:
    (tmp_path / "postgres.pid").write_text(str(os.getpid()))
    (tmp_path / "keycloak.pid").write_text(str(2**22 + 1))

    [row] = list_services(tmp_path)

    assert (row.kind, row.name) == ("service", "postgres")
    assert row.processor > 0


def test_a_thread_that_computes_is_named_with_its_place() -> None:
    computed, seen = threading.Event(), threading.Event()

    def forgotten() -> None:
        while time.thread_time() < 0.1:
            pass
        computed.set()
        seen.wait()

    threads = Threads()
    thread = threading.Thread(target=forgotten, name="trickle")
    thread.start()
    computed.wait()
    busy = threads.list_busy(0.05)
    again = threads.list_busy(0.05)
    seen.set()
    thread.join()

    names = [name for name, _ in busy if name.startswith("trickle: ")]
    assert len(names) == 1
    assert "test_times.py" in names[0]
    assert "forgotten" in names[0]
    assert [name for name, _ in again if name.startswith("trickle: ")] == []
