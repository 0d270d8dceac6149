"""Memory that a long process no longer uses."""

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Let the machine have what was freed: the C library keeps it for itself, between pieces that are still in use.

    After heavy work only, since it takes some milliseconds; where the library cannot (musl), nothing happens.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
