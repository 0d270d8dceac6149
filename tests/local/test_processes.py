import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import udi
from tests.reaper import is_gone
from udi.cli.local import processes
from udi.cli.local.account import service_account
from udi.cli.local.errors import LocalError

pytestmark = pytest.mark.programs

# Ignores polite requests and has a child of its own.
STUBBORN = "trap '' TERM INT; sleep 300 & echo $! ; while :; do sleep 1; done"
ROOT = Path(__file__).parents[2]
SOURCE = os.environ | {"PYTHONPATH": str(Path(udi.__file__).parents[1])}
PARENT = """
import sys, time
from pathlib import Path
from udi.cli.local import processes
guardian = processes.ProcessWatchdog()
for name in ("one", "two"):
    child = processes.spawn(["/bin/sh", "-c", "sleep 300 & exec sleep 300"], log=Path(sys.argv[1]), guardian=guardian)
    print(child.pid, flush=True)
time.sleep(300)
"""


def _wait_gone(pids: list[int], patience: float = 60) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if all(map(is_gone, pids)):
            return True
        time.sleep(0.1)
    return False


def test_no_child_survives_a_parent_killed_without_warning(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path / "log"],
        stdout=subprocess.PIPE,
        text=True,
        env=SOURCE,
    ) as parent:
        assert parent.stdout
        children = [int(parent.stdout.readline()) for _ in range(2)]
        family = [
            *children,
            *(
                child.pid
                for pid in children
                for child in psutil.Process(pid).children(recursive=True)
            ),
        ]
        parent.kill()

    assert len(family) >= 2
    assert _wait_gone(family)


def test_a_program_that_will_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = processes.spawn(["/bin/sh", "-c", STUBBORN], log=log)
    while not log.read_text().strip():
        time.sleep(0.05)

    processes.stop(process, patience=0.3)

    assert process.returncode == -signal.SIGKILL
    assert _wait_gone([int(log.read_text())])


def test_a_polite_program_ends_by_the_signal_asked(tmp_path: Path) -> None:
    script = "trap 'exit 7' INT; echo ready; while :; do sleep 0.1; done"
    log = tmp_path / "log"
    process = processes.spawn(["/bin/sh", "-c", script], log=log)
    while "ready" not in log.read_text():
        time.sleep(0.05)

    processes.stop(process, signal.SIGINT)

    assert process.returncode == 7


def test_heed_interrupts_takes_a_signal_that_was_ignored() -> None:
    program = "from tests.interrupts import heed_interrupts; heed_interrupts(); import signal; signal.raise_signal(signal.SIGINT)"
    script = 'trap \'\' INT; exec "$0" -c "$1"'
    ignoring = subprocess.run(
        ["sh", "-c", script, sys.executable, program], cwd=ROOT, check=False
    )
    assert ignoring.returncode == -signal.SIGINT


def test_children_run_as_the_unprivileged_account_when_root(tmp_path: Path) -> None:
    account = service_account()
    if account is None:
        pytest.skip("only root changes account")

    process = processes.spawn(["id", "-un"], log=tmp_path / "log", account=account)
    process.wait()

    assert (tmp_path / "log").read_text() == f"{account.name}\n"
    assert account.uid != 0


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            "echo fine; echo 'ERROR: no such locale'; echo bye; exit 3",
            "Doing it failed: it said «ERROR: no such locale».",
        ),
        ("exit 1", "Doing it failed: it said «it gave no reason»."),
        (
            "echo 'write: No space left on device'; exit 1",
            "The disk that holds /the/data is full: make room",
        ),
    ],
)
def test_a_tool_that_fails_is_one_sentence(script: str, sentence: str) -> None:
    with pytest.raises(LocalError) as refusal:
        processes.run_tool(
            ["/bin/sh", "-c", script], what="Doing it", where=Path("/the/data")
        )

    assert str(refusal.value).startswith(sentence)


def test_a_tool_that_succeeds_gives_its_output() -> None:
    assert (
        processes.run_tool(
            ["/bin/echo", "hello"], what="Greeting", where=Path("/the/data")
        )
        == "hello\n"
    )
