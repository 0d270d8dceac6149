"""What filters of a source see of a record: who publishes it, what it is about, its formats and its place."""

from collections.abc import Iterable
from dataclasses import dataclass

from udi.portal.nodes.harvest.identity import fold_text
from udi.portal.nodes.harvest.record import HarvestedRecord

MOST_VALUES = 100
LONGEST_VALUE = 200
LONGEST_IDENTIFIER = 500
Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class RecordFacets:
    """One record; each list holds a value under its names, as the source writes them and as we do."""

    identifier: str
    title: str
    publishers: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    box: Box | None = None


def read_facets(record: HarvestedRecord) -> RecordFacets:
    """The facets of a record."""
    publisher = record.publisher
    formats = (
        distribution.format or distribution.format_label
        for distribution in record.distributions
    )
    themes = (*record.themes, *(theme.label for theme in record.themes_other))
    return RecordFacets(
        identifier=record.identifier[:LONGEST_IDENTIFIER],
        title=next(iter(record.title.values()), "")[:LONGEST_VALUE],
        publishers=_tidy(
            (*publisher.name.values(), publisher.identifier, publisher.uri)
            if publisher
            else ()
        ),
        keywords=_tidy(word for words in record.keywords.values() for word in words),
        themes=_tidy(themes),
        formats=_tidy(formats),
        box=record.spatial.box,
    )


def _tidy(values: Iterable[str]) -> tuple[str, ...]:
    """Each once, however it is written."""
    unique: dict[str, str] = {}
    for value in filter(None, values):
        unique.setdefault(fold_text(value), value[:LONGEST_VALUE])
    return tuple(unique.values())[:MOST_VALUES]
