"""Figures of a small known catalogue; every expected number is counted by hand."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from udi.portal.territory.assessments import AssessedDataset, DatasetAssessment
from udi.portal.territory.figures.computation import (
    PublicationPeriod,
    assess_freshness,
    average_quality,
    count_high_value,
    count_producers,
    count_stock,
)

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 3, 15)
GEOSPATIAL = "c_ac64a52d"
MOBILITY = "c_b79e35eb"


def dataset(
    title: str = "Arbres",
    *,
    organisation: UUID | None = None,
    changed: datetime | None = datetime(2026, 3, 1, 12, tzinfo=UTC),
    frequency: str = "",
    percentages: tuple[int, ...] = (0, 0, 0, 0),
    categories: tuple[str, ...] = (),
    has_api: bool = False,
    has_download: bool = False,
) -> AssessedDataset:
    """A dataset as the queries give it."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assessment = DatasetAssessment(
        percentages, frequency, changed, categories, has_api, has_download
    )
    publisher = organisation or uuid4()
    return AssessedDataset(
        uuid4(),
        title,
        {},
        {"fr": title},
        publisher,
        publisher,
        moment,
        moment,
        assessment,
    )


def test_count_stock_gives_twelve_months_of_the_territory() -> None:
    periods = [
        PublicationPeriod(datetime(2024, 1, 1, tzinfo=UTC)),
        # Paris: already the first of February.
        PublicationPeriod(datetime(2026, 1, 31, 23, 30, tzinfo=UTC)),
        PublicationPeriod(datetime(2026, 3, 10, tzinfo=UTC)),
        PublicationPeriod(
            datetime(2025, 5, 2, tzinfo=UTC), datetime(2025, 8, 3, tzinfo=UTC)
        ),
        # Came and went within one month: never in the stock at an end of month.
        PublicationPeriod(
            datetime(2025, 10, 2, tzinfo=UTC), datetime(2025, 10, 9, tzinfo=UTC)
        ),
    ]

    stock = count_stock(periods, TODAY, PARIS)

    assert [(f"{line.month:%Y-%m}", line.datasets) for line in stock] == [
        ("2025-04", 1), ("2025-05", 2), ("2025-06", 2), ("2025-07", 2), ("2025-08", 1), ("2025-09", 1),
        ("2025-10", 1), ("2025-11", 1), ("2025-12", 1), ("2026-01", 1), ("2026-02", 2), ("2026-03", 3),
    ]  # fmt: skip


def test_assess_freshness_puts_the_latest_first() -> None:
    freshness = assess_freshness(
        [
            dataset("Sans rythme"),
            dataset("À l’heure", frequency="MONTHLY"),
            dataset("Retard de 7", frequency="WEEKLY"),
            dataset("Retard de 13", frequency="DAILY"),
            dataset("Annuel", frequency="ANNUAL"),
        ],
        TODAY,
        PARIS,
    )

    assert [
        (line.dataset.title, line.late_days) for line in freshness.datasets
    ] == [
        ("Retard de 13", 13),
        ("Retard de 7", 7),
        ("Annuel", 0),
        ("À l’heure", 0),
        ("Sans rythme", None),
    ]  # fmt: skip
    assert len(freshness.late) == 2
    assert freshness.in_time == 2
    assert freshness.without_rhythm == 1
    assert freshness.percentage == 50


def test_assess_freshness_counts_days_of_the_territory() -> None:
    # 23:30 UTC is the 14th in Paris: one day, in time. In UTC it would be two.
    late_evening = datetime(2026, 3, 13, 23, 30, tzinfo=UTC)
    daily = [dataset(frequency="DAILY", changed=late_evening)]

    assert assess_freshness(daily, TODAY, PARIS).datasets[0].late_days == 0
    assert assess_freshness(daily, TODAY, UTC).datasets[0].late_days == 1


def test_a_day_that_nobody_said_is_neither_late_nor_fresh() -> None:
    undated = [dataset(frequency="DAILY", changed=None), dataset(changed=None)]

    freshness = assess_freshness(undated, TODAY, PARIS)
    fresh = average_quality(undated[1:], TODAY, PARIS)[-1]

    assert [line.late_days for line in freshness.datasets] == [None, None]
    assert (fresh.bar.value, fresh.percentage) == ("fresh", 0)


def test_freshness_has_no_percentage_without_a_rhythm() -> None:
    assert assess_freshness([dataset()], TODAY, PARIS).percentage is None


def test_average_quality_is_the_mean_of_each_bar_on_the_day() -> None:
    # Up to date: monthly and in time 100, nothing announced and fourteen days old 25.
    first = dataset(percentages=(100, 50, 75, 100), frequency="MONTHLY")
    second = dataset(percentages=(31, 0, 0, 50))

    averages = average_quality([first, second], TODAY, PARIS)

    assert [(line.bar.value, line.percentage) for line in averages] == [
        ("find", 66),
        ("reach", 25),
        ("understand", 38),
        ("reuse", 75),
        ("fresh", 62),
    ]
    assert average_quality([], TODAY, PARIS) == []


def test_count_producers_puts_the_largest_first() -> None:
    armor, rade, sea = uuid4(), uuid4(), uuid4()
    datasets = [dataset(organisation=rade), dataset(organisation=rade)]

    lines = count_producers([(armor, "Armor"), (rade, "Rade"), (sea, "aval")], datasets)

    assert [(line.name, line.datasets) for line in lines] == [
        ("Rade", 2),
        ("Armor", 0),
        ("aval", 0),
    ]


def test_count_high_value_counts_what_a_category_has() -> None:
    lines = count_high_value(
        [
            dataset(categories=(GEOSPATIAL,), has_api=True, has_download=True),
            dataset(categories=(GEOSPATIAL, MOBILITY), has_download=True),
            dataset(has_api=True),
        ]
    )

    counts = {
        line.category.authority: (line.datasets, line.with_api, line.with_download)
        for line in lines
    }
    assert len(counts) == 6
    assert counts[GEOSPATIAL] == (2, 1, 2)
    assert counts[MOBILITY] == (1, 0, 1)
    assert [count for count in counts.values() if count[0]] == [(2, 1, 2), (1, 0, 1)]
