"""What was measured, as a file of this machine: the state of each part now, and how many minutes of each day it was well."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from udi.settings import Settings

FOLDER = "status"
FILE = "status.json"
DAYS = 90
MINUTE = timedelta(minutes=1)
RESTART = 2
"""Minutes that nobody measures while a release is changed."""
LONGEST_GAP = 7 * 24 * 60
OLD = timedelta(minutes=5)
"""After which nobody knows how a part stands."""


class ServicePart(StrEnum):
    """What people use, and may miss."""

    PAGES = "pages"
    SEARCH = "search"
    NODE = "node"
    LOGIN = "login"
    MAIL = "mail"
    JOBS = "jobs"


class PartState(StrEnum):
    """How a part stands."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class DayCount(msgspec.Struct):
    """Minutes of one day (UTC) that were measured, and those in which the part was well."""

    measured: int = 0
    well: int = 0

    @property
    def lost(self) -> int:
        """Minutes in which it was not."""
        return self.measured - self.well


class StatusRecord(msgspec.Struct):
    """All that is told; nothing in it is private."""

    measured_at: datetime | None = None
    states: dict[str, PartState] = {}
    days: dict[str, dict[date, DayCount]] = {}
    """By part, then by day."""
    drilled_at: datetime | None = None
    """When a backup was last proven to restore."""
    every: int = 1
    """Minutes from one measure to the next."""

    def state_of(self, part: ServicePart, moment: datetime) -> PartState:
        """How a part stands; unknown where that was not measured lately."""
        oldest = moment - OLD - (self.every - 1) * MINUTE
        if self.measured_at is None or self.measured_at < oldest:
            return PartState.UNKNOWN
        return self.states.get(part, PartState.UNKNOWN)

    def share_of(self, part: ServicePart) -> float | None:
        """The share of the measured minutes in which a part was well, of all days; None where none was measured."""
        counts = self.days.get(part, {}).values()
        measured = sum(count.measured for count in counts)
        if not measured:
            return None
        return sum(count.well for count in counts) / measured

    def list_days(self) -> list[date]:
        """The days that something was measured on, newest first."""
        return sorted({day for counts in self.days.values() for day in counts})[::-1]


def add_measure(
    record: StatusRecord,
    states: dict[ServicePart, PartState],
    moment: datetime,
    drilled_at: datetime | None,
    every: int = 1,
) -> StatusRecord:
    """The record with one more measure, of the last ninety days alone; minutes in which nobody measured are lost ones.

    A measure stands for the `every` minutes until the next.
    """
    today = moment.astimezone(UTC).date()
    oldest = today - timedelta(days=DAYS - 1)
    gap = _count_unmeasured(record, moment, every)
    days: dict[str, dict[date, DayCount]] = {}
    for part, state in states.items():
        counts = {
            day: count
            for day, count in record.days.get(part, {}).items()
            if oldest <= day <= today
        }
        for day, minutes in gap.items():
            counts.setdefault(day, DayCount()).measured += minutes
        count = counts.setdefault(today, DayCount())
        count.measured += every
        if state is PartState.UP:
            count.well += every
        days[part] = counts
    return StatusRecord(moment, dict(states.items()), days, drilled_at, every)


def _count_unmeasured(
    record: StatusRecord, moment: datetime, every: int
) -> Counter[date]:
    """How many minutes of each day nobody measured since the last time; a restart of two minutes is none."""
    if record.measured_at is None:
        return Counter()
    begin = record.measured_at.astimezone(UTC)
    minutes = min(int((moment - begin) / MINUTE), LONGEST_GAP) - every
    if minutes <= RESTART:
        return Counter()
    return Counter((begin + MINUTE * passed).date() for passed in range(1, minutes + 1))


def read_record(settings: Settings) -> StatusRecord:
    """What was measured on this machine, for a page; an empty record where nothing was, or where it cannot be read."""
    try:
        return load_record(settings)
    except (OSError, msgspec.MsgspecError):
        return StatusRecord()


def load_record(settings: Settings) -> StatusRecord:
    """What was measured on this machine, to add to it; an empty record only where nothing was.

    Raises:
        OSError: the file cannot be read now: what it holds is not to be written over.
        msgspec.MsgspecError: it is no record.
    """
    return load_file(_find_path(settings))


def load_file(path: Path) -> StatusRecord:
    """The record of one file; `load_record` says what it raises."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return StatusRecord()
    return msgspec.json.decode(content, type=StatusRecord)


def write_record(settings: Settings, record: StatusRecord) -> None:
    """Keep it, whole or not at all."""
    write_file(_find_path(settings), record)


def write_file(path: Path, record: StatusRecord) -> None:
    """Keep the record of one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(msgspec.json.encode(record))
    partial.replace(path)


def _find_path(settings: Settings) -> Path:
    return settings.state / FOLDER / FILE
