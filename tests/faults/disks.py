"""Small disks: real ones, in memory, that only root mounts."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PIECE = 64 * 1024


@dataclass(frozen=True)
class SmallDisk:
    """A folder with so little room, and how to make it larger, to fill it, and to free it."""

    folder: Path

    def mount(self, megabytes: int, *options: str) -> None:
        how = ",".join((f"size={megabytes}m", *options))
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", how, "tmpfs", str(self.folder)], check=True
        )

    def enlarge(self, megabytes: int) -> None:
        self.mount(megabytes, "remount")

    def fill(self) -> None:
        """Leave no byte."""
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(PIECE))
            except OSError:
                return

    def free(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """A disk of its own at a folder, which is made; the test is skipped where nobody may mount one."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a disk of its own")
    folder.mkdir()
    disk = SmallDisk(folder)
    try:
        disk.mount(megabytes)
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("this machine lets nobody mount a disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
