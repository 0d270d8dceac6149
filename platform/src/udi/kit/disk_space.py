"""A disk without room: distinguished from the faults of a file, so that its reading is tried again."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from udi.kit.errors import UnavailableError

FULL = {errno.ENOSPC, errno.EDQUOT}
WORDS = "No space left on device"


class DiskFullError(UnavailableError):
    """The disk on which files are read is full; the same call may do later."""

    def __init__(self) -> None:
        super().__init__(
            "The disk on which this node reads files is full.",
            remedy="Nothing was lost: try again in a few minutes.",
            headers={"Retry-After": "30"},
        )


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, of ours or of a library that wrote a file, comes of a full disk."""
    return (isinstance(error, OSError) and error.errno in FULL) or WORDS in str(error)


@contextmanager
def detect_full_disk() -> Iterator[None]:
    """Work that writes files.

    Raises:
        DiskFullError: the disk is full.
    """
    try:
        yield
    except Exception as error:
        if is_disk_full(error):
            raise DiskFullError from error
        raise
