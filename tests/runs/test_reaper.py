"""A run that is stopped leaves nothing: no server, no program, no folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.changed import ROOT
from tests.reaper import RUN, WITHIN, Reaper, is_gone

pytestmark = pytest.mark.programs
SLEEPER = "tests/runs/sleeper.py"
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", SLEEPER)
COMMAND = (
    sys.executable,
    "-P",
    "-m",
    "tests.command",
    "-q",
    "-p",
    "no:cacheprovider",
    SLEEPER,
)
IN_THE_BACKGROUND = ("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh")
"""As a shell without a terminal starts what ends with «&»: Ctrl-C is ignored there."""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
SHARED_OUT = ("-n", "2")
SHORT = 2.0
"""Seconds that the reaper waits here: long for a program that heeds the signal, and all of it for one that does not."""
PATIENCE = 120.0


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait, and fail when it did not happen in time."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_end_of_a_run_ends_its_programs_and_deletes_its_folder(
    tmp_path: Path,
) -> None:
    """One program that heeds the signal TERM and one that does not, both known by their environment."""
    folder = tmp_path / "run"
    folder.mkdir()
    reaper = Reaper(folder, SHORT)
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, RUN: str(folder)},
            stdout=subprocess.PIPE,
        )
        for code in ("import time; print(flush=True); time.sleep(600)", STUBBORN)
    ]
    for program in programs:
        assert program.stdout is not None
        program.stdout.readline()

    reaper.end_run()

    for program in programs:
        program.communicate(timeout=30)
    assert [program.returncode for program in programs] == [
        -signal.SIGTERM,
        -signal.SIGKILL,
    ]
    assert not folder.exists()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("number", "command"),
    [
        pytest.param(
            signal.SIGINT,
            (*IN_THE_BACKGROUND, *PYTEST, *SHARED_OUT),
            id="INT in the background, shared out",
        ),
        pytest.param(signal.SIGTERM, PYTEST, id="TERM"),
        pytest.param(
            signal.SIGKILL,
            (*COMMAND, *SHARED_OUT),
            id="KILL of the command, shared out",
        ),
        pytest.param(signal.SIGINT, PYTEST, id="INT"),
        pytest.param(
            signal.SIGINT,
            (*IN_THE_BACKGROUND, *COMMAND),
            id="INT of the command",
        ),
        pytest.param(
            signal.SIGTERM,
            (*PYTEST, *SHARED_OUT),
            id="TERM, shared out",
        ),
        pytest.param(
            signal.SIGTERM,
            COMMAND,
            id="TERM of the command",
        ),
        pytest.param(signal.SIGKILL, PYTEST, id="KILL"),
        pytest.param(
            signal.SIGKILL,
            (*PYTEST, *SHARED_OUT),
            id="KILL, shared out",
        ),
    ],
)
def test_a_run_that_is_stopped_leaves_nothing(
    number: signal.Signals, command: tuple[str, ...], tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "UDI_TEST_"))
    }
    surroundings |= {
        "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}",
        "UDI_TEST_READY": str(ready),
        WITHIN: os.environ[RUN],
    }
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=surroundings,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    wait_for(lambda: ready.exists() or process.poll() is not None)
    started: dict[str, Any] = json.loads(ready.read_text())
    assert not any(map(is_gone, started["pids"]))

    process.send_signal(number)

    process.wait(PATIENCE)
    wait_for(lambda: all(map(is_gone, started["pids"])))
    wait_for(lambda: not Path(started["folder"]).exists())
