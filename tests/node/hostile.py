"""What a hostile file could make a child do, as functions that a test runs in one."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from udi.node.tables.column import ColumnType, TypedColumn
from udi.node.tables.profile import Profile


class SaidError(Exception):
    """One that the parent wants to hear of."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def attempt(deed: str, target: Path) -> str:
    """Try something that no table needs; what came of it."""
    deeds = {
        "connect": lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
        "pair": socket.socketpair,
        "run": lambda: subprocess.run(["/bin/true"], check=False),
        "fork": os.fork,
        "signal the parent": lambda: os.kill(os.getppid(), 0),
        "read": target.read_text,
        "list": lambda: list(target.iterdir()),
        "write": lambda: target.write_text("x"),
        "empty": lambda: os.truncate(target, 0),
        "rename": lambda: target.rename(target.with_suffix(".gone")),
        "delete": target.unlink,
        "make a folder": lambda: target.with_suffix(".folder").mkdir(),
        "write much": lambda: target.write_text("x" * 5000),
        "open a socket": lambda: socket.socket().close(),
        "become another program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - what is tried
        "limit the parent": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE, (0, 0)),
    }
    try:
        deeds[deed]()
    except OSError as error:
        return type(error).__name__
    return "done"


def measure() -> dict[str, int]:
    """Bytes that the process has in memory, and its threads."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(lines[name].split()[0]) for name in ("VmHWM", "Threads", "NoNewPrivs", "Seccomp")}


def environment() -> list[str]:
    return sorted(os.environ)


def reverse(paths: tuple[Path, ...], *, twice: bool = False) -> list[Path]:
    return list(paths) if twice else list(reversed(paths))


@dataclass(frozen=True)
class Report:
    """As a conversion gives it."""

    columns: tuple[TypedColumn, ...]
    day: date | None
    counts: Counter[tuple[str, str]]


def report(name: str) -> Report:
    return Report((TypedColumn(name, ColumnType.DATE),), date(2026, 1, 31), Counter({(name, "no_such_day"): 3}))


def lie() -> list[int]:
    return ["not a number"]  # type: ignore[list-item]


def swell(size: int) -> int:
    return len(bytearray(size))


def spin() -> None:
    while True:
        pass


def wait(seconds: float) -> None:
    time.sleep(seconds)


def abort() -> None:
    os.abort()


def leave() -> None:
    os._exit(7)


def fail(secret: str) -> None:
    raise ValueError(secret)


def say(line: int) -> None:
    raise SaidError(line)


def recurse(depth: int = 0) -> int:
    sys.setrecursionlimit(10**9)
    return recurse(depth + 1)


def processor_left() -> float:
    """Seconds of a processor until the process is told to stop."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return resource.getrlimit(resource.RLIMIT_CPU)[0] - used.ru_utime - used.ru_stime


def own_pid() -> int:
    return os.getpid()


def nothing() -> None:
    """What a child that stands ready was asked."""


def profile_for_ever(_path: Path, _name: str, _size: int) -> Profile:
    while True:
        pass


def profile_at_length(_path: Path, _name: str, _size: int) -> Profile:
    return Profile("", str(len(bytearray(4 << 30))))


def profile_and_die(_path: Path, _name: str, _size: int) -> Profile:
    os.abort()


def profile_and_lie(_path: Path, _name: str, _size: int) -> Profile:
    return ["no profile"]  # type: ignore[return-value]  # an answer of the wrong kind
