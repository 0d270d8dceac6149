"""Dates as catalogues write them, read as ISO 8601 of the same precision; nothing is guessed that the text does not say."""

import re
from datetime import UTC, date, datetime

ISO = re.compile(
    r"([+-]?\d{4})(?:-?(\d{2})(?:-?(\d{2})(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d{1,9})?))?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?)?)?"
)
DAY_FIRST = re.compile(
    r"(?:\D*\b)?(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})\b(?:\D{1,4}(\d{1,2}):(\d{2})(?::\d{2})?)?"
)
NAMED = re.compile(
    r"(?:(\d{1,2})(?:er)?\s+)?([^\W\d]{3,10})\.?\s+(\d{4})", re.IGNORECASE
)
MONTHS = {
    name: number
    for names in (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "january february march april may june july august september october november december",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    )
    for number, name in enumerate(names.split(), 1)
}
SPANS = [
    re.compile(rf"\s*(.{{2,40}}?)\s*{between}\s*(.{{0,40}}?)\s*")
    for between in (r"\s-\s", "--", r"\b(?:to|au|à)\b", "/")
]
YEARS = re.compile(r"\s*(\d{4})\s*[-–/]\s*(\d{4})\s*")
FOR_YEARS = re.compile(r"P(\d{1,3})Y")
OPEN = {"", "..", "now", "present", "unknown", "-"}
CENTURY = 2000
SHORT_YEARS = 100
MONTHS_OF_YEAR = 12
HOURS = 24
SIXTY = 60
NONE = "00"
FULL = len("2026-11-25")


def read_date(text: str) -> str:
    """The date in ISO 8601, as precise as it was written; empty when it cannot be read.

    Day comes before month where both orders are possible, as in Europe.
    """
    wording = " ".join(text.split())
    return _iso(wording) or _day_first(wording) or _read_month_name(wording)


def is_iso(text: str) -> bool:
    """Whether it was written as ISO 8601 in full, so that nothing needs saying."""
    return read_date(text) == text.strip() or bool(
        re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?", text.strip())
    )


def _iso(wording: str) -> str:
    match = ISO.fullmatch(wording)
    if not match:
        return ""
    year, month, day, hour, minute, second, zone = match.groups()
    if not month or month == NONE:
        if re.fullmatch(r"\d{4}", year):
            return year
        return ""
    if not day or day == NONE:
        if 1 <= int(month) <= MONTHS_OF_YEAR:
            return f"{year}-{month}"
        return ""
    iso_date = _day(int(year), int(month), int(day))
    if iso_date and hour:
        return _add_time(iso_date, hour, minute, second, zone)
    return iso_date


def _day(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _add_time(
    day: str, hour: str, minute: str, second: str | None, zone: str | None
) -> str:
    if (
        int(hour) >= HOURS
        or int(minute) >= SIXTY
        or float((second or "0").replace(",", ".")) >= SIXTY
    ):
        return day
    offset = {"Z": "Z", "UTC": "Z", None: ""}.get(zone, zone or "")
    if offset not in {"", "Z"}:
        digits = offset[1:].replace(":", "").ljust(4, "0")
        if digits == "0000":
            offset = "Z"
        else:
            offset = f"{offset[0]}{digits[:2]}:{digits[2:]}"
    whole, _, fraction = (second or "00").replace(",", ".").partition(".")
    fraction = fraction[:6].rstrip("0")
    return f"{day}T{int(hour):02}:{minute}:{whole}{f'.{fraction}' if fraction else ''}{offset}"


def _day_first(wording: str) -> str:
    match = DAY_FIRST.fullmatch(wording)
    if not match:
        return ""
    day = int(match[1])
    month = int(match[2])
    year = int(match[3])
    year += CENTURY if year < SHORT_YEARS else 0
    iso_date = _day(year, month, day) or _day(year, day, month)
    if iso_date and match[4]:
        return _add_time(iso_date, match[4], match[5], None, None)
    return iso_date


def _read_month_name(wording: str) -> str:
    match = NAMED.fullmatch(wording)
    month = MONTHS.get(match[2].lower()) if match else None
    if not match or not month:
        return ""
    if match[1]:
        return _day(int(match[3]), month, int(match[1]))
    return f"{match[3]}-{month:02}"


def read_span(text: str) -> tuple[str, str] | None:
    """Start and end of a period in one text, each empty where it is open; None when it cannot be read."""
    wording = " ".join(text.split())
    if years := YEARS.fullmatch(wording):
        return years[1], years[2]
    if single := read_date(wording):
        return single, single
    for separated in SPANS:
        match = separated.fullmatch(wording)
        start, end = (_side(side) for side in match.groups()) if match else (None, None)
        if match and start and (length := FOR_YEARS.fullmatch(match[2])):
            return start, str(int(start[:4]) + int(length[1]) - 1)
        if start is not None and end is not None and (start or end):
            return start, end
    return None


def _side(text: str) -> str | None:
    """The date, empty when it is open, None when it cannot be read."""
    if text.lower() in OPEN:
        return ""
    return read_date(text) or None


def start_of(text: str) -> datetime:
    """The first instant of a date that `read_date` made, in UTC; a text without zone is taken as UTC."""
    full = text + "-01-01"[len(text) - 4 :] if len(text) < FULL else text
    moment = datetime.fromisoformat(full)
    if moment.tzinfo:
        return moment.astimezone(UTC)
    return moment.replace(tzinfo=UTC)
