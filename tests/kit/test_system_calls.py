"""The filter of calls as the kernel reads it, on both processors: a small machine for its program, and the kernel's headers."""

import errno
import re
import struct
import subprocess
from pathlib import Path

import pytest

from udi.kit import system_calls
from udi.kit.sandbox import MACHINES, ProcessLimits, write_filter

PID = 4321
OTHER = 2**64 - 1 - system_calls.CLONE_THREAD
"""An argument that no rule allows."""
HEADERS = {
    "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}
READS = ProcessLimits(100)
WRITES = ProcessLimits(100, 1000)
COMPUTES = ProcessLimits(100, modules=("udi.kit.clock",))
DANGEROUS = {
    "x86_64": {
        "socket": 41, "connect": 42, "bind": 49, "socketpair": 53, "fork": 57, "vfork": 58, "execve": 59, "execveat": 322,
        "shmget": 29, "shmat": 30, "shmctl": 31, "semget": 64, "semop": 65, "msgget": 68, "msgsnd": 69, "ptrace": 101,
        "setuid": 105, "setgid": 106, "setresuid": 117, "capset": 126, "personality": 135, "mount": 165, "umount2": 166,
        "chroot": 161, "pivot_root": 155, "init_module": 175, "finit_module": 313, "reboot": 169, "setns": 308,
        "unshare": 272, "add_key": 248, "request_key": 249, "keyctl": 250, "process_vm_readv": 310, "bpf": 321,
        "process_vm_writev": 311, "memfd_create": 319, "userfaultfd": 323, "perf_event_open": 298, "tkill": 200,
        "open_by_handle_at": 304, "name_to_handle_at": 303, "link": 86, "symlink": 88, "mknod": 133, "chown": 92,
        "setxattr": 188, "getxattr": 191, "kcmp": 312, "syslog": 103, "inotify_init1": 294, "fanotify_init": 300,
        "mq_open": 240, "sched_setaffinity": 203, "setpriority": 141, "setrlimit": 160, "swapon": 167, "kexec_load": 246,
        "io_uring_setup": 425, "pidfd_open": 434, "pidfd_send_signal": 424, "pidfd_getfd": 438, "openat2": 437,
        "clone3": 435, "process_madvise": 440, "landlock_restrict_self": 446, "memfd_secret": 447, "open_tree": 428,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "bind": 200, "socketpair": 199, "execve": 221, "execveat": 281, "shmget": 194,
        "shmat": 196, "shmctl": 195, "semget": 190, "semop": 193, "msgget": 186, "msgsnd": 189, "ptrace": 117,
        "setuid": 146, "setgid": 144, "setresuid": 147, "capset": 91, "personality": 92, "mount": 40, "umount2": 39,
        "chroot": 51, "pivot_root": 41, "init_module": 105, "finit_module": 273, "reboot": 142, "setns": 268,
        "unshare": 97, "add_key": 217, "request_key": 218, "keyctl": 219, "process_vm_readv": 270, "bpf": 280,
        "process_vm_writev": 271, "memfd_create": 279, "userfaultfd": 282, "perf_event_open": 241, "tkill": 130,
        "open_by_handle_at": 265, "linkat": 37, "symlinkat": 36, "mknodat": 33, "fchownat": 54, "setxattr": 5,
        "getxattr": 8, "kcmp": 272, "syslog": 116, "sched_setaffinity": 122, "setpriority": 140, "setrlimit": 164,
        "io_uring_setup": 425, "pidfd_open": 434, "openat2": 437, "clone3": 435, "landlock_restrict_self": 446,
    },
}  # fmt: skip
"""What no child may do, copied from the manual (syscalls(2)) and not from the table under test."""


def answer(
    limits: ProcessLimits, machine: str, number: int, *arguments: int
) -> int | None:
    """What the filter answers to a call: 0 when it is allowed, an error number, or None when the process is ended."""
    architecture, place = MACHINES[machine]
    steps = [
        struct.unpack("<HBBI", step)
        for step in write_filter(architecture, place, limits=limits, pid=PID)
    ]
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    accumulator = position = 0
    while True:
        code, yes, no, value = steps[position]
        position += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif code == 0x06:
            return {0x7FFF0000: 0, 0x80000000: None}.get(value, value & 0xFFFF)
        else:
            passes = {
                0x15: accumulator == value,
                0x35: accumulator >= value,
                0x45: bool(accumulator & value),
            }[code]
            position += yes if passes else no


@pytest.mark.parametrize(
    "limits", [READS, WRITES, COMPUTES], ids=["reads", "writes", "computes"]
)
@pytest.mark.parametrize("machine", MACHINES)
def test_no_child_makes_a_dangerous_call(machine: str, limits: ProcessLimits) -> None:
    allowed = [
        name
        for name, number in DANGEROUS[machine].items()
        if answer(limits, machine, number) == 0
    ]

    assert allowed == []


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_not_named_is_refused(machine: str) -> None:
    place = MACHINES[machine][1]
    tables = (system_calls.COMPUTE, system_calls.READ_FILES, system_calls.WRITE_FILES)
    named = {numbers[place] for table in tables for numbers in table.values()}
    named |= {numbers[place] for numbers, _ in system_calls.OPEN}

    assert {
        number
        for number in range(1000)
        if answer(WRITES, machine, number, *[OTHER] * 6) == 0
    } == named - {-1}
    assert answer(WRITES, machine, 423) == errno.EPERM
    assert answer(WRITES, machine, 424) == errno.ENOSYS
    assert answer(WRITES, machine, 0x40000000) is None


@pytest.mark.parametrize("machine", MACHINES)
def test_a_child_that_may_not_write_opens_nothing_to_write(machine: str) -> None:
    place = MACHINES[machine][1]
    openat = system_calls.OPEN[1][0][place]

    assert [answer(READS, machine, openat, 0, 0, flags) for flags in (0, 0o1, 0o2, 0o100, 0o1000)] == [
        0, errno.EPERM, errno.EPERM, errno.EPERM, errno.EPERM,
    ]  # fmt: skip
    assert answer(WRITES, machine, openat, 0, 0, 0o101) == 0
    assert answer(COMPUTES, machine, openat, 0, 0, 0) == errno.EPERM
    for table, limits in (
        (system_calls.WRITE_FILES, READS),
        (system_calls.READ_FILES, COMPUTES),
    ):
        numbers = [
            call_numbers[place]
            for call_numbers in table.values()
            if call_numbers[place] >= 0
        ]
        assert {answer(limits, machine, number) for number in numbers} == {errno.EPERM}


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_with_rules_are_allowed_for_some_arguments_only(machine: str) -> None:
    place = MACHINES[machine][1]
    kill = system_calls.KILL[place]
    tgkill = system_calls.TGKILL[place]
    limit = system_calls.PRLIMIT64[place]
    clone = system_calls.CLONE[place]
    prctl = system_calls.PRCTL.numbers[place]
    ioctl = system_calls.IOCTL.numbers[place]
    fcntl = system_calls.FCNTL.numbers[place]

    for number in (kill, tgkill):
        assert [answer(READS, machine, number, pid) for pid in (PID, 1, 0)] == [
            0,
            errno.EPERM,
            errno.EPERM,
        ]
    assert [answer(READS, machine, limit, pid) for pid in (0, 1)] == [0, errno.EPERM]
    assert [answer(READS, machine, clone, flags) for flags in (0x10000, 0x11)] == [
        0,
        errno.EPERM,
    ]
    assert [answer(READS, machine, prctl, option) for option in (15, 1, 4, 22)] == [
        0,
        *[errno.EPERM] * 3,
    ]
    assert [
        answer(READS, machine, ioctl, 0, command) for command in (0x5401, 0x5412)
    ] == [0, errno.EPERM]
    assert [answer(READS, machine, fcntl, 0, command) for command in (1, 8, 15)] == [
        0,
        errno.EPERM,
        errno.EPERM,
    ]


@pytest.mark.programs
@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    header_numbers = read_header(machine)
    place = MACHINES[machine][1]
    tables = (system_calls.COMPUTE, system_calls.READ_FILES, system_calls.WRITE_FILES)
    ours = {name: numbers[place] for table in tables for name, numbers in table.items()}
    ours |= {
        "clone": system_calls.CLONE[place],
        "kill": system_calls.KILL[place],
        "tgkill": system_calls.TGKILL[place],
    }
    ours |= {
        "prlimit64": system_calls.PRLIMIT64[place],
        "openat": system_calls.OPEN[1][0][place],
    }
    ours |= {
        "prctl": system_calls.PRCTL.numbers[place],
        "ioctl": system_calls.IOCTL.numbers[place],
    }
    ours["fcntl"] = system_calls.FCNTL.numbers[place]

    assert {
        name: number
        for name, number in ours.items()
        if header_numbers.get(name, -1) != number
    } == {}


def read_header(machine: str) -> dict[str, int]:
    """Numbers by name, from Linux's own header (Debian's `linux-libc-dev`)."""
    header = Path(HEADERS[machine])
    if not header.exists():
        pytest.skip(f"needs what this machine has not: {header} of linux-libc-dev")
    options = [
        "-D__BITS_PER_LONG=64",
        "-D__ARCH_WANT_RENAMEAT",
        "-D__ARCH_WANT_NEW_STAT",
        "-D__ARCH_WANT_SET_GET_RLIMIT",
    ]
    try:
        done = subprocess.run(
            ["cc", "-E", "-dM", *options, "-include", str(header), "-x", "c", "/dev/null"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("needs what this machine has not: a C compiler")
    defined = dict(re.findall(r"^#define (\w+) (\w+)$", done.stdout, re.MULTILINE))
    numbers: dict[str, int] = {}
    for name, value in defined.items():
        number = defined.get(value, value)
        if name.startswith("__NR_") and number.isdigit():
            numbers[name.removeprefix("__NR_")] = int(number)
    return numbers
