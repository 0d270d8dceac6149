"""A test that does not end fails, says what it waits for, and leaves nothing behind that the others would meet."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import depth
from tests.hangs import LIMIT, USUAL_LIMIT, read_limit
from tests.runs.test_omissions import WITHOUT_PLUGINS

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
TESTS = """
import asyncio, threading, time
import pytest

beats = []

async def beat():
    while True:
        beats.append(1)
        await asyncio.sleep(0.01)

async def wait_for_nobody():
    try:
        await asyncio.Event().wait()
    except Exception:
        await asyncio.Event().wait()

@pytest.fixture(scope="session")
async def lasting():
    task = asyncio.create_task(asyncio.Event().wait(), name="lasting")
    yield
    task.cancel()

async def test_task(lasting):
    asyncio.create_task(beat(), name="beating")
    await asyncio.create_task(wait_for_nobody(), name="lonely")

async def test_after_it():
    beaten = len(beats)
    await asyncio.sleep(0.1)
    assert (beaten > 0, len(beats) - beaten) == (True, 0)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert names & {"lasting", "beating", "lonely"} == {"lasting"}

def test_thread():
    threading.Event().wait()

@pytest.fixture
def endless():
    yield
    time.sleep(60)

def test_fixture(endless):
    pass

async def test_short():
    await asyncio.sleep(0)
"""


def test_what_hangs_fails_and_is_described(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode=auto\nasyncio_default_fixture_loop_scope=session\nasyncio_default_test_loop_scope=session\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "pytest_asyncio.plugin",
        "-p",
        "tests.hangs",
        "-p",
        "no:cacheprovider",
        # Python 3.11 fails where the collector, in the middle of reading source for a report, reports a task in turn.
        "--tb=native",
        "-q",
        str(tmp_path),
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={
            **os.environ,
            **WITHOUT_PLUGINS,
            LIMIT: "3",
            "PYTHONNODEBUGRANGES": "1",
            "PYTHONPATH": f"{ROOT}:{ROOT}/platform/src",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert "2 failed, 3 passed, 1 error" in done.stdout, done.stdout
    assert "test_task did not end within 3 s" in done.stdout
    assert "task lonely" in done.stdout
    assert "wait_for_nobody" in done.stdout
    assert "threading.Event().wait()" in done.stdout


def test_a_run_of_everything_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LIMIT, raising=False)
    monkeypatch.delenv(depth.SWITCH, raising=False)
    usual = read_limit()
    monkeypatch.setenv(depth.SWITCH, "1")

    assert (usual, read_limit()) == (USUAL_LIMIT, 0)
