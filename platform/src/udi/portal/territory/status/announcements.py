"""What operators announce of the service: incidents and maintenance, as a file of this machine, told also while the database is away."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from udi.portal.territory.status.record import FOLDER, ServicePart
from udi.settings import Settings

FILE = "announcements.json"
RETENTION = timedelta(days=90)
"""How long what is over is told; the file keeps it no longer."""


class AnnouncementKind(StrEnum):
    """What is announced."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"


class AnnouncementState(StrEnum):
    """Where it stands."""

    RUNNING = "running"
    PLANNED = "planned"
    OVER = "over"


class AnnouncementUpdate(msgspec.Struct):
    """What was written later, by language."""

    at: datetime
    texts: dict[str, str]


class Announcement(msgspec.Struct):
    """An incident or a maintenance; without a territory, of the whole installation."""

    id: str
    kind: AnnouncementKind
    begins_at: datetime
    texts: dict[str, str]
    announced_at: datetime
    territory: str = ""
    parts: list[ServicePart] = []
    ends_at: datetime | None = None
    updates: list[AnnouncementUpdate] = []

    def state_at(self, moment: datetime) -> AnnouncementState:
        """Planned until it begins, over once it ended."""
        if self.ends_at is not None and self.ends_at <= moment:
            return AnnouncementState.OVER
        if self.begins_at > moment:
            return AnnouncementState.PLANNED
        return AnnouncementState.RUNNING

    @property
    def updated_at(self) -> datetime:
        """When something was last written of it."""
        return max([self.announced_at, *(update.at for update in self.updates)])


def read_announcements(settings: Settings) -> list[Announcement]:
    """All that are kept, for a page; none where the file cannot be read."""
    try:
        return load_announcements(settings)
    except (OSError, msgspec.MsgspecError):
        return []


def load_announcements(settings: Settings) -> list[Announcement]:
    """All that are kept.

    Raises:
        OSError: the file cannot be read now.
        msgspec.MsgspecError: it holds something else.
    """
    try:
        content = _find_path(settings).read_bytes()
    except FileNotFoundError:
        return []
    return msgspec.json.decode(content, type=list[Announcement])


@contextmanager
def change_announcements(
    settings: Settings, moment: datetime
) -> Iterator[list[Announcement]]:
    """All that are kept, to change; written whole at the end, without what is over since ninety days, or not at all.

    Raises:
        OSError: the file cannot be read or written now.
        msgspec.MsgspecError: it holds something else, which is not written over.
    """
    path = _find_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    _give(path.parent, settings.state)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        announcements = load_announcements(settings)
        yield announcements
        remaining = [
            announcement
            for announcement in announcements
            if is_told(announcement, moment)
        ]
        partial = path.with_name(f".{path.name}.partial")
        partial.write_bytes(msgspec.json.encode(remaining))
        _give(partial, settings.state)
        partial.replace(path)


def _give(path: Path, folder: Path) -> None:
    """What root writes is the program's, as the folder is in which it stands."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def select_announcements(
    announcements: Sequence[Announcement], territory: str, moment: datetime
) -> list[Announcement]:
    """Those of the installation and of one territory (empty: none), by state, the newest of each first."""
    states = list(AnnouncementState)
    matching = [
        announcement
        for announcement in announcements
        if announcement.territory in {"", territory} and is_told(announcement, moment)
    ]
    matching.sort(key=lambda announcement: announcement.begins_at, reverse=True)
    return sorted(
        matching, key=lambda announcement: states.index(announcement.state_at(moment))
    )


def is_told(announcement: Announcement, moment: datetime) -> bool:
    """Whether it is not over since too long."""
    return announcement.ends_at is None or announcement.ends_at > moment - RETENTION


def _find_path(settings: Settings) -> Path:
    return settings.state / FOLDER / FILE
