"""Figures computed from what was read: nothing here reads a clock, a database or a network."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from uuid import UUID

from udi.portal.territory.assessments import AssessedDataset
from udi.protocol.hvd import CATEGORIES, HighValueCategory
from udi.protocol.quality import QualityBar, measure_freshness

MONTHS = 12
"""Of the stock of datasets, the present one among them."""
STABLE_BARS = tuple(bar for bar in QualityBar if bar is not QualityBar.FRESH)
"""Bars of quality that an assessment holds."""


@dataclass(frozen=True)
class PublicationPeriod:
    """From when until when a dataset was published; it still is where `until` is None."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class MonthlyStock:
    """How many datasets were published at the end of a month (its first day), or are now."""

    month: date
    datasets: int


def count_stock(
    periods: Sequence[PublicationPeriod], today: date, zone: tzinfo
) -> list[MonthlyStock]:
    """The stock of the last `MONTHS` months, the oldest first; months are those of the time zone."""
    stock = []
    for age in range(MONTHS - 1, -1, -1):
        end = _start_of_month(today, age - 1, zone)
        datasets = sum(
            period.since < end and (period.until is None or period.until >= end)
            for period in periods
        )
        month = _start_of_month(today, age, zone).date()
        stock.append(MonthlyStock(month, datasets))
    return stock


def _start_of_month(today: date, age: int, zone: tzinfo) -> datetime:
    """The first instant of the month that is so many months before today's; below zero: after."""
    number = today.year * 12 + today.month - 1 - age
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=zone)


@dataclass(frozen=True)
class DatasetFreshness:
    """A dataset, and the days that it is late: 0 in time, None without a rhythm."""

    dataset: AssessedDataset
    late_days: int | None


@dataclass(frozen=True)
class Freshness:
    """Datasets by whether they keep their rhythm: late ones first, the latest on top, then by title."""

    datasets: Sequence[DatasetFreshness]

    @property
    def late(self) -> list[DatasetFreshness]:
        return [line for line in self.datasets if line.late_days]

    @property
    def in_time(self) -> int:
        return sum(line.late_days == 0 for line in self.datasets)

    @property
    def without_rhythm(self) -> int:
        return sum(line.late_days is None for line in self.datasets)

    @property
    def percentage(self) -> int | None:
        """Of those with a rhythm, how many in a hundred are in time, rounded down; None where none has one."""
        announced = self.in_time + len(self.late)
        if not announced:
            return None
        return 100 * self.in_time // announced


def assess_freshness(
    datasets: Iterable[AssessedDataset], today: date, zone: tzinfo
) -> Freshness:
    """Compare each dataset with the rhythm that its description announces."""
    lines = [
        DatasetFreshness(dataset, dataset.count_late_days(today, zone))
        for dataset in datasets
    ]
    return Freshness(sorted(lines, key=_freshness_order))


def _freshness_order(line: DatasetFreshness) -> tuple[bool, int, str]:
    without_rhythm = line.late_days is None
    return (without_rhythm, -(line.late_days or 0), line.dataset.title.casefold())


@dataclass(frozen=True)
class BarAverage:
    """The mean of the datasets in one bar of quality, out of 100, rounded."""

    bar: QualityBar
    percentage: int


def average_quality(
    datasets: Sequence[AssessedDataset], today: date, zone: tzinfo
) -> list[BarAverage]:
    """The mean of each bar; nothing without a dataset."""
    if not datasets:
        return []
    sums = dict.fromkeys(QualityBar, 0)
    for dataset in datasets:
        assessment = dataset.assessment
        for bar, percentage in zip(STABLE_BARS, assessment.percentages, strict=True):
            sums[bar] += percentage
        sums[QualityBar.FRESH] += measure_freshness(
            assessment.frequency, dataset.changed_on(zone), today
        )
    return [BarAverage(bar, round(sums[bar] / len(datasets))) for bar in QualityBar]


@dataclass(frozen=True)
class ProducerCount:
    """How many published datasets a producer has."""

    name: str
    datasets: int


def count_producers(
    names: Iterable[tuple[UUID, str]], datasets: Iterable[AssessedDataset]
) -> list[ProducerCount]:
    """Every producer, the one with the most datasets first, then by name."""
    counts: dict[UUID, int] = {}
    for dataset in datasets:
        organisation = dataset.organisation_id
        counts[organisation] = counts.get(organisation, 0) + 1
    producers = [ProducerCount(name, counts.get(id_, 0)) for id_, name in names]
    return sorted(producers, key=lambda line: (-line.datasets, line.name.casefold()))


@dataclass(frozen=True)
class HighValueCount:
    """How many datasets a category of high-value data has, and of those, with an API and with a file to download."""

    category: HighValueCategory
    datasets: int
    with_api: int
    with_download: int


def count_high_value(datasets: Sequence[AssessedDataset]) -> list[HighValueCount]:
    """The six categories of Regulation (EU) 2023/138, in its order."""

    def count(
        category: HighValueCategory, holds: Callable[[AssessedDataset], bool]
    ) -> int:
        return sum(
            category.authority in dataset.assessment.categories and holds(dataset)
            for dataset in datasets
        )

    return [
        HighValueCount(
            category,
            count(category, lambda _: True),
            count(category, lambda dataset: dataset.assessment.has_api),
            count(category, lambda dataset: dataset.assessment.has_download),
        )
        for category in CATEGORIES
    ]
