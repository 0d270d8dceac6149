"""Which files a process reaches: its program's own, some facts of the machine, the folders of its work; no port at all.

Landlock, which Linux has had since 5.13 (landlock(7), docs.kernel.org/userspace-api/landlock.html): a process gives up
for itself and its threads what it does not need, for good. Where the kernel has none, or is told to do without, nothing
happens.
"""

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from udi.kit.checkout import PYPROJECT

CREATE = 444
ADD = 445
RESTRICT = 446
"""Numbers of the calls, the same on every processor."""
VERSION = 1
BENEATH = 1
EXECUTE = 1 << 0
READ_FILE = 1 << 2
READ_FOLDER = 1 << 3
FILE_RIGHTS = EXECUTE | 1 << 1 | READ_FILE | 1 << 14 | 1 << 15
"""What may be said of a file: run, write, read, make shorter, and the calls of a device."""
FILE_RIGHTS_BY_VERSION = (13, 14, 15, 15, 16)
"""How many rights over files each version of Landlock knows, the last one's for those after it."""
PORTS_SINCE = 4
PORTS = 0b11
SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/vm",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/dev/null",
    "/dev/urandom",
)


def version() -> int:
    """The version that this kernel speaks; 0 when it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(_call(ctypes.CDLL(None), CREATE, 0, 0, VERSION), 0)


def restrict_paths(
    places: Iterable[Path], *, writes: bool, program: bool = True
) -> bool:
    """Reach `places` only, besides what a Python needs to run; write there only if `writes`. Whether the kernel sees to it.

    `program` False: not even what a Python needs, for one that has imported all that it will run.

    It counts for the calling thread and those that it starts: call it before there are others. The process must have
    given up new rights (`PR_SET_NO_NEW_PRIVS`).
    """
    spoken = version()
    if not spoken:
        return False
    libc = ctypes.CDLL(None)
    every = (
        1 << FILE_RIGHTS_BY_VERSION[min(spoken, len(FILE_RIGHTS_BY_VERSION)) - 1]
    ) - 1
    if spoken >= PORTS_SINCE:
        ruleset_attributes = struct.pack("@QQ", every, PORTS)
    else:
        ruleset_attributes = struct.pack("@Q", every)
    rules = _call(
        libc, CREATE, ctypes.c_char_p(ruleset_attributes), len(ruleset_attributes), 0
    )
    if rules < 0:
        return False
    try:
        looking = EXECUTE | READ_FILE | READ_FOLDER
        needed: tuple[str | Path, ...] = ()
        if program:
            needed = (
                *SYSTEM,
                sys.prefix,
                sys.base_prefix,
                *filter(None, sys.path),
                PYPROJECT,
            )
        for path in needed:
            _add_rule(libc, rules, Path(path), looking)
        for place in places:
            _add_rule(
                libc,
                rules,
                place,
                every & ~EXECUTE if writes else READ_FILE | READ_FOLDER,
            )
        return _call(libc, RESTRICT, rules, 0, 0) == 0
    finally:
        os.close(rules)


def _add_rule(libc: ctypes.CDLL, rules: int, place: Path, rights: int) -> None:
    """One rule; none for what is not there."""
    try:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= FILE_RIGHTS
        _call(
            libc,
            ADD,
            rules,
            BENEATH,
            ctypes.c_char_p(struct.pack("=Qi", rights, opened)),
            0,
        )
    finally:
        os.close(opened)


def _call(libc: ctypes.CDLL, number: int, *arguments: object) -> int:
    """A call of the kernel that the C library has no name for."""
    libc.syscall.restype = ctypes.c_long
    native_arguments = (
        ctypes.c_long(argument) if isinstance(argument, int) else argument
        for argument in arguments
    )
    return int(libc.syscall(ctypes.c_long(number), *native_arguments))
