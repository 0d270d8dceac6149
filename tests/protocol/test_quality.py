"""Quality in five bars: what each criterion is worth, and which act comes next; every expected value is counted by hand."""

from datetime import date
from typing import Any

import pytest

from tests.portal.catalogue.corpus import document
from udi.protocol.addresses import ANSWERS
from udi.protocol.formats import FORMATS
from udi.protocol.quality import (
    CRITERIA,
    READ_BY_PROGRAMS,
    READ_BY_SOME,
    Grade,
    Quality,
    QualityBar,
    QualityLevel,
    assess_quality,
    grade_record,
    measure_bars,
    measure_freshness,
)
from udi.protocol.quality_wording import ACTS, BAR_NAMES, LEVEL_NAMES
from udi.protocol.record import read_record

TODAY = date(2026, 3, 15)
NAMES = [criterion.name for criterion in CRITERIA]
TEXT = "Relevés chaque printemps par les jardiniers, pour choisir où planter et quoi soigner."
CSV = [{"name": "essence"}, {"name": "hauteur", "unit": "m"}]


def make_document(**changes: Any) -> dict[str, Any]:
    """A record without any fault; `columns`, `structure` and `file_type` are of its file."""
    files = document(0)["available_formats"]
    files[0] |= {
        name: changes.pop(name)
        for name in ("file_columns", "file_structure", "file_type")
        if name in changes
    }
    texts = [{"lang": "fr", "text": TEXT}]
    box = dict.fromkeys(("south_latitude", "north_latitude"), 48.0)
    box |= dict.fromkeys(("west_longitude", "east_longitude"), -3.0)
    day = "2026-03-01T00:00:00Z"
    whole = {
        "resource_title": "Arbres de Kerlévan",
        "synopsis": texts,
        "summary": texts,
        "keywords": ["arbre", "parc", "jardin"],
        "temporal_spread": {"start_date": "2019-01-01T00:00:00Z"},
        "geography": {"bounding_box": box},
        "dataset_dates": {"created": day, "updated": day},
        "update_frequency": "MONTHLY",
        "available_formats": files,
    }
    return document(0, **(whole | changes))


def assess(**changes: Any) -> Quality:
    return assess_quality(read_record(make_document(**changes)), TODAY)


def next_acts(quality: Quality) -> list[str]:
    return [result.next_criterion for result in quality.bars]


def test_a_record_without_fault_fills_every_bar_and_asks_for_nothing() -> None:
    quality = assess(file_columns=CSV)

    assert [result.bar for result in quality.bars] == list(QualityBar)
    assert [result.percentage for result in quality.bars] == [100] * 5
    assert next_acts(quality) == [""] * 5
    assert quality.good_bars == 5


@pytest.mark.parametrize(
    ("changes", "criterion", "grade"),
    [
        ({"resource_title": "arbres_2026_v3"}, "title", Grade.PARTIAL),
        ({"resource_title": "Arbres"}, "title", Grade.PARTIAL),
        ({"keywords": ["arbre"]}, "keywords", Grade.PARTIAL),
        # As a form suggests them, from the title and the names of columns.
        ({"keywords": ["arbres", "kerlévan", "essence"]}, "keywords", Grade.PARTIAL),
        ({"keywords": ["arbres", "kerlévan", "parc"]}, "keywords", Grade.WHOLE),
        ({"theme": "divers"}, "theme", Grade.WHOLE),
        ({"geography": None}, "area", Grade.ABSENT),
        ({"temporal_spread": None}, "period", Grade.ABSENT),
        ({"file_type": "application/pdf"}, "format", Grade.ABSENT),
        ({"file_type": "application/vnd.ms-excel"}, "format", Grade.PARTIAL),
        ({"file_type": "application/geo+json"}, "format", Grade.WHOLE),
        ({"file_columns": [{"name": "col1"}, {"name": "col2"}]}, "columns", Grade.ABSENT),
        ({"file_columns": [{"name": "essence"}, {"name": "12"}]}, "columns", Grade.PARTIAL),
        ({"file_columns": [], "file_structure": "https://schema.example/a.json"}, "columns", Grade.WHOLE),
        ({"update_frequency": None}, "frequency", Grade.ABSENT),
        ({"update_frequency": "IRREG"}, "frequency", Grade.PARTIAL),
        ({"update_frequency": "NEVER"}, "update", Grade.WHOLE),
        ({"update_frequency": "WEEKLY"}, "update", Grade.PARTIAL),
        ({"update_frequency": "DAILY"}, "update", Grade.ABSENT),
    ],
)  # fmt: skip
def test_grade_record_judges_each_criterion_alone(
    changes: dict[str, Any], criterion: str, grade: Grade
) -> None:
    columns = {} if "file_type" in changes else {"file_columns": CSV}
    record = read_record(make_document(**(columns | changes)))

    assert grade_record(record, TODAY)[criterion] is grade


def test_a_short_text_counts_where_the_long_one_says_nothing() -> None:
    columns = "2 lignes et 2 colonnes. Colonnes : " + "essence, hauteur, " * 60
    short = "Mesurés à la main chaque printemps, puis au laser."
    changes = {
        "summary": [{"lang": "fr", "text": columns}],
        "synopsis": [{"lang": "fr", "text": short}],
        "file_columns": CSV,
    }

    record = read_record(make_document(**changes))

    assert grade_record(record, TODAY)["description"] is Grade.PARTIAL


@pytest.mark.parametrize(
    ("summary", "grade"),
    [
        (TEXT, Grade.WHOLE),
        ("Mesurés à la main chaque printemps, puis au laser.", Grade.PARTIAL),
        ("Les arbres de Kerlévan : essence, hauteur.", Grade.ABSENT),
        ("2 lignes et 2 colonnes. Colonnes : essence, hauteur.", Grade.ABSENT),
    ],
)
def test_a_description_is_worth_what_it_adds(summary: str, grade: Grade) -> None:
    texts = [{"lang": "fr", "text": summary}]
    changes = {"summary": texts, "synopsis": texts, "file_columns": CSV}
    quality = assess(**changes)
    record = read_record(make_document(**changes))

    assert grade_record(record, TODAY)["description"] is grade
    levels = {
        Grade.ABSENT: QualityLevel.WEAK,
        Grade.PARTIAL: QualityLevel.FAIR,
        Grade.WHOLE: QualityLevel.GOOD,
    }
    assert quality.bars[2].level is levels[grade]


def test_a_description_that_repeats_the_names_of_columns_adds_nothing() -> None:
    names = ["essence", "hauteur", "diamètre", "plantation", "arrosage"]
    text = "On y trouve essence, hauteur, diamètre, plantation, arrosage."
    texts = [{"lang": "fr", "text": text}]
    changes = {"summary": texts, "synopsis": texts}
    columns = [{"name": name} for name in names]

    with_names = read_record(make_document(file_columns=columns, **changes))
    without = read_record(make_document(file_columns=[], **changes))

    assert grade_record(with_names, TODAY)["description"] is Grade.ABSENT
    assert grade_record(without, TODAY)["description"] is Grade.WHOLE


def test_nothing_is_asked_of_columns_that_a_record_does_not_name() -> None:
    table = read_record(make_document(file_columns=[]))

    assert table.media[0].format == "CSV"
    assert "columns" not in grade_record(table, TODAY)
    assert assess_quality(table, TODAY).bars[2].percentage == 100


def test_nothing_is_asked_of_restricted_data_that_they_keep_to_themselves() -> None:
    closed = read_record(document(7))
    grades = grade_record(closed, TODAY)

    assert "columns" not in grades
    assert grades["licence"] is Grade.WHOLE
    assert grades["file"] is Grade.WHOLE


def test_a_bar_without_what_it_stands_on_is_weak_and_asks_for_that_first() -> None:
    whole = dict.fromkeys(NAMES, Grade.WHOLE)
    for criterion in CRITERIA:
        [before] = [
            result for result in measure_bars(whole) if result.bar is criterion.bar
        ]
        [after] = [
            result
            for result in measure_bars({**whole, criterion.name: Grade.ABSENT})
            if result.bar is criterion.bar
        ]
        assert (before.percentage, before.next_criterion) == (100, "")
        assert after.next_criterion == criterion.name
        assert (after.level <= QualityLevel.WEAK) is criterion.is_essential
    assert measure_bars(dict.fromkeys(NAMES, Grade.ABSENT))[0].level is (
        QualityLevel.MISSING
    )


@pytest.mark.parametrize(
    ("frequency", "changed_on", "percentage"),
    [
        ("MONTHLY", date(2026, 3, 1), 100),
        ("MONTHLY", date(2026, 2, 1), 75),
        ("MONTHLY", date(2025, 2, 1), 50),
        ("NEVER", date(1999, 1, 1), 100),
        ("IRREG", date(2026, 1, 1), 75),
        ("IRREG", date(2020, 1, 1), 25),
        ("", date(2026, 1, 1), 25),
        ("", date(2020, 1, 1), 0),
        ("UNKNOWN", date(2020, 1, 1), 0),
    ],
)
def test_measure_freshness_compares_the_last_change_with_the_frequency(
    frequency: str, changed_on: date, percentage: int
) -> None:
    assert measure_freshness(frequency, changed_on, TODAY) == percentage


@pytest.mark.parametrize(
    ("dates", "grade"),
    [
        ({}, Grade.WHOLE),
        ({"unstated": ["updated"]}, Grade.ABSENT),
        ({"unstated": ["updated"], "published": "2026-03-01T00:00:00Z"}, Grade.WHOLE),
    ],
)
def test_a_day_that_nobody_said_is_no_update(
    dates: dict[str, Any], grade: Grade
) -> None:
    day = "2026-03-01T00:00:00Z"
    dates = {"created": day, "updated": day} | dates
    record = read_record(make_document(dataset_dates=dates))

    grades = grade_record(record, TODAY)

    assert (grades["frequency"], grades["update"]) == (Grade.WHOLE, grade)


def test_every_criterion_has_its_words_and_its_address() -> None:
    assert set(ACTS) == set(NAMES) == set(ANSWERS)
    assert set(BAR_NAMES) == set(QualityBar)
    assert set(LEVEL_NAMES) == set(QualityLevel)
    every = [*ACTS.values(), *BAR_NAMES.values(), *LEVEL_NAMES.values()]
    assert {tuple(sorted(texts)) for texts in every} == {("en", "es", "fr")}
    assert set(FORMATS) >= READ_BY_PROGRAMS | READ_BY_SOME
