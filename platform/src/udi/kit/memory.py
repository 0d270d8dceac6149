"""Memory of processes that live long: what they no longer use, and what they would keep apart for nothing."""

import ctypes
import gc
import resource
from contextlib import suppress

ARENA_MAX = -8
"""`M_ARENA_MAX` of the C library's `mallopt`."""
YOUNGEST = 10_000
"""New objects after which the collector looks through them. A page of the catalogue as RDF makes half as many and drops
them: with Python's 700 they were looked through seven times, an eighth of what the page takes.
"""


def postpone_collection() -> None:
    """Let the collector look at nothing until `begin_collection`: what a program loads stays, and to look through it again
    and again takes a third of its start.
    """
    gc.disable()


def begin_collection() -> None:
    """Let the collector look at what is made from now on; nothing happens where that was not postponed."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(YOUNGEST)
        gc.enable()


def use_single_arena() -> None:
    """Let all threads of this process take memory from one place: each would keep what it freed in a place of its own.

    For the start of a process whose threads mostly wait for one another; where the library cannot (musl), nothing happens.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(ARENA_MAX, 1)


def limit_data(most: int) -> None:
    """Let this process hold at most so many bytes of data; what asks for more fails there, and the machine goes on.

    A limit that is lower already is kept.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    finite_limits = [
        limit for limit in (soft, hard, most) if limit != resource.RLIM_INFINITY
    ]
    resource.setrlimit(resource.RLIMIT_DATA, (min(finite_limits), hard))


def release_memory() -> None:
    """Let the machine have what was freed: the C library keeps it for itself, between pieces that are still in use.

    After heavy work only, since it takes some milliseconds; where the library cannot (musl), nothing happens.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
