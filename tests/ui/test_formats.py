"""Sizes, numbers and dates read as each language writes them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from udi.kit import clock
from udi.ui import formats

NB = "\N{NO-BREAK SPACE}"
THIN = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("size", "french", "english"),
    [
        (0, f"0{NB}o", f"0{NB}bytes"),
        (999, f"999{NB}o", f"999{NB}bytes"),
        (1000, f"1{NB}ko", f"1{NB}kB"),
        (48_200_000, f"48,2{NB}Mo", f"48.2{NB}MB"),
        (212_400, f"212{NB}ko", f"212{NB}kB"),
        (3 * 10**15, f"3{THIN}000{NB}To", f"3,000{NB}TB"),
    ],
)
def test_a_size_has_its_nearest_unit(size: int, french: str, english: str) -> None:
    assert formats.say_size(size, "fr") == french
    assert formats.say_size(size, "en") == english


def test_a_date_is_in_words() -> None:
    assert formats.say_date(date(2026, 11, 18), "fr") == "18 novembre 2026"
    assert formats.say_date(date(2026, 12, 1), "fr") == "1er décembre 2026"
    assert formats.say_date(date(2026, 12, 11), "fr") == "11 décembre 2026"
    assert formats.say_date(date(2026, 12, 1), "en") == "1 December 2026"


def test_an_instant_is_told_in_universal_time() -> None:
    moment = datetime(2026, 12, 1, 6, 4, tzinfo=timezone(timedelta(hours=1)))

    assert formats.say_datetime(moment, "fr") == f"1er décembre 2026, 5{NB}h{NB}04 UTC"
    assert formats.say_datetime(moment, "en") == "1 December 2026, 05:04 UTC"
    assert formats.say_datetime(datetime(2026, 12, 1, 5, 4), "en") == "1 December 2026, 05:04 UTC"  # noqa: DTZ001


def test_time_past_is_said_from_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 24, 12, tzinfo=UTC))

    assert formats.say_ago(datetime(2026, 11, 24, 11, 56, tzinfo=UTC), "fr") == "il y a 4 minutes"
    assert formats.say_ago(datetime(2026, 11, 24, 11, 56, tzinfo=UTC), "en") == "4 minutes ago"
    assert formats.say_ago(datetime(2026, 11, 27, 12, tzinfo=UTC), "en") == "in 3 days"


def test_numbers_keep_together() -> None:
    assert formats.say_number(1284, "fr") == f"1{THIN}284"
    assert formats.say_number(1284, "en") == "1,284"


def test_a_machine_reads_dates_too() -> None:
    assert formats.machine_date(date(2026, 11, 18)) == "2026-11-18"
    assert formats.machine_date(datetime(2026, 11, 18, 5, 4, 3, 999, tzinfo=UTC)) == "2026-11-18T05:04:03+00:00"


def test_a_message_without_values_keeps_its_signs() -> None:
    assert formats.said(str.upper, "100 % sure") == "100 % SURE"
    assert formats.said(str, "%(count)s files", {"count": 3}) == "3 files"
    assert formats.said(str, "") == ""


def test_a_measure_keeps_six_decimals() -> None:
    assert formats.say_figure(1284.12345678, "fr") == f"1{THIN}284,123457"
    assert formats.say_figure(0.30000000000000004, "en") == "0.3"
    assert [formats.say_figure(value, "fr") for value in (1e44, -2.5e-44, 0)] == ["1E44", "-2,5E-44", "0"]


def test_a_written_day_or_moment_is_said_short() -> None:
    assert formats.say_iso_date("2024-05-03", "fr") == "3 mai 2024"
    assert formats.say_iso_date("2024-05-01", "fr") == "1er mai 2024"
    assert formats.say_iso_date("2024-05-03T14:05:00", "en") == "3 May 2024, 14:05"
