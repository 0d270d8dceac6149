"""The folder of releases of a machine, laid out as the play does: one folder each, and `current` leading to one.

A release is there wholly when it holds `.complete`. `.before`, if there, names the one it took over from.
"""

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from udi.cli.local.errors import LocalError

COMPLETE = ".complete"
BEFORE = ".before"
CURRENT = "current"
LOCK = ".upgrade.lock"
MAX_RELEASES = 3
PATIENCE = 300
PAUSE = 0.5


@dataclass(frozen=True)
class Release:
    """One folder of a release."""

    name: str
    complete: bool
    installed_at: datetime


class InstalledReleases:
    """What is installed under one folder (`/opt/udi`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The folder of a release, whether it is there or not."""
        return self.folder / "releases" / name

    def program(self, name: str) -> str:
        """The command `udi` of a release."""
        return str(self.path(name) / "venv/bin/udi")

    def is_complete(self, name: str) -> bool:
        """Whether a release may run."""
        return (self.path(name) / COMPLETE).exists()

    def current(self) -> str | None:
        """The release that starts when a unit starts."""
        link = self.folder / CURRENT
        if link.is_symlink():
            return link.readlink().name
        return None

    def list_installed(self) -> list[Release]:
        """Every release there, complete or not, the last installed at the end."""
        releases = []
        for folder in (self.folder / "releases").iterdir():
            mark = folder / COMPLETE
            when = (mark if mark.exists() else folder).stat().st_mtime
            releases.append(
                Release(folder.name, mark.exists(), datetime.fromtimestamp(when, UTC))
            )
        return sorted(
            releases, key=lambda release: (release.installed_at, release.name)
        )

    def find_previous(self, name: str) -> str | None:
        """The release that this one took over from; else the one installed last before it."""
        noted = self.path(name) / BEFORE
        if noted.exists() and self.is_complete(noted.read_text().strip()):
            return noted.read_text().strip()
        complete = [
            release.name for release in self.list_installed() if release.complete
        ]
        if name in complete:
            earlier = complete[: complete.index(name)]
        else:
            earlier = complete
        if earlier:
            return earlier[-1]
        return None

    def switch(self, name: str, *, back: bool = False) -> None:
        """Make a release the one that starts, at once and wholly."""
        left = self.current()
        if left and left != name and not back:
            (self.path(name) / BEFORE).write_text(f"{left}\n")
        partial = self.folder / f".{CURRENT}.partial"
        partial.unlink(missing_ok=True)
        partial.symlink_to(self.path(name))
        partial.rename(self.folder / CURRENT)

    def prune(self, running: set[str]) -> list[str]:
        """Delete all but the last three complete releases; the current one, the one before it and those that run stay."""
        current = self.current()
        names = [release.name for release in self.list_installed() if release.complete]
        spared = {
            *running,
            *names[-MAX_RELEASES:],
            current,
            self.find_previous(current) if current else None,
        }
        gone = [
            release.name
            for release in self.list_installed()
            if release.name not in spared
        ]
        for name in gone:
            (self.path(name) / COMPLETE).unlink(missing_ok=True)
            shutil.rmtree(self.path(name))
        return gone

    @contextmanager
    def lock(self) -> Iterator[int]:
        """One upgrade at a time. Children that inherit the descriptor hold it too, so that a second run waits for them.

        Raises:
            LocalError: it is still held after five minutes.
        """
        with (self.folder / LOCK).open("w") as file:
            until = time.monotonic() + PATIENCE
            is_announced = False
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise LocalError(
                            "Another upgrade of this machine is going on",
                            "wait for its end",
                        ) from None
                    if not is_announced:
                        print(
                            "waiting for another upgrade, or for what an interrupted one left",
                            file=sys.stderr,
                        )
                    is_announced = True
                    time.sleep(PAUSE)
            yield file.fileno()


def find_releases(prefix: str = sys.prefix) -> InstalledReleases:
    """The releases of this machine, from the place of the program that runs.

    Raises:
        LocalError: this program was not installed by the play.
    """
    place = Path(os.path.realpath(prefix))
    if place.name != "venv" or place.parent.parent.name != "releases":
        cause = (
            "This program does not run from a folder of releases, as the play makes it"
        )
        raise LocalError(cause, "on a clone, `git pull` and `./udi up` upgrade")
    return InstalledReleases(place.parents[2])


def list_complete_releases() -> list[str]:
    """The complete releases of this machine; none where the play did not install this program."""
    try:
        return [
            release.name
            for release in find_releases().list_installed()
            if release.complete
        ]
    except LocalError:
        return []
