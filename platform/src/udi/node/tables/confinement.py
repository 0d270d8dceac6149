"""The walls of a child process: no new rights, no network, no other program or file, so much memory, time and room.

Put up by the child itself before it reads anything. They hold for an account without rights, under systemd's own
walls and for root; where the kernel cannot filter calls or keep files back, the limits remain.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from udi.node.tables.landlock import enclose

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
FILTERED = 2
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
OTHER_ABI = 0x40000000
CLONE_THREAD = 0x00010000
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""The kernel's word for each kind of processor, and the place of its number below; -1: it has no such call."""
NEVER = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "execve": (59, 221), "execveat": (322, 281), "fork": (57, -1),
    "vfork": (58, -1), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "tkill": (200, 130),
    "io_uring_setup": (425, 425), "bpf": (321, 280), "perf_event_open": (298, 241), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "userfaultfd": (323, 282), "unshare": (272, 97),
    "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "init_module": (175, 105), "finit_module": (313, 273), "kexec_load": (246, 104), "reboot": (169, 142),
    "setuid": (105, 146), "setgid": (106, 144),
}  # fmt: skip
MISSING = {"clone3": (435, 435), "openat2": (437, 437)}
"""Calls whose arguments a filter cannot see: programs do with an older one when told that they are not there."""
READ_ONLY = {
    "creat": (85, -1), "unlink": (87, -1), "unlinkat": (263, 35), "rename": (82, -1), "renameat": (264, 38),
    "renameat2": (316, 276), "mkdir": (83, -1), "mkdirat": (258, 34), "rmdir": (84, -1), "link": (86, -1),
    "linkat": (265, 37), "symlink": (88, -1), "symlinkat": (266, 36), "truncate": (76, 45), "ftruncate": (77, 46),
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, -1), "fchown": (93, 55),
    "fchownat": (260, 54), "mknod": (133, -1), "mknodat": (259, 33),
}  # fmt: skip
CLONE, KILL_PROCESS, KILL_THREAD, OPEN, OPENAT = (56, 220), (62, 129), (234, 131), (2, -1), (257, 56)
SET_LIMIT = (302, 261)
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What a child may use; `file_bytes` 0: it may write nothing at all.

    `places` are the folders that it reaches, besides its own program; none: the one for temporary files.
    """

    memory_mb: int
    file_bytes: int = 0
    files: int = 64
    places: tuple[str, ...] = ()


def confine(limits: Limits, parent: int) -> bool:
    """Put the walls up in this process, which dies with its parent; whether the kernel filters its calls."""
    if not sys.platform.startswith("linux"):
        _limit(limits, processes=None)
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    Path("/proc/self/oom_score_adj").write_text("1000")
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    enclose(map(Path, limits.places), writes=limits.file_bytes > 0)
    _limit(limits, processes=None)
    filtered = _filter(libc, writes=limits.file_bytes > 0)
    if not filtered:
        _limit(limits, processes=_own_tasks() + 64)
    return filtered


def spend(seconds: float) -> None:
    """Let this process use the processor for so long from now, then be told to stop."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _limit(limits: Limits, *, processes: int | None) -> None:
    wanted = {
        resource.RLIMIT_AS: limits.memory_mb * MEBIBYTE,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.files,
        resource.RLIMIT_CORE: 0,
    }
    if processes is not None:
        wanted[resource.RLIMIT_NPROC] = processes
    for kind, value in wanted.items():
        hardest = resource.getrlimit(kind)[1]
        bounded = value if hardest == resource.RLIM_INFINITY else min(value, hardest)
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


def _filter(libc: ctypes.CDLL, *, writes: bool) -> bool:
    machine = MACHINES.get(platform.machine())
    if machine is None or sys.byteorder != "little":
        return False
    code = b"".join(_program(*machine, writes=writes))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    return bool(libc.prctl(PR_SET_SECCOMP, FILTERED, ctypes.c_char_p(program), 0, 0) == 0)


def _program(architecture: int, place: int, *, writes: bool) -> Iterator[bytes]:
    """A classic BPF program over `struct seccomp_data`: what is not named here is allowed."""
    yield _step(LOAD, ARCHITECTURE)
    yield _step(EQUAL, architecture, yes=1)
    yield _step(RETURN, KILL)
    yield _step(LOAD, NUMBER)
    yield _step(AT_LEAST, OTHER_ABI, no=1)
    yield _step(RETURN, KILL)
    refused = NEVER if writes else NEVER | READ_ONLY
    for calls, answer in ((refused, errno.EPERM), (MISSING, errno.ENOSYS)):
        for numbers in calls.values():
            if numbers[place] >= 0:
                yield _step(EQUAL, numbers[place], no=1)
                yield _step(RETURN, REFUSE | answer)
    yield from _judge(CLONE[place], 0, ANY_BIT, CLONE_THREAD, others=REFUSE | errno.EPERM, these=ALLOW)
    for numbers, whom in ((KILL_PROCESS, os.getpid()), (KILL_THREAD, os.getpid()), (SET_LIMIT, 0)):
        yield from _judge(numbers[place], 0, EQUAL, whom, others=REFUSE | errno.EPERM, these=ALLOW)
    if not writes:
        for numbers, argument in ((OPEN, 1), (OPENAT, 2)):
            yield from _judge(numbers[place], argument, ANY_BIT, WRITES, others=ALLOW, these=REFUSE | errno.EPERM)
    yield _step(RETURN, ALLOW)


def _judge(number: int, argument: int, test: int, value: int, *, others: int, these: int) -> Iterator[bytes]:
    """Answer one call by one of its arguments."""
    if number >= 0:
        yield _step(EQUAL, number, no=4)
        yield _step(LOAD, FIRST_ARGUMENT + 8 * argument)
        yield _step(test, value, no=1)
        yield _step(RETURN, these)
        yield _step(RETURN, others)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)
