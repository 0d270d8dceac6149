"""The walls of a child process: no new rights, no network, no other program or file, so much memory, time and room.

Put up by the child itself before it reads anything. They hold for an account without rights, under systemd's own
walls and for root; where the kernel cannot filter calls or keep files back, the limits remain.
What is allowed is named (`udi.kit.system_calls`); every other call of the kernel is refused.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from udi.kit import system_calls
from udi.kit.landlock import restrict_paths
from udi.kit.system_calls import ArgumentRule

PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65
REFUSE_EXECUTABLE = 1
FILTERED = 2
LOAD = 0x20
EQUAL = 0x15
AT_LEAST = 0x35
ANY_BIT = 0x45
RETURN = 0x06
NUMBER = 0
ARCHITECTURE = 4
FIRST_ARGUMENT = 16
ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
REFUSE = 0x00050000
OTHER_ABI = 0x40000000
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""The kernel's word for each kind of processor, and the place of its numbers in `system_calls`."""
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class ProcessLimits:
    """What a child may use; `file_bytes` 0: it may write nothing at all.

    `places` are the folders that it reaches, besides its own program; none: the one for temporary files.
    `modules` are imported before the walls are put up; a child that is given some reaches no file at all afterwards,
    not even its own program's, and cannot ask whether one is there.
    """

    memory_mb: int
    file_bytes: int = 0
    files: int = 64
    places: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


def enter_sandbox(limits: ProcessLimits, parent: int) -> bool:
    """Put the walls up in this process, which dies with its parent; whether the kernel filters its calls."""
    if not sys.platform.startswith("linux"):
        _set_limits(limits, processes=None)
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    Path("/proc/self/oom_score_adj").write_text("1000")
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_MDWE, REFUSE_EXECUTABLE, 0, 0, 0)
    restrict_paths(
        map(Path, limits.places),
        writes=limits.file_bytes > 0,
        program=not limits.modules,
    )
    _set_limits(limits, processes=None)
    filtered = _install_filter(libc, limits)
    if not filtered:
        _set_limits(limits, processes=_own_tasks() + 64)
    return filtered


def limit_cpu_time(seconds: float) -> None:
    """Let this process use the processor for so long from now, then be told to stop."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(
        resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1])
    )


def _set_limits(limits: ProcessLimits, *, processes: int | None) -> None:
    value_by_kind = {
        resource.RLIMIT_AS: limits.memory_mb * MEBIBYTE,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.files,
        resource.RLIMIT_CORE: 0,
    }
    if processes is not None:
        value_by_kind[resource.RLIMIT_NPROC] = processes
    for kind, value in value_by_kind.items():
        hardest = resource.getrlimit(kind)[1]
        if hardest == resource.RLIM_INFINITY:
            bounded = value
        else:
            bounded = min(value, hardest)
        resource.setrlimit(kind, (bounded, bounded))


def _own_tasks() -> int:
    """Threads of this account, which RLIMIT_NPROC counts."""
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == os.geteuid():
                count += len(list((folder / "task").iterdir()))
        except OSError:
            continue
    return count


def _install_filter(libc: ctypes.CDLL, limits: ProcessLimits) -> bool:
    machine = MACHINES.get(platform.machine())
    if machine is None or sys.byteorder != "little":
        return False
    code = b"".join(write_filter(*machine, limits=limits, pid=os.getpid()))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    return bool(
        libc.prctl(PR_SET_SECCOMP, FILTERED, ctypes.c_char_p(program), 0, 0) == 0
    )


def write_filter(
    architecture: int, place: int, *, limits: ProcessLimits, pid: int
) -> Iterator[bytes]:
    """A classic BPF program over `struct seccomp_data`, for the process `pid`: what is not named is refused.

    It answers EPERM, and ENOSYS to calls of `system_calls.NEWEST` and after; a call of another processor ends the process.
    """
    yield _instruction(LOAD, ARCHITECTURE)
    yield _instruction(EQUAL, architecture, yes=1)
    yield _instruction(RETURN, KILL_PROCESS)
    yield _instruction(LOAD, NUMBER)
    yield _instruction(AT_LEAST, OTHER_ABI, no=1)
    yield _instruction(RETURN, KILL_PROCESS)
    for numbers in _list_allowed_calls(limits).values():
        if numbers[place] >= 0:
            yield _instruction(EQUAL, numbers[place], no=1)
            yield _instruction(RETURN, ALLOW)
    for rule in _list_argument_rules(pid):
        yield from _check_argument(
            rule.numbers[place],
            rule.argument,
            [(EQUAL, value) for value in rule.values],
        )
    yield from _check_argument(
        system_calls.CLONE[place], 0, [(ANY_BIT, system_calls.CLONE_THREAD)]
    )
    if not limits.modules:
        for numbers, argument in system_calls.OPEN:
            yield from _check_opening(
                numbers[place], argument, writes=limits.file_bytes > 0
            )
    yield _instruction(AT_LEAST, system_calls.NEWEST, no=1)
    yield _instruction(RETURN, REFUSE | errno.ENOSYS)
    yield _instruction(RETURN, REFUSE | errno.EPERM)


def _list_allowed_calls(limits: ProcessLimits) -> dict[str, system_calls.Numbers]:
    """Calls that are allowed with any argument."""
    allowed = dict(system_calls.COMPUTE)
    if not limits.modules:
        allowed |= system_calls.READ_FILES
        if limits.file_bytes > 0:
            allowed |= system_calls.WRITE_FILES
    return allowed


def _list_argument_rules(pid: int) -> tuple[ArgumentRule, ...]:
    """Calls that are allowed for the child itself, or for some purposes."""
    return (
        system_calls.PRCTL,
        system_calls.IOCTL,
        system_calls.FCNTL,
        ArgumentRule(system_calls.KILL, 0, (pid,)),
        ArgumentRule(system_calls.TGKILL, 0, (pid,)),
        ArgumentRule(system_calls.PRLIMIT64, 0, (0,)),
    )


def _check_argument(
    number: int, argument: int, tests: Sequence[tuple[int, int]]
) -> Iterator[bytes]:
    """Allow a call when one of its arguments passes one of the tests, else refuse it."""
    if number < 0:
        return
    yield _instruction(EQUAL, number, no=2 * len(tests) + 2)
    yield _instruction(LOAD, FIRST_ARGUMENT + 8 * argument)
    for test, value in tests:
        yield _instruction(test, value, no=1)
        yield _instruction(RETURN, ALLOW)
    yield _instruction(RETURN, REFUSE | errno.EPERM)


def _check_opening(number: int, argument: int, *, writes: bool) -> Iterator[bytes]:
    """Allow a file to be opened, to be written only if `writes`."""
    if number < 0:
        return
    yield _instruction(EQUAL, number, no=4)
    yield _instruction(LOAD, FIRST_ARGUMENT + 8 * argument)
    yield _instruction(ANY_BIT, 0 if writes else WRITES, no=1)
    yield _instruction(RETURN, REFUSE | errno.EPERM)
    yield _instruction(RETURN, ALLOW)


def _instruction(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)
