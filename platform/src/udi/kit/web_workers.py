"""How many web workers a program has, where they count, the socket that systemd may hold for them, and what wakes their parent."""

import os
import select
import shutil
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where `prometheus_client` looks for the folder in which the workers of one program count."""
MEMORY_OF_EACH = 2 * 1024**3
"""Bytes of the machine's memory for each web worker of each program, with all else that runs on it."""
FIRST_PASSED = 3
"""The first descriptor that systemd passes (sd_listen_fds(3))."""


def count_web_workers(processors: int, memory: int, units: int = 1) -> int:
    """One for each processor, as far as the memory of the machine (bytes) allows; at least one.

    Several web units of a program on one machine share them.
    """
    return max(1, min(processors, round(memory / MEMORY_OF_EACH)) // units)


def measure_machine() -> tuple[int, int]:
    """Processors that this process may use, and bytes of memory of the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return len(os.sched_getaffinity(0)), memory


def prepare_metrics(state: Path, name: str, workers: int) -> None:
    """Give several workers an empty folder of this name to count in; one worker counts in its memory.

    It is called before anything imports `prometheus_client`, which looks at the environment then.
    """
    folder = state / "metrics" / name
    shutil.rmtree(folder, ignore_errors=True)
    os.environ.pop(METRICS_FOLDER, None)
    if workers > 1:
        folder.mkdir(parents=True)
        os.environ[METRICS_FOLDER] = str(folder)


def take_passed_socket() -> int | None:
    """The listening socket that systemd passes to this very process; None: it passes none."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    passed = int(os.environ.get("LISTEN_FDS", "0"))
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    if passed != 1:
        return None
    os.set_inheritable(FIRST_PASSED, False)
    return FIRST_PASSED


class SignalEvent(threading.Event):
    """An event that the handler of a signal sets while the main thread waits for it.

    With `threading.Event` a signal that comes just before the thread falls asleep, or that the kernel gives to another
    thread, wakes nobody, and one that comes while the thread holds the event's lock waits for itself. Here the signal
    itself writes to the socket on which the main thread sleeps (`signal.set_wakeup_fd`); it is made in that thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self._occurred = False
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)

    def is_set(self) -> bool:
        return self._occurred

    def set(self) -> None:
        self._occurred = True
        with suppress(BlockingIOError):  # full: who waits has something to read already
            self._sender.send(b"\0")

    def clear(self) -> None:
        self._occurred = False

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is set; with a timeout (seconds), until a signal or that time at most."""
        while not self._occurred:
            select.select([self._receiver], [], [], timeout)
            with suppress(BlockingIOError):
                self._receiver.recv(1024)
            if timeout is not None:
                break
        return self._occurred
