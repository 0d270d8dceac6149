"""The calls of the kernel that a child may make (`udi.kit.sandbox`), by what they are for; all others are refused.

Found by watching with strace what children call between their walls and their end in all tests of tables, maps and
catalogues, on glibc 2.36; besides those, what other versions of the C library call for the same purpose.
Numbers are those of x86_64, then those of aarch64 (`asm/unistd_64.h` and `asm-generic/unistd.h` of Linux); -1 where a
processor has no such call.
"""

from dataclasses import dataclass

Numbers = tuple[int, int]

NEWEST = 424
"""From this number on, calls have one number on every processor; who may not make one is told that the kernel lacks it.

The C library then does with an older one: `clone` for `clone3`, `openat` for `openat2`, whose arguments a filter sees.
"""

COMPUTE: dict[str, Numbers] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "dup": (32, 23),
    "lseek": (8, 62),
    "brk": (12, 214),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    "mincore": (27, 232),
    "mbind": (237, 235),
    "get_mempolicy": (239, 236),
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "rseq": (334, 293),
    "membarrier": (324, 283),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "getcpu": (309, 168),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getrusage": (98, 165),
    "getrlimit": (97, 163),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "times": (100, 153),
    "getrandom": (318, 278),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, -1),
    "poll": (7, -1),
    "ppoll": (271, 73),
    "select": (23, -1),
    "pselect6": (270, 72),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_wait": (232, -1),
    "epoll_pwait": (281, 22),
    "eventfd2": (290, 19),
    "pipe": (22, -1),
    "pipe2": (293, 59),
}
"""Memory, threads, time and descriptors of the child's own."""

READ_FILES: dict[str, Numbers] = {
    "pread64": (17, 67),
    "preadv": (295, 69),
    "fstat": (5, 80),
    "stat": (4, -1),
    "lstat": (6, -1),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "access": (21, -1),
    "faccessat": (269, 48),
    "readlink": (89, -1),
    "readlinkat": (267, 78),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "fadvise64": (221, 223),
    "flock": (73, 32),
}
"""For a child that opens files; which ones, Landlock says. What it asks about one by its path, no wall sees."""

WRITE_FILES: dict[str, Numbers] = {
    "creat": (85, -1),
    "pwrite64": (18, 68),
    "pwritev": (296, 70),
    "unlink": (87, -1),
    "unlinkat": (263, 35),
    "rename": (82, -1),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, -1),
    "mkdirat": (258, 34),
    "rmdir": (84, -1),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "sync_file_range": (277, 84),
    "sendfile": (40, 71),
    "copy_file_range": (326, 285),
    "chmod": (90, -1),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "utimensat": (280, 88),
    "umask": (95, 166),
}
"""For a child that writes files."""


@dataclass(frozen=True)
class ArgumentRule:
    """A call that is allowed with some values of one of its arguments, counted from 0."""

    numbers: Numbers
    argument: int
    values: tuple[int, ...]


OPEN: tuple[tuple[Numbers, int], ...] = (((2, -1), 1), ((257, 56), 2))
"""`open` and `openat`, with the place of their flags."""
CLONE: Numbers = (56, 220)
CLONE_THREAD = 0x00010000
KILL: Numbers = (62, 129)
TGKILL: Numbers = (234, 131)
PRLIMIT64: Numbers = (302, 261)

SET_NAME = 15
SET_VMA = 0x53564D41
PRCTL = ArgumentRule((157, 167), 0, (SET_NAME, SET_VMA))
"""Names of threads and of memory (prctl(2)); never what ties the child to its parent."""
TCGETS = 0x5401
TIOCGWINSZ = 0x5413
FIONREAD = 0x541B
FIONCLEX = 0x5450
FIOCLEX = 0x5451
IOCTL = ArgumentRule((16, 29), 1, (TCGETS, TIOCGWINSZ, FIONREAD, FIONCLEX, FIOCLEX))
"""Whether a descriptor is a terminal, how much it holds, whether it is inherited (ioctl(2))."""
DUPFD, GETFD, SETFD, GETFL, SETFL, GETLK, SETLK, SETLKW = range(8)
OFD_GETLK = 36
OFD_SETLK = 37
OFD_SETLKW = 38
DUPFD_CLOEXEC = 1030
FCNTL = ArgumentRule(
    (72, 25),
    1,
    (
        DUPFD,
        GETFD,
        SETFD,
        GETFL,
        SETFL,
        GETLK,
        SETLK,
        SETLKW,
        OFD_GETLK,
        OFD_SETLK,
        OFD_SETLKW,
        DUPFD_CLOEXEC,
    ),
)
"""Flags and locks of a descriptor (fcntl(2)); never `F_SETOWN`, which has signals sent to another process."""
