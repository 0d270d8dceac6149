"""The table of each figure, for the page and for its CSV."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from udi.portal.territory.figures.territory_figures import TerritoryFigures
from udi.protocol.quality import Dimension
from udi.ui.locale import localise

Translate = Callable[[str], str]
DIMENSION_NAMES = {
    Dimension.FINDABILITY: "Findability",
    Dimension.ACCESSIBILITY: "Accessibility of the data",
    Dimension.INTEROPERABILITY: "Interoperability",
    Dimension.REUSABILITY: "Reusability",
    Dimension.CONTEXTUALITY: "Context",
}


@dataclass(frozen=True)
class FigureTable:
    """The figures of one picture: heads and rows, whose first cell names the row."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]


def write_datasets(
    figures: TerritoryFigures, say: Translate, _locale: str
) -> FigureTable:
    """The stock at the end of each month."""
    return FigureTable(
        [say("Month"), say("Datasets")],
        [(f"{line.month:%Y-%m}", line.datasets) for line in figures.stock],
    )


def write_producers(
    figures: TerritoryFigures, say: Translate, _locale: str
) -> FigureTable:
    """How many datasets each producer publishes."""
    return FigureTable(
        [say("Producer"), say("Datasets")],
        [(line.name, line.datasets) for line in figures.producers],
    )


def write_freshness(
    figures: TerritoryFigures, say: Translate, _locale: str
) -> FigureTable:
    """How many datasets keep their rhythm."""
    freshness = figures.freshness
    return FigureTable(
        [say("State"), say("Datasets")],
        [
            (say("Late (past the announced frequency)"), len(freshness.late)),
            (say("Up to date"), freshness.in_time),
            (say("No frequency announced"), freshness.without_rhythm),
        ],
    )


def write_every_freshness(
    figures: TerritoryFigures, say: Translate, _locale: str
) -> FigureTable:
    """Each dataset, late ones first."""
    return FigureTable(
        [say("Dataset"), say("Frequency"), say("Last change"), say("Days late")],
        [
            (
                line.dataset.title,
                line.dataset.assessment.frequency,
                line.dataset.modified_at.date().isoformat(),
                "" if line.late_days is None else line.late_days,
            )
            for line in figures.freshness.datasets
        ],
    )


def write_quality(
    figures: TerritoryFigures, say: Translate, _locale: str
) -> FigureTable:
    """The mean score of each dimension."""
    return FigureTable(
        [say("Dimension"), say("Mean score out of 100")],
        [
            (say(DIMENSION_NAMES[line.dimension]), line.percentage)
            for line in figures.quality
        ],
    )


def write_requests(
    figures: TerritoryFigures, say: Translate, _locale: str
) -> FigureTable:
    """Requests by whether they were answered in time."""
    lines = (
        (say("Requests for access"), figures.access_requests),
        (say("Requests for data"), figures.data_requests),
    )
    return FigureTable(
        [
            say("Kind of request"),
            say("Answered in time"),
            say("Answered late"),
            say("Waiting, in time"),
            say("Waiting, late"),
        ],
        [
            (
                name,
                counts.answered_in_time,
                counts.answered_late,
                counts.waiting_in_time,
                counts.waiting_late,
            )
            for name, counts in lines
        ],
    )


def write_links(figures: TerritoryFigures, say: Translate, _locale: str) -> FigureTable:
    """Links of each producer."""
    return FigureTable(
        [say("Producer"), say("Links"), say("Failing links")],
        [(line.name, line.links, line.failing) for line in figures.links],
    )


def write_high_value(
    figures: TerritoryFigures, say: Translate, locale: str
) -> FigureTable:
    """Datasets of each category of high-value data."""
    return FigureTable(
        [
            say("Category"),
            say("Datasets"),
            say("With an API"),
            say("With a bulk download"),
        ],
        [
            (
                localise(line.category.label, locale),
                line.datasets,
                line.with_api,
                line.with_download,
            )
            for line in figures.high_value
        ],
    )


WriteTable = Callable[[TerritoryFigures, Translate, str], FigureTable]
TABLES: Mapping[str, WriteTable] = {
    "datasets": write_datasets,
    "producers": write_producers,
    "freshness": write_freshness,
    "quality": write_quality,
    "requests": write_requests,
    "links": write_links,
    "high-value": write_high_value,
}
"""By name of the figure, as its address has it."""
CSV_TABLES: Mapping[str, WriteTable] = {**TABLES, "freshness": write_every_freshness}
"""What the CSV holds: of freshness, every dataset."""
