"""A program that is told to end wakes up, at whatever moment the signal comes and whichever thread the kernel gives it to."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.programs

PATIENCE = 60
TO_ANOTHER_THREAD = """
import signal, threading
from pathlib import Path
from udi.kit.web_workers import SignalEvent

event = SignalEvent()
signal.signal(signal.SIGTERM, lambda *_: event.set())
main_thread = Path(f"/proc/self/task/{threading.get_native_id()}/stat")
ended = threading.Event()

def signal_once_main_sleeps():
    while main_thread.read_text().rpartition(")")[2].split()[0] != "S":
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    ended.wait()

threading.Thread(target=signal_once_main_sleeps, daemon=True).start()
event.wait()
print("awake")
"""
AT_EACH_LINE = """
import os, signal, sys
from udi.kit.web_workers import SignalEvent

event = SignalEvent()
signal.signal(signal.SIGTERM, lambda *_: event.set())
lines = 0
at_line = int(sys.argv[1])

def count_lines(frame, kind, _):
    global lines
    if kind == "line":
        lines += 1
        if lines == at_line:
            os.kill(os.getpid(), signal.SIGTERM)
    return count_lines

sys.settrace(count_lines)
event.wait()
print("awake")
"""
LINES = 2
"""Lines of `wait` that run before the main thread sleeps."""


def run(code: str, *arguments: str) -> str:
    """What a process prints."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.stdout.strip()


def test_a_signal_that_another_thread_gets_wakes_the_main_thread() -> None:
    assert run(TO_ANOTHER_THREAD) == "awake"


@pytest.mark.parametrize("line", range(1, LINES + 1))
def test_a_signal_at_any_line_before_the_sleep_wakes_the_main_thread(line: int) -> None:
    assert run(AT_EACH_LINE, str(line)) == "awake"
