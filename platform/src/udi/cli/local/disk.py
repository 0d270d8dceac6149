"""Room on the disk, asked before it is missed."""

import shutil
from pathlib import Path

from udi.cli.local.errors import LocalError


def require_free_space(folder: Path, needed: int, what: str) -> None:
    """See that the disk of a folder (or of its nearest parent) has `needed` bytes.

    Raises:
        LocalError: it has not.
    """
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        cause = f"The disk that holds {folder} has {free // 1000**2} MB free and {what} needs {needed // 1000**2} MB"
        raise LocalError(
            cause,
            "make room, or name folders on another disk in UDI_STATE and UDI_CACHE",
        )
