"""Folders in this machine's memory, for what is read of sealed spaces: nothing of them is in clear on a disk.

What is in memory goes with the machine's power, and is never in a backup. A machine that swaps writes memory to a disk:
its swap is encrypted, or off (`docs/reference/security.md`).
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from udi.kit.errors import UnavailableError
from udi.settings import Settings

KINDS = frozenset({"tmpfs", "ramfs"})
MOUNTS = Path("/proc/self/mounts")


class NoMemoryFolderError(UnavailableError):
    """This machine has no memory in which to open what is sealed; nothing is opened on a disk instead."""

    def __init__(self) -> None:
        super().__init__(
            "These data are kept encrypted, and this machine has no memory to open them in.",
            remedy="Nothing was shown to anyone. Contact the territory’s team.",
            headers={"Retry-After": "300"},
        )


@dataclass(frozen=True)
class MemoryFolder:
    """The part of memory of one installation; `folder` is this alone, inside the one that the settings name."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> "MemoryFolder":
        """That of these settings: two installations on one machine have one each."""
        mark = hashlib.sha256(str(settings.state.absolute()).encode()).hexdigest()[:10]
        return cls(settings.memory_folder / f"udi-{os.getuid()}-{mark}")

    def is_available(self) -> bool:
        """Whether the folder is in memory, and only this account reads it."""
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            about = self.folder.stat()
        except OSError:
            return False
        is_private = about.st_uid == os.geteuid() and not about.st_mode & 0o077
        return is_private and file_system_of(self.folder) in KINDS

    def require(self) -> Path:
        """The folder.

        Raises:
            NoMemoryFolderError: it is not in memory, or somebody else's.
        """
        if not self.is_available():
            raise NoMemoryFolderError
        return self.folder


def file_system_of(path: Path) -> str:
    """The kind of file system on which a path is; empty where this machine does not say."""
    try:
        lines = MOUNTS.read_text().splitlines()
    except OSError:
        return ""
    mounts = [
        (Path(_unescape_path(point)), kind)
        for _, point, kind, *_ in map(str.split, lines)
    ]
    around = [
        (point, kind) for point, kind in mounts if path.resolve().is_relative_to(point)
    ]
    return max(around, key=lambda mount: len(mount[0].parts), default=(path, ""))[1]


def _unescape_path(point: str) -> str:
    """A path as `/proc/mounts` writes it: spaces and the like are octal."""
    return point.encode().decode("unicode_escape")
