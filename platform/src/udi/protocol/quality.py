"""Quality of a dataset in five bars, judged from its record alone: the same at the portal and at the node.

What a text means counts, not that it is there: a description that repeats the title or the names of columns is worth
nothing, keywords that do are worth half. Nothing is called here, and what restricted data keep to themselves is not
asked of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from types import MappingProxyType

from udi.protocol.access import AccessRights
from udi.protocol.description_meaning import (
    is_clear_name,
    says_something,
    significant_words,
)
from udi.protocol.frequencies import (
    DAYS,
    IRREGULAR,
    NO_MORE_UPDATES,
    count_late_days,
)
from udi.protocol.structures import Media, Record
from udi.protocol.vocabulary import MediaKind

SHORTEST_SUMMARY = 60
FEWEST_KEYWORDS = 3
FEWEST_TITLE_WORDS = 2
YEAR = 366
"""Days after which data without an announced frequency count as old."""
READ_BY_PROGRAMS = frozenset(
    [
        "CSV",
        "TSV",
        "ODS",
        "Parquet",
        "Arrow",
        "JSON",
        "GeoJSON",
        "GeoPackage",
        "KML",
        "GML",
        "GTFS",
        "NetCDF",
        "XML",
        "JSON-LD",
        "RDF/XML",
        "Turtle",
        "YAML",
        "SQLite",
        "iCalendar",
    ]
)
READ_BY_SOME = frozenset(
    ["XLSX", "XLS", "Shapefile", "GeoTIFF", "DXF", "SQL", "Access", "TXT", "ZIP"]
)
"""Formats, by their label in `formats.py`: programs read the first; the second ask for one program or for care."""


class QualityBar(StrEnum):
    """What a person does with data, in this order."""

    FIND = "find"
    REACH = "reach"
    UNDERSTAND = "understand"
    REUSE = "reuse"
    FRESH = "fresh"


class QualityLevel(IntEnum):
    """How much of a bar is there, for a word beside it."""

    MISSING = 0
    WEAK = 1
    FAIR = 2
    GOOD = 3


class Grade(IntEnum):
    """What one criterion is worth."""

    ABSENT = 0
    PARTIAL = 1
    WHOLE = 2


LEAST = ((80, QualityLevel.GOOD), (50, QualityLevel.FAIR), (1, QualityLevel.WEAK))
"""Percentage from which a bar has a level; below the last it is missing."""
MOST_WITHOUT_ESSENTIAL = 49
"""Percentage that a bar cannot pass without what it stands on."""


@dataclass(frozen=True)
class Criterion:
    """One thing looked at; without an essential one, its bar is weak at most."""

    name: str
    bar: QualityBar
    is_essential: bool = False


CRITERIA = (
    Criterion("keywords", QualityBar.FIND),
    Criterion("title", QualityBar.FIND),
    Criterion("theme", QualityBar.FIND),
    Criterion("area", QualityBar.FIND),
    Criterion("period", QualityBar.FIND),
    Criterion("file", QualityBar.REACH, is_essential=True),
    Criterion("format", QualityBar.REACH),
    Criterion("description", QualityBar.UNDERSTAND, is_essential=True),
    Criterion("columns", QualityBar.UNDERSTAND),
    Criterion("licence", QualityBar.REUSE, is_essential=True),
    Criterion("contact", QualityBar.REUSE),
    Criterion("frequency", QualityBar.FRESH, is_essential=True),
    Criterion("update", QualityBar.FRESH),
)
"""In the order in which they are advised, within a bar."""
Grades = Mapping[str, Grade]
"""Grades by criterion; one that does not concern the dataset has none."""


@dataclass(frozen=True)
class BarResult:
    """One bar: how full it is, in a hundred, and the criterion that the next act would raise (empty: none)."""

    bar: QualityBar
    percentage: int
    next_criterion: str

    @property
    def level(self) -> QualityLevel:
        return next(
            (level for least, level in LEAST if self.percentage >= least),
            QualityLevel.MISSING,
        )


@dataclass(frozen=True)
class Quality:
    """The five bars, in the order of `QualityBar`."""

    bars: tuple[BarResult, ...]

    @property
    def good_bars(self) -> int:
        return sum(result.level is QualityLevel.GOOD for result in self.bars)


def assess_quality(record: Record, today: date) -> Quality:
    """Judge a record; `today` is a day where its territory lives."""
    return Quality(measure_bars(grade_record(record, today)))


def grade_record(record: Record, today: date) -> Grades:
    """What each criterion that concerns a dataset is worth."""
    changed_at = record.dates.stated_update or record.dates.published
    changed_on = changed_at.date() if changed_at else None
    grades = {
        "title": _grade_title(record.title),
        "keywords": _grade_keywords(record),
        "theme": _grade_presence(record.theme),
        "area": _grade_presence(record.geography is not None),
        "period": _grade_presence(record.period or record.metadata.periods),
        "file": _grade_presence(record.media),
        "format": max(map(_grade_format, record.media), default=Grade.ABSENT),
        "description": _grade_description(record),
        "licence": _grade_licence(record),
        "contact": _grade_presence(_can_be_asked(record)),
        **_grade_freshness(record.frequency, changed_on, today),
    }
    columns = _grade_columns(record)
    if columns is not None:
        grades["columns"] = columns
    return MappingProxyType(grades)


def _can_be_asked(record: Record) -> bool:
    """Whether somebody has a mail address, a telephone number or a page."""
    return any(contact.email for contact in record.contacts) or any(
        point.phone or point.url for point in record.metadata.contact_points
    )


def measure_bars(grades: Grades) -> tuple[BarResult, ...]:
    """The bars of these grades."""
    return tuple(_measure_bar(bar, grades) for bar in QualityBar)


def measure_freshness(frequency: str, changed_on: date | None, today: date) -> int:
    """The percentage of `FRESH` alone, for figures of many datasets on one day."""
    grades = _grade_freshness(frequency, changed_on, today)
    return _measure_bar(QualityBar.FRESH, grades).percentage


def grade_format(label: str) -> Grade:
    """What a format of a file is worth, by its label in `formats.py`."""
    if label in READ_BY_PROGRAMS:
        return Grade.WHOLE
    return Grade.PARTIAL if label in READ_BY_SOME else Grade.ABSENT


def _measure_bar(bar: QualityBar, grades: Grades) -> BarResult:
    criteria = [
        criterion
        for criterion in CRITERIA
        if criterion.bar is bar and criterion.name in grades
    ]
    points = sum(grades[criterion.name] for criterion in criteria)
    percentage = 100 * points // (Grade.WHOLE * len(criteria))
    if any(_is_missed(criterion, grades) for criterion in criteria):
        percentage = min(percentage, MOST_WITHOUT_ESSENTIAL)
    short = [
        criterion for criterion in criteria if grades[criterion.name] < Grade.WHOLE
    ]
    short.sort(
        key=lambda criterion: (
            not _is_missed(criterion, grades),
            grades[criterion.name],
        )
    )
    next_criterion = short[0].name if short else ""
    return BarResult(bar, percentage, next_criterion)


def _is_missed(criterion: Criterion, grades: Grades) -> bool:
    return criterion.is_essential and grades[criterion.name] is Grade.ABSENT


def _grade_presence(value: object) -> Grade:
    return Grade.WHOLE if value else Grade.ABSENT


def _grade_title(title: str) -> Grade:
    """A name of a file, or a single word, says half."""
    is_name = "_" in title or len(significant_words(title)) < FEWEST_TITLE_WORDS
    return Grade.PARTIAL if is_name else Grade.WHOLE


def _grade_keywords(record: Record) -> Grade:
    """Three or more, of which one at least is in neither the title nor the names of columns."""
    if not record.keywords:
        return Grade.ABSENT
    known = _known_words(record.title, _column_names(record.media))
    adds = any(significant_words(keyword) - known for keyword in record.keywords)
    is_whole = adds and len(record.keywords) >= FEWEST_KEYWORDS
    return Grade.WHOLE if is_whole else Grade.PARTIAL


def _known_words(title: str, columns: Iterable[str]) -> frozenset[str]:
    return significant_words(title).union(*map(significant_words, columns))


def _column_names(media: Iterable[Media]) -> list[str]:
    return [column.name for file in media for column in file.columns]


def _grade_description(record: Record) -> Grade:
    """The best of its languages: the longest text that says something."""
    columns = _column_names(record.media)
    texts = [
        (language, text)
        for by_language in (record.summary, record.synopsis)
        for language, text in by_language.items()
    ]
    for language, text in sorted(texts, key=lambda entry: -len(entry[1])):
        if says_something(text, record.titles.get(language, record.title), columns):
            return Grade.WHOLE if len(text) >= SHORTEST_SUMMARY else Grade.PARTIAL
    return Grade.ABSENT


def _grade_columns(record: Record) -> Grade | None:
    """Whether columns have a meaning: a model that is followed, or names that say something; None where none are named.

    Records of catalogues, of other nodes and of restricted data do not name columns: nothing is asked of them.
    """
    if any(media.structure for media in record.media):
        return Grade.WHOLE
    names = _column_names(record.media)
    if not names:
        return None
    clear = sum(map(is_clear_name, names))
    if clear == len(names):
        return Grade.WHOLE
    return Grade.PARTIAL if 2 * clear >= len(names) else Grade.ABSENT


def _grade_format(media: Media) -> Grade:
    """Programs call services and read series."""
    if media.kind is not MediaKind.FILE:
        return Grade.WHOLE
    return grade_format(media.format)


def _grade_licence(record: Record) -> Grade:
    """A licence of the EU's table, or the terms under which restricted data open; another one is half."""
    licence = record.licence
    standard = licence.standard_licence
    if record.access is AccessRights.RESTRICTED:
        return _grade_presence(licence.link or standard)
    if licence.is_agreement:
        return Grade.ABSENT
    if standard and standard.authority and standard.has_version:
        return Grade.WHOLE
    return Grade.PARTIAL if standard or licence.link else Grade.ABSENT


def _grade_freshness(
    frequency: str, changed_on: date | None, today: date
) -> dict[str, Grade]:
    """The frequency that is announced, and whether the last change keeps it; one of an unknown day keeps none."""
    changed_on = changed_on or date.min
    age = (today - changed_on).days
    late_days = count_late_days(frequency, changed_on, today)
    if late_days is not None:
        if late_days == 0:
            update = Grade.WHOLE
        else:
            is_near = late_days <= DAYS[frequency]
            update = Grade.PARTIAL if is_near else Grade.ABSENT
        return {"frequency": Grade.WHOLE, "update": update}
    if frequency in NO_MORE_UPDATES:
        return {"frequency": Grade.WHOLE, "update": Grade.WHOLE}
    recent = Grade.PARTIAL if age <= YEAR else Grade.ABSENT
    if frequency in IRREGULAR:
        return {"frequency": Grade.PARTIAL, "update": _grade_presence(age <= YEAR)}
    return {"frequency": Grade.ABSENT, "update": recent}
