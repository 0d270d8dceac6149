"""The days of a call for a calendar (RFC 5545)."""

from datetime import UTC, datetime

from udi.kit.tenancy import Territory
from udi.portal.projects.calls.models import Call

MEDIA_TYPE = "text/calendar; charset=utf-8"
WIDTH = 74


def write_calendar(
    call: Call, territory: Territory, closes: str, results: str
) -> bytes:
    """Two events: when it closes (`closes` in words), when the results are expected (`results`)."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Urban Data Interface//EN",
        "CALSCALE:GREGORIAN",
    ]
    for name, words, moment in (
        ("closes", closes, call.closes_at),
        ("results", results, call.results_at),
    ):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{name}-{call.id}@{territory.hosts[0]}",
            f"DTSTAMP:{_format_instant(call.changed_at)}",
            f"DTSTART:{_format_instant(moment)}",
            f"SUMMARY:{_escape_text(words)}",
            f"URL:{territory.origin}/calls/{call.id}",
            "END:VEVENT",
        ]
    return "".join(
        f"{_fold_line(line)}\r\n" for line in [*lines, "END:VCALENDAR"]
    ).encode()


def _format_instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escape_text(words: str) -> str:
    for sign in ("\\", ";", ","):
        words = words.replace(sign, f"\\{sign}")
    return " ".join(words.split())


def _fold_line(line: str) -> str:
    """No line longer than 75 octets; what follows begins with a space."""
    parts = []
    rest = line
    while len(rest.encode()) > WIDTH:
        length = WIDTH
        while len(rest[:length].encode()) > WIDTH:
            length -= 1
        parts.append(rest[:length])
        rest = rest[length:]
    return "\r\n ".join([*parts, rest])
