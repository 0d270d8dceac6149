"""Numbers, sizes and dates as each language writes them; the templates' filters."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_scientific
from jinja2 import pass_context
from jinja2.runtime import Context

from udi.kit import clock
from udi.ui.languages import ENGLISH, get_language

UNITS = {
    "fr": ("o", "ko", "Mo", "Go", "To"),
    "en": ("bytes", "kB", "MB", "GB", "TB"),
    "es": ("bytes", "kB", "MB", "GB", "TB"),
}
STEP = 1000
WHOLE = Decimal(1)
TENTH = Decimal("0.1")
SMALLEST = 1e-6
LARGEST = 1e15
CACHE_SIZE = 4096
"""Numbers and dates whose words are kept: pages say the same ones again and again."""
NO_BREAK = "\N{NO-BREAK SPACE}"
MIDNIGHT = timedelta()
LAST_SECOND = timedelta(hours=24) - timedelta(seconds=1)
_zone: ContextVar[tzinfo] = ContextVar("zone", default=UTC)


@contextmanager
def in_zone(zone: tzinfo) -> Iterator[None]:
    """Have the templates' filters say days and hours in this zone."""
    token = _zone.set(zone)
    try:
        yield
    finally:
        _zone.reset(token)


def display_size(size: int, language: str) -> str:
    """A number of bytes in its nearest decimal unit, one decimal under a hundred: `48,2 Mo`."""
    units = UNITS.get(language, UNITS["en"])
    value = float(size)
    unit = 0
    while value >= STEP and unit < len(units) - 1:
        value = value / STEP
        unit = unit + 1
    step = TENTH if unit and value < STEP / 10 else WHOLE
    return f"{_display_rounded(Decimal(str(value)).quantize(step), language)}{NO_BREAK}{units[unit]}"


@lru_cache(CACHE_SIZE)
def _display_rounded(value: Decimal, language: str) -> str:
    """A number with one decimal at most: sizes are many, and few once they are rounded."""
    return format_decimal(value, "#,##0.#", locale=find_locale(language))


def display_date(
    value: date, language: str, *, zone: tzinfo = UTC, length: str = "long"
) -> str:
    """A date in words: `18 novembre 2026`, and `1er` for the first of the month in French; of an instant, its day there."""
    return _display_day(
        day_of(value, zone) if isinstance(value, datetime) else value, language, length
    )


def day_of(value: datetime, zone: tzinfo) -> date:
    """The day of an instant in a zone; a day that was written as its first or last second in UTC is that day anywhere."""
    moment = _aware(value).astimezone(UTC)
    if _is_day(moment):
        return moment.date()
    return moment.astimezone(zone).date()


def _is_day(moment: datetime) -> bool:
    """Whether this is how a record writes a day: midnight, or 23:59:59 with or without its fractions."""
    since = timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
    if since == MIDNIGHT:
        return moment.microsecond == 0
    return since == LAST_SECOND


@lru_cache(CACHE_SIZE)
def _display_day(value: date, language: str, length: str) -> str:
    return _mark_first_day(
        value, format_date(value, length, locale=find_locale(language)), language
    )


def display_month(value: date, language: str) -> str:
    """The month of a day, abbreviated: «nov.»."""
    return format_date(value, "MMM", locale=find_locale(language))


def display_datetime(
    value: datetime, language: str, *, zone: tzinfo = UTC, named: bool = False
) -> str:
    """A date in words and the time of the day; the zone where it could be mistaken.

    It could in UTC, where nobody lives, and in the hour that comes twice in autumn; `named` says it in any case, for who
    may live elsewhere.
    """
    moment = _aware(value).astimezone(zone)
    locale = find_locale(language)
    if language == "fr":
        time = format_datetime(moment, "H 'h' mm", locale=locale)
    else:
        time = format_datetime(moment, "HH:mm", locale=locale)
    day = _mark_first_day(moment, format_date(moment, "long", locale=locale), language)
    text = f"{day}, {time.replace(' h ', f'{NO_BREAK}h{NO_BREAK}')}"
    twice = moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()
    if named or twice or zone is UTC:
        return f"{text} {_display_offset(moment)}"
    return text


def _display_offset(moment: datetime) -> str:
    """How far from UTC: `UTC`, `(UTC+1)`, `(UTC−9:30)`."""
    minutes = int((moment.utcoffset() or MIDNIGHT).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "\N{MINUS SIGN}"
    if minutes:
        return f"(UTC{sign}{hours}{f':{rest:02}' if rest else ''})"
    return "UTC"


@lru_cache(CACHE_SIZE)
def display_number(value: float, language: str) -> str:
    """A number with its separators: `1 284` in French."""
    return format_decimal(value, locale=find_locale(language))


def display_figure(value: float, language: str) -> str:
    """A measured number, with at most six decimals; the very large and the very small as powers of ten."""
    if value and not SMALLEST <= abs(value) < LARGEST:
        return format_scientific(value, "0.######E0", locale=find_locale(language))
    return format_decimal(value, "#,##0.######", locale=find_locale(language))


def display_iso_date(value: str, language: str) -> str:
    """A day or a moment written as ISO 8601, short: `3 mai 2024`, `3 mai 2024, 14:05`."""
    moment = datetime.fromisoformat(value)
    if "T" not in value:
        return _mark_first_day(
            moment,
            format_date(moment.date(), "medium", locale=find_locale(language)),
            language,
        )
    return format_datetime(moment, "d MMM y, HH:mm", locale=find_locale(language))


def local_iso(value: str, zone: tzinfo) -> str:
    """A day or a moment of ISO 8601 as it is there: a day stays, and so does a moment that says no zone."""
    moment = datetime.fromisoformat(value) if "T" in value else None
    if moment is None or moment.tzinfo is None:
        return value
    moment = moment.astimezone(UTC)
    if _is_day(moment):
        return moment.date().isoformat()
    return moment.astimezone(zone).isoformat()


def display_relative_time(value: datetime, language: str) -> str:
    """How long ago, or in how long: `il y a 4 minutes`."""
    return format_timedelta(
        _aware(value) - clock.now(), add_direction=True, locale=find_locale(language)
    )


def days_ago(value: datetime, _language: str, *, zone: tzinfo = UTC) -> int:
    """How many days of the calendar ago: 0 today."""
    return (clock.today(zone) - _aware(value).astimezone(zone).date()).days


def display_relative_days(value: datetime, language: str, *, zone: tzinfo = UTC) -> str:
    """The same in words, in days, weeks, months or years: what a page that is kept for a day may say."""
    past = timedelta(days=-days_ago(value, language, zone=zone))
    return format_timedelta(
        past, granularity="day", add_direction=True, locale=find_locale(language)
    )


def translate_message(
    gettext: Callable[[str], str],
    message: str,
    values: Mapping[str, object] | None = None,
) -> str:
    """A message that is not written in the template: translated, filled, and still to be escaped."""
    text = gettext(message) if message else ""
    if values:
        return text % values
    return text


def machine_date(value: date) -> str:
    """A date or instant for the attribute `datetime`."""
    if isinstance(value, datetime):
        return _aware(value).isoformat(timespec="seconds")
    return value.isoformat()


def _mark_first_day(value: date, text: str, language: str) -> str:
    if language == "fr" and value.day == 1 and text.startswith("1 "):
        return text.replace("1 ", "1er ", 1)
    return text


def _aware(value: datetime) -> datetime:
    if value.tzinfo:
        return value
    return value.replace(tzinfo=UTC)


@cache
def find_locale(language: str) -> Locale:
    """How dates and numbers are written for who reads in this language: as in English where nobody says it."""
    try:
        return Locale.parse(get_language(language).locale or language)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(ENGLISH.locale)


def _with_page_language(say: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def filtered(context: Context, value: Any, **options: Any) -> Any:
        if value is None:
            return ""
        return say(value, context["locale"], **options)

    return filtered


def _with_page_zone(say: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def filtered(context: Context, value: Any, **options: Any) -> Any:
        if value is None:
            return ""
        return say(value, context["locale"], zone=_zone.get(), **options)

    return filtered


FILTERS: dict[str, Callable[..., Any]] = {
    "filesize": _with_page_language(display_size),
    "date": _with_page_zone(display_date),
    "datetime": _with_page_zone(display_datetime),
    "number": _with_page_language(display_number),
    "figure": _with_page_language(display_figure),
    "iso_date": _with_page_language(display_iso_date),
    "ago": _with_page_language(display_relative_time),
    "month": _with_page_language(display_month),
    "days_ago": _with_page_zone(days_ago),
    "say_days_ago": _with_page_zone(display_relative_days),
    "machine_date": machine_date,
}
