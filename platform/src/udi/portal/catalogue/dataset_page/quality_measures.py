"""Quality measures of packages beside ours (`udi.quality`), shown below the five bars on the page of a dataset."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from udi.kit.entry_points import list_entry_points
from udi.protocol.record import Record

GROUP = "udi.quality"
Texts = Mapping[str, str]
"""A text by language; where one is missing, the first stands for it."""


@dataclass(frozen=True)
class MeasuredQuality:
    """What a description is worth by one measure, and what its publisher may do to raise it."""

    points: int
    out_of: int
    improvements: tuple[Texts, ...] = ()


@dataclass(frozen=True)
class QualityMeasure:
    """A measure of descriptions, under the name of its entry point."""

    title: Texts
    assess: Callable[[Record], MeasuredQuality]
    """Judges a record; it reads nothing else, and answers in a few milliseconds: pages wait for it."""


@dataclass(frozen=True)
class QualityResult:
    """A measure as the page of a dataset shows it, in one language."""

    title: str
    points: int
    out_of: int
    improvements: tuple[str, ...]


@cache
def list_quality_measures() -> dict[str, QualityMeasure]:
    """The measures of other packages, by name."""
    return {point.name: point.load() for point in list_entry_points(GROUP)}


def measure_record(record: Record, language: str) -> list[QualityResult]:
    """What each measure says of a record."""
    results = []
    for measure in list_quality_measures().values():
        measured = measure.assess(record)
        results.append(
            QualityResult(
                _choose_text(measure.title, language),
                measured.points,
                measured.out_of,
                tuple(_choose_text(texts, language) for texts in measured.improvements),
            )
        )
    return results


def _choose_text(texts: Texts, language: str) -> str:
    return texts.get(language) or next(iter(texts.values()))
