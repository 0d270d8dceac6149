"""The days of a call for a calendar (RFC 5545)."""

from datetime import UTC, datetime

from udi.kit.calendar_entries import escape_text, join_lines
from udi.kit.tenancy import Territory
from udi.portal.projects.calls.models import Call


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
            f"SUMMARY:{escape_text(words)}",
            f"URL:{territory.origin}/calls/{call.id}",
            "END:VEVENT",
        ]
    return join_lines([*lines, "END:VCALENDAR"])


def _format_instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
