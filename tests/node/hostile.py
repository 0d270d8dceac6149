"""What a hostile file could make a child do, as functions that a test runs in one."""

import atexit
import ctypes
import fcntl
import mmap
import os
import platform
import resource
import socket
import subprocess
import sys
import termios
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from udi.portal.nodes.harvest.harvest_format import get_reader, list_formats
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.profiles.profile import Profile


class SaidError(Exception):
    """One that the parent wants to hear of."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


ADD_KEY, KEYCTL = ((248, 250), (217, 219))[platform.machine() == "aarch64"]
"""Calls that the C library has no name for, by their numbers here."""
PRIVATE = 0
TRACE_ME = 0
FORGET_PARENT = 1
NEW_NETWORK = 0x40000000
NOWHERE = b"/no/such/folder"
TOO_LONG = 65
"""Signs of a name of a machine: one more than Linux takes."""


def call(name: str, *arguments: int | bytes | None) -> int:
    """Call a function of the C library.

    Raises:
        OSError: it failed.
    """
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    function.restype = ctypes.c_int
    result = int(
        function(
            *(
                ctypes.c_long(argument) if isinstance(argument, int) else argument
                for argument in arguments
            )
        )
    )
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


KERNEL = {
    "share memory": lambda: call("shmget", PRIVATE, 4096, 0o600),
    "make a semaphore": lambda: call("semget", PRIVATE, 1, 0o600),
    "make a queue of messages": lambda: call("msgget", PRIVATE, 0o600),
    "be traced": lambda: call("ptrace", TRACE_ME, 0, 0, 0),
    "read the memory of the parent": lambda: call(
        "process_vm_readv", os.getppid(), None, 0, None, 0, 0
    ),
    "keep a key": lambda: call("syscall", ADD_KEY, b"user", b"name", b"x", 1, -3),
    "read keys": lambda: call("syscall", KEYCTL, 0, -3, 0),
    "outlive the parent": lambda: call("prctl", FORGET_PARENT, 0, 0, 0, 0),
    "have signals sent to the parent": lambda: fcntl.fcntl(
        0, fcntl.F_SETOWN, os.getppid()
    ),
    "type at a terminal": lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"),
    "make a file of memory": lambda: os.memfd_create("x"),
    "have a network of its own": lambda: call("unshare", NEW_NETWORK),
    "mount": lambda: call("mount", b"none", NOWHERE, b"tmpfs", 0, None),
    "become another account": lambda: call(
        "syscall", (105, 146)[platform.machine() == "aarch64"], 65534
    ),
    "choose a processor": lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)),
    "set the name of the machine": lambda: call("sethostname", b"x", TOO_LONG),
}
"""What a program asks of the kernel, and no reading of a file needs.

Whatever lets it pass, this computer is as before: what would change it asks for something that cannot be.
"""


def attempt(operation: str, target: Path) -> str:
    """Try something that no table needs; what came of it."""
    operations = {
        **KERNEL,
        "ask about": target.stat,
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
        "limit the parent": lambda: resource.prlimit(
            os.getppid(), resource.RLIMIT_CORE, (0, 0)
        ),
    }
    try:
        operations[operation]()
    except OSError as error:
        return type(error).__name__
    return "done"


def make_memory_that_runs() -> str:
    """Ask for memory that is both written and run; what came of it."""
    try:
        mmap.mmap(
            -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        ).close()
    except OSError as error:
        return type(error).__name__
    return "done"


def measure() -> dict[str, int]:
    """Bytes that the process has in memory, and its threads."""
    lines = dict(
        line.split(":", 1)
        for line in Path("/proc/self/status").read_text().splitlines()
    )
    return {
        name: int(lines[name].split()[0])
        for name in ("VmHWM", "Threads", "NoNewPrivs", "Seccomp")
    }


def environment() -> list[str]:
    return sorted(os.environ)


def reverse(paths: tuple[Path, ...], *, twice: bool = False) -> list[Path]:
    if twice:
        return list(paths)
    return list(reversed(paths))


@dataclass(frozen=True)
class Report:
    """As a conversion gives it."""

    columns: tuple[TypedColumn, ...]
    day: date | None
    counts: Counter[tuple[str, str]]


def report(name: str) -> Report:
    return Report(
        (TypedColumn(name, ColumnType.DATE),),
        date(2026, 1, 31),
        Counter({(name, "no_such_day"): 3}),
    )


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


def recurse(depth: int = 0, held: bytes = b"") -> int:
    """Call itself without end; what each call holds fills the memory before long."""
    sys.setrecursionlimit(10**9)
    return recurse(depth + 1, bytes(8192))


def processor_left() -> float:
    """Seconds of a processor until the process is told to stop."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return resource.getrlimit(resource.RLIMIT_CPU)[0] - used.ru_utime - used.ru_stime


def own_pid() -> int:
    return os.getpid()


def write_at_exit(path: Path) -> None:
    """Have a file written when Python takes the process apart."""
    atexit.register(path.write_text, "still here")


def import_readers() -> list[str]:
    """Import what reads each format of catalogues; their modules."""
    return [get_reader(name).__module__ for name in list_formats()]


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
