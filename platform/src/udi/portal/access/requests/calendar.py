"""The last day of an answer as an entry of a calendar (RFC 5545)."""

from datetime import UTC, date, timedelta

from udi.kit.clock import now
from udi.portal.access.models import AccessRequest

LONGEST_LINE = 73
"""Octets of a line, without its end and the space of a folded one."""


def write_deadline(
    request: AccessRequest, title: str, day: date, address: str
) -> bytes:
    """The whole day; the same entry each time, so that a calendar moves it when the day moves."""
    stamp = now().astimezone(UTC)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//UDI//access//EN",
        "BEGIN:VEVENT",
        f"UID:access-request-{request.id}",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{int((stamp - request.submitted_at).total_seconds())}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escape(title)}",
        f"URL:{address}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_fold_line(line)}\r\n" for line in lines).encode()


def _escape(text: str) -> str:
    return " ".join(
        text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").split()
    )


def _fold_line(line: str) -> str:
    """Lines of 75 octets at most, none cut inside a sign."""
    parts = []
    part = ""
    for sign in line:
        if len((part + sign).encode()) > LONGEST_LINE:
            parts.append(part)
            part = ""
        part += sign
    return "\r\n ".join([*parts, part])
