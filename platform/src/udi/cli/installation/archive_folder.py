"""The folder of the archives that operators request: which files are its own, how much room it leaves to others."""

import errno
import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import structlog

from udi.cli.local.errors import LocalError
from udi.kit.clock import now

log = structlog.get_logger()
LOCK = ".lock"
NAME = re.compile(r"[a-z0-9][a-z0-9-]*-\d{4}-\d{2}-\d{2}-[0-9a-f]{8}\.tar")
"""`<slug>-<day>-<start of the request's identifier>.tar`: no other file of the folder is touched."""
RESERVE_SHARE = 0.1
LEAST_RESERVE = 5 * 1000**3
"""Bytes of the disk that no archive takes, or the share of it, whichever is more: databases may write there."""
FILE_FAULTS = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.EIO,
    }
)
"""Errors of the file itself, which do not pass by waiting; any other may be a database or a service that does not answer."""


def name_archive(slug: str, request: UUID) -> str:
    """The name of the archive that a request gives."""
    return f"{slug}-{now().date().isoformat()}-{request.hex[:8]}.tar"


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Make the folder, readable by its owner alone, and keep other processes from writing archives there.

    Raises:
        LocalError: another process does, or the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LocalError(
            f"{folder} cannot be written ({error.strerror})", "name another folder"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _delete_partials(folder)
        yield
    except BlockingIOError as error:
        raise LocalError(
            f"Archives are made in {folder} already", "stop the other process first"
        ) from error
    finally:
        os.close(descriptor)


def reserve_of(folder: Path) -> int:
    """Bytes of the disk of this folder that archives leave free."""
    share = int(shutil.disk_usage(folder).total * RESERVE_SHARE)
    return max(share, LEAST_RESERVE)


def require_room(folder: Path, needed: int) -> None:
    """Check that an archive of so many bytes leaves the reserve of the disk free.

    Raises:
        LocalError: it would not.
    """
    reserve = reserve_of(folder)
    free = shutil.disk_usage(folder).free
    if needed + reserve <= free:
        return
    size, room, rest = (str(count // 1000**2) for count in (needed, free, reserve))
    raise LocalError(
        f"The archive may take {size} MB, and {folder} has {room} MB left, of which {rest} MB stay free for the databases",
        "make room, then request it again",
    )


def delete_leftovers(folder: Path, slug: str, request: UUID) -> None:
    """Delete what an earlier attempt at a request wrote whole, and could not note: the archive is made again."""
    for path in folder.glob(f"{slug}-*-{request.hex[:8]}.tar"):
        if NAME.fullmatch(path.name):
            delete_archive(path)


def delete_archive(path: Path) -> bool:
    """Delete an archive; whether nothing is left of it. What is no plain file stays, and what fails is in the log."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            log.warning("archive not deleted: no plain file", archive=path.name)
            return False
        path.unlink()
    except FileNotFoundError:
        return True
    except OSError as error:
        log.warning("archive not deleted", archive=path.name, error=error.strerror)
        return False
    log.info("archive deleted", archive=path.name)
    return True


def _delete_partials(folder: Path) -> None:
    """Delete what an archive that was cut short left, so that its room is free again."""
    for path in folder.glob(".*.tar.partial"):
        if NAME.fullmatch(path.name.removeprefix(".").removesuffix(".partial")):
            delete_archive(path)
