"""Days for a calendar: folded and escaped as RFC 5545 has it."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from udi.kit.calendar_entries import DayEntry, escape_text, join_lines, write_days

WRITTEN = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def test_a_day_lasts_until_the_next() -> None:
    entry = DayEntry(
        uid="a-1",
        sequence=3,
        day=date(2027, 2, 28),
        title="Answer due; Town, school",
        url="https://armor.example/a",
    )

    lines = write_days([entry], program="test", written_at=WRITTEN).decode()

    assert lines.split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//UDI//test//EN",
        "BEGIN:VEVENT",
        "UID:a-1",
        "DTSTAMP:20261130T090000Z",
        "SEQUENCE:3",
        "DTSTART;VALUE=DATE:20270228",
        "DTEND;VALUE=DATE:20270301",
        "SUMMARY:Answer due\\; Town\\, school",
        "URL:https://armor.example/a",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))))
def test_a_long_line_is_folded_and_unfolds_to_itself(text: str) -> None:
    line = f"SUMMARY:{escape_text(text)}"

    folded = join_lines([line])

    assert folded.endswith(b"\r\n")
    assert [part for part in folded.split(b"\r\n") if len(part) > 75] == []
    assert folded.decode().replace("\r\n ", "").removesuffix("\r\n") == line
