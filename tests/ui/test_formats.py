"""Sizes, numbers and dates read as each language writes them."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

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
    assert formats.display_size(size, "fr") == french
    assert formats.display_size(size, "en") == english


def test_a_date_is_in_words() -> None:
    assert formats.display_date(date(2026, 11, 18), "fr") == "18 novembre 2026"
    assert formats.display_date(date(2026, 12, 1), "fr") == "1er décembre 2026"
    assert formats.display_date(date(2026, 12, 11), "fr") == "11 décembre 2026"
    assert formats.display_date(date(2026, 12, 1), "en") == "1 December 2026"


def test_an_instant_is_told_in_universal_time() -> None:
    moment = datetime(2026, 12, 1, 6, 4, tzinfo=timezone(timedelta(hours=1)))

    assert (
        formats.display_datetime(moment, "fr") == f"1er décembre 2026, 5{NB}h{NB}04 UTC"
    )
    assert formats.display_datetime(moment, "en") == "1 December 2026, 05:04 UTC"
    assert (
        formats.display_datetime(datetime(2026, 12, 1, 5, 4), "en")  # noqa: DTZ001
        == "1 December 2026, 05:04 UTC"
    )


NOUMEA, REUNION, PARIS = (
    ZoneInfo(name) for name in ("Pacific/Noumea", "Indian/Reunion", "Europe/Paris")
)


def test_an_hour_is_the_territorys_and_names_its_zone_only_where_it_could_be_mistaken() -> (
    None
):
    moment = datetime(2026, 11, 30, 14, 30, tzinfo=UTC)

    assert (
        formats.display_datetime(moment, "fr", zone=NOUMEA)
        == f"1er décembre 2026, 1{NB}h{NB}30"
    )
    assert (
        formats.display_datetime(moment, "en", zone=REUNION)
        == "30 November 2026, 18:30"
    )
    assert (
        formats.display_datetime(moment, "en", zone=REUNION, named=True)
        == "30 November 2026, 18:30 (UTC+4)"
    )
    assert formats.display_datetime(
        moment, "en", zone=ZoneInfo("Pacific/Marquesas"), named=True
    ).endswith("05:00 (UTC\N{MINUS SIGN}9:30)")


def test_the_hour_that_comes_twice_in_autumn_says_which() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    hours = [
        formats.display_datetime(first + timedelta(hours=n), "en", zone=PARIS)[17:]
        for n in (-1, 0, 1, 2)
    ]

    assert hours == ["01:30", "02:30 (UTC+2)", "02:30 (UTC+1)", "03:30"]


def test_the_day_of_an_instant_is_the_territorys() -> None:
    evening = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)

    assert formats.display_date(evening, "en") == "30 November 2026"
    assert formats.display_date(evening, "en", zone=PARIS) == "30 November 2026"
    assert formats.display_date(evening, "fr", zone=REUNION) == "1er décembre 2026"


@pytest.mark.parametrize(
    "clock_time", ["00:00:00", "23:59:59", "23:59:59.999000", "23:59:59.999999"]
)
@pytest.mark.parametrize(
    "zone", ["America/Martinique", "Pacific/Noumea", "Europe/Paris"]
)
def test_a_day_that_a_record_wrote_as_an_instant_is_that_day_everywhere(
    clock_time: str, zone: str
) -> None:
    day = f"2024-05-03T{clock_time}+00:00"

    assert (
        formats.display_date(datetime.fromisoformat(day), "en", zone=ZoneInfo(zone))
        == "3 May 2024"
    )
    assert formats.local_iso(day, ZoneInfo(zone)) == "2024-05-03"


def test_a_written_moment_is_said_as_it_is_there() -> None:
    assert (
        formats.local_iso("2024-05-03T14:05:00Z", NOUMEA) == "2024-05-04T01:05:00+11:00"
    )
    assert formats.local_iso("2024-05-03T14:05:00", NOUMEA) == "2024-05-03T14:05:00"
    assert formats.local_iso("2024-05-03", NOUMEA) == "2024-05-03"


def test_time_past_is_said_from_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 24, 12, tzinfo=UTC))

    assert (
        formats.display_relative_time(datetime(2026, 11, 24, 11, 56, tzinfo=UTC), "fr")
        == "il y a 4 minutes"
    )
    assert (
        formats.display_relative_time(datetime(2026, 11, 24, 11, 56, tzinfo=UTC), "en")
        == "4 minutes ago"
    )
    assert (
        formats.display_relative_time(datetime(2026, 11, 27, 12, tzinfo=UTC), "en")
        == "in 3 days"
    )


def test_days_ago_are_those_of_the_calendar_where_one_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        formats.clock, "now", lambda: datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    )
    paris = ZoneInfo("Europe/Paris")
    evening = datetime(2026, 11, 24, 22, tzinfo=UTC)

    assert (
        formats.days_ago(evening, "en"),
        formats.days_ago(evening, "en", zone=paris),
    ) == (0, 1)
    assert (
        formats.display_relative_days(datetime(2026, 11, 21, 1, tzinfo=UTC), "fr")
        == "il y a 3 jours"
    )
    assert (
        formats.display_relative_days(datetime(2026, 9, 1, tzinfo=UTC), "en")
        == "3 months ago"
    )


def test_numbers_keep_together() -> None:
    assert formats.display_number(1284, "fr") == f"1{THIN}284"
    assert formats.display_number(1284, "en") == "1,284"


def test_a_machine_reads_dates_too() -> None:
    assert formats.machine_date(date(2026, 11, 18)) == "2026-11-18"
    assert (
        formats.machine_date(datetime(2026, 11, 18, 5, 4, 3, 999, tzinfo=UTC))
        == "2026-11-18T05:04:03+00:00"
    )


def test_a_message_without_values_keeps_its_signs() -> None:
    assert formats.translate_message(str.upper, "100 % sure") == "100 % SURE"
    assert formats.translate_message(str, "%(count)s files", {"count": 3}) == "3 files"
    assert formats.translate_message(str, "") == ""


def test_a_measure_keeps_six_decimals() -> None:
    assert formats.display_figure(1284.12345678, "fr") == f"1{THIN}284,123457"
    assert formats.display_figure(0.30000000000000004, "en") == "0.3"
    assert [formats.display_figure(value, "fr") for value in (1e44, -2.5e-44, 0)] == [
        "1E44",
        "-2,5E-44",
        "0",
    ]


def test_a_written_day_or_moment_is_said_short() -> None:
    assert formats.display_iso_date("2024-05-03", "fr") == "3 mai 2024"
    assert formats.display_iso_date("2024-05-01", "fr") == "1er mai 2024"
    assert formats.display_iso_date("2024-05-03T14:05:00", "en") == "3 May 2024, 14:05"
