"""Stops what a run of the tests started, however the run ended: a watcher beside pytest, as `udi up` has one.

It waits until pytest says that it is done, or is gone, then ends every program that has the run's folder in its
environment or in a `.pid` file of that folder, with all that those started, and deletes the folder.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

RUN = "UDI_TEST_RUN"
"""The folder of the run, in the environment of all that it starts."""
WITHIN = "UDI_TEST_WITHIN"
"""The same, for a run that a test starts: it has a folder of its own, and ends with the run around it."""
COMMAND = "UDI_TEST_COMMAND"
"""The process of `./udi test`, whose end is the run's."""
DONE = b"done\n"
PAUSE = 0.5
PATIENCE = 10.0
"""Seconds that a program of a run may take to end by itself."""
LONGEST = 60.0
FAST_STOP = {
    "postgres": signal.SIGQUIT,
    "keycloak": signal.SIGKILL,
    "s3": signal.SIGKILL,
}
"""Nothing is kept of the run's servers, and a Keycloak that ends in order takes ten seconds for it."""


def name_run() -> dict[str, str]:
    """What the environment of a program says for the reaper to find it, and whatever it becomes, by."""
    return {name: os.environ[name] for name in (RUN, WITHIN) if name in os.environ}


class Reaper:
    """The watcher, as pytest sees it; `patience` are the seconds that a program may take to end by itself."""

    def __init__(self, folder: Path, patience: float = PATIENCE) -> None:
        watched = [os.getpid()]
        if COMMAND in os.environ:
            watched.append(int(os.environ[COMMAND]))
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                __file__,
                str(folder),
                str(patience),
                *map(str, watched),
            ],
            stdin=subprocess.PIPE,
            start_new_session=True,
            env={
                name: value
                for name, value in os.environ.items()
                if name not in {RUN, WITHIN}
            },
        )

    def end_run(self) -> None:
        """Have everything of the run stopped and its folder deleted, and wait for it."""
        self._process.communicate(DONE)


def main(folder: Path, patience: float, watched: Sequence[int]) -> None:
    """Wait for the end of the run, then leave nothing of it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    started = folder.stat().st_mtime
    processes = [psutil.Process(pid) for pid in watched if psutil.pid_exists(pid)]
    if not wait_for_end(processes):
        for process in processes:
            send(process, signal.SIGTERM)
        kill_after(patience, processes)
    end_programs(folder, started, patience)
    shutil.rmtree(folder, ignore_errors=True)


def wait_for_end(watched: Sequence[psutil.Process]) -> bool:
    """Wait until pytest is done; whether it said so, or is gone."""
    while all(map(is_alive, watched)):
        readable, _, _ = select.select([sys.stdin], [], [], PAUSE)
        if readable:
            return os.read(sys.stdin.fileno(), len(DONE)) == DONE
    return False


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs, and is not only waiting for its parent to see that it ended."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def is_gone(pid: int) -> bool:
    """Whether no program runs under this number any more; it may end, and be forgotten, while we look."""
    with suppress(psutil.NoSuchProcess):
        return not is_alive(psutil.Process(pid))
    return True


def end_programs(folder: Path, started: float, patience: float) -> None:
    """End all programs of the run, those too that begin meanwhile."""
    deadline = time.monotonic() + LONGEST
    while (programs := find_programs(folder, started)) and time.monotonic() < deadline:
        servers = {pid: path.stem for path, pid in read_pids(folder)}
        for process in programs:
            send(process, FAST_STOP.get(servers.get(process.pid, ""), signal.SIGTERM))
        kill_after(patience, programs)


def kill_after(patience: float, processes: Sequence[psutil.Process]) -> None:
    """Wait for processes that were asked to end, and kill those that do not."""
    deadline = time.monotonic() + patience
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in filter(is_alive, processes):
        send(process, signal.SIGKILL)


def send(process: psutil.Process, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.send_signal(number)


def find_programs(folder: Path, started: float) -> list[psutil.Process]:
    """The programs of the run and all that they started, except those that wait to be seen as ended."""
    servers = {pid for _, pid in read_pids(folder)}
    processes_by_pid: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            is_server = process.pid in servers and process.create_time() >= started - 1
            if is_server or is_started_by(process, folder):
                family = [process, *process.children(recursive=True)]
                processes_by_pid.update({member.pid: member for member in family})
    processes_by_pid.pop(os.getpid(), None)
    return [process for process in processes_by_pid.values() if is_alive(process)]


def is_started_by(process: psutil.Process, folder: Path) -> bool:
    """Whether its environment names the folder as that of its run."""
    environment = process.environ()
    return str(folder) in {environment.get(RUN), environment.get(WITHIN)}


def read_pids(folder: Path) -> list[tuple[Path, int]]:
    """The servers of the run, as noted when they started."""
    paths = folder.glob("*.pid")
    return [
        (path, int(text))
        for path in paths
        if (text := path.read_text().strip()).isdigit()
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), [int(pid) for pid in sys.argv[3:]])
