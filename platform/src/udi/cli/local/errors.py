"""What stops `udi up`, said in one sentence."""

import errno
from pathlib import Path

from udi.kit.errors import UnreleasedRevisionError

FULL = (errno.ENOSPC, errno.EDQUOT)
FULL_WORDS = ("no space left on device", "disk quota exceeded", "could not extend file")


class LocalError(Exception):
    """A cause and its remedy, in one sentence for the person at the terminal."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}: {remedy}.")


def disk_full(where: object) -> LocalError:
    """The refusal for a disk without room."""
    return LocalError(
        f"The disk that holds {where} is full",
        "make room, then run the same command again",
    )


def explain(error: Exception, details: Path) -> str:
    """Whatever stopped us, as a sentence; `details` is the file that holds the rest."""
    if isinstance(error, LocalError | UnreleasedRevisionError):
        return str(error)
    if any(words in str(error).lower() for words in FULL_WORDS):
        return str(disk_full("the state folder or the cache"))
    if isinstance(error, OSError) and error.filename:
        return str(explain_refusal(error))
    return f"{(str(error) or type(error).__name__).rstrip('.')}: the details are in {details}."


def explain_refusal(error: OSError) -> LocalError:
    """An operating system's refusal, as a sentence."""
    where = error.filename or "the state folder or the cache"
    if error.errno in FULL:
        return disk_full(where)
    cause = f"{where} cannot be used ({error.strerror or error})"
    return LocalError(
        cause, "correct its rights, or name other folders in UDI_STATE and UDI_CACHE"
    )
