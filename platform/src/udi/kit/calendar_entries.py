"""Whole days as entries of a calendar (iCalendar, RFC 5545)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

MEDIA_TYPE = "text/calendar; charset=utf-8"
LONGEST_LINE = 75
"""Octets of a line, without its end."""


@dataclass(frozen=True, kw_only=True)
class DayEntry:
    """A day to remember; an entry with the same `uid` and a higher `sequence` moves the one that a calendar has."""

    uid: str
    sequence: int
    day: date
    title: str
    url: str


def write_days(
    entries: Iterable[DayEntry], *, program: str, written_at: datetime
) -> bytes:
    """The calendar of these days; `program` names who wrote it."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//UDI//{program}//EN"]
    for entry in entries:
        lines += _list_lines(entry, written_at.astimezone(UTC))
    return join_lines([*lines, "END:VCALENDAR"])


def _list_lines(entry: DayEntry, stamp: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{entry.uid}",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{entry.sequence}",
        f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{entry.day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{escape_text(entry.title)}",
        f"URL:{entry.url}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def escape_text(text: str) -> str:
    """A text on one line, with the signs escaped that separate values."""
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def join_lines(lines: Sequence[str]) -> bytes:
    """The lines of a calendar, each folded at 75 octets."""
    return "".join(f"{_fold_line(line)}\r\n" for line in lines).encode()


def _fold_line(line: str) -> str:
    """Lines of 75 octets at most, none cut inside a sign; what follows begins with a space."""
    parts = []
    part = ""
    for sign in line:
        if len((part + sign).encode()) >= LONGEST_LINE:
            parts.append(part)
            part = ""
        part += sign
    return "\r\n ".join([*parts, part])
