"""The table of each figure, for the page and for its CSV."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from udi.portal.nodes.sources.models import RunOutcome
from udi.portal.territory.figures.territory_figures import TerritoryFigures
from udi.protocol.quality_wording import BAR_NAMES
from udi.ui.locale import localise

Translate = Callable[[str], str]
OUTCOME_NAMES = {
    RunOutcome.COMPLETE: "Read completely",
    RunOutcome.UNCHANGED: "Nothing new",
    RunOutcome.PARTIAL: "Read partially",
    RunOutcome.VANISHED: "Many datasets missing",
    RunOutcome.FAILED: "Could not be read",
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
                _format_day(line.dataset.assessment.changed_at),
                "" if line.late_days is None else line.late_days,
            )
            for line in figures.freshness.datasets
        ],
    )


def _format_day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""


def write_quality(
    figures: TerritoryFigures, say: Translate, locale: str
) -> FigureTable:
    """The mean of each bar of quality."""
    return FigureTable(
        [say("Quality"), say("Mean out of 100")],
        [
            (localise(BAR_NAMES[line.bar], locale), line.percentage)
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


def write_usage(figures: TerritoryFigures, say: Translate, _locale: str) -> FigureTable:
    """Uses by day, robots left out."""
    return FigureTable(
        [say("Day (UTC)"), say("Downloads"), say("Questions to APIs")],
        [(line.day.isoformat(), line.downloads, line.calls) for line in figures.usage],
    )


def write_health(
    figures: TerritoryFigures, say: Translate, _locale: str
) -> FigureTable:
    """Nodes, then catalogues that are read."""
    nodes = [
        (
            node.name,
            say("Node"),
            say("Well") if node.is_well else say("In difficulty"),
            _moment(node.seen_at),
            node.failed_reports,
            node.waiting,
        )
        for node in figures.nodes
    ]
    sources = [
        (
            source.host,
            say("Catalogue that is read"),
            say("Well") if source.is_well else say("In difficulty"),
            _moment(source.read_at),
            source.failures,
            "",
        )
        for source in figures.sources
    ]
    return FigureTable(
        [
            say("Name"),
            say("Kind"),
            say("State"),
            say("Last contact (UTC)"),
            say("Failures"),
            say("Things that wait there"),
        ],
        [*nodes, *sources],
    )


def write_harvests(
    figures: TerritoryFigures, say: Translate, _locale: str
) -> FigureTable:
    """Readings of the last 24 hours."""
    return FigureTable(
        [
            say("Catalogue that is read"),
            say("Ended at (UTC)"),
            say("Outcome"),
            say("New datasets"),
            say("Changed datasets"),
            say("Withdrawn datasets"),
            say("Refused records"),
        ],
        [
            (
                harvest.host,
                _moment(harvest.ended_at),
                say(OUTCOME_NAMES[RunOutcome(harvest.outcome)]),
                harvest.created,
                harvest.updated,
                harvest.withdrawn,
                harvest.refused,
            )
            for harvest in figures.harvests
        ],
    )


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


WriteTable = Callable[[TerritoryFigures, Translate, str], FigureTable]
TABLES: Mapping[str, WriteTable] = {
    "datasets": write_datasets,
    "producers": write_producers,
    "freshness": write_freshness,
    "quality": write_quality,
    "requests": write_requests,
    "links": write_links,
    "high-value": write_high_value,
    "usage": write_usage,
    "health": write_health,
    "harvests": write_harvests,
}
"""By name of the figure, as its address has it."""
CSV_TABLES: Mapping[str, WriteTable] = {**TABLES, "freshness": write_every_freshness}
"""What the CSV holds: of freshness, every dataset."""
