"""Counts of several web workers of one program: each has a file, and whichever is asked adds them all up.

The library `prometheus_client` would begin a file with each process, and a sum that loses the file of one that ended
would go backwards. Here a worker has a number that no other living one has; one that takes the place of a worker that
ended has its number, goes on in its files, and there are never more files than workers at once.
"""

import fcntl
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psutil
from prometheus_client import values
from prometheus_client.multiprocess import MultiProcessCollector

from udi.kit.web_workers import METRICS_FOLDER

MAIN = 0
"""The number of the process that watches over the workers, which counts nothing."""


class WorkerNumber:
    """The lowest number from 1 that no living worker of the program has; the kernel frees it when the worker ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = os.getpid()
        self._number = MAIN
        self._lock: int | None = None

    def __call__(self) -> int:
        """The number of this process."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._number = self._claim()
        return self._number

    def _claim(self) -> int:
        for number in count(1):
            path = self._folder / f"worker-{number}.lock"
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                continue
            self._lock = lock
            return number
        raise AssertionError


@dataclass(frozen=True)
class WorkerMetrics:
    """What the workers of one program count together."""

    collector: MultiProcessCollector
    main_pid: int

    @classmethod
    def find(cls) -> "WorkerMetrics | None":
        """The one of this program; None where it has one web worker, which counts in its memory.

        It is called by the process that watches, before it forks the workers.
        """
        folder = os.environ.get(METRICS_FOLDER)
        if folder is None:
            return None
        values.ValueClass = values.MultiProcessValue(WorkerNumber(Path(folder)))
        return cls(MultiProcessCollector(None, folder), os.getpid())

    def measure_memory(self) -> int:
        """Bytes of memory of the process that watches and of its workers; a shared page is counted once.

        Raises:
            psutil.Error: the system does not say it of one of them.
        """
        main = psutil.Process(self.main_pid)
        workers = [child for child in main.children() if child.pid != os.getpid()]
        total = 0
        for process in (main, psutil.Process(), *workers):
            try:
                total += process.memory_full_info().pss
            except psutil.NoSuchProcess:
                continue
        return total
