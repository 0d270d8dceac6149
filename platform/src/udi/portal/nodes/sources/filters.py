"""Which datasets of a source are taken: by who publishes them, what they are about, their formats and their place."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, Struct, convert, to_builtins

from udi.kit.errors import Refusal, Refusals
from udi.portal.nodes.harvest.facets import LONGEST_VALUE, Box, RecordFacets
from udi.portal.nodes.harvest.identity import fold_text
from udi.portal.nodes.harvest.untrusted_documents import sanitise_value
from udi.protocol.themes import EU_THEMES

MOST_VALUES = 50
WORLD = (-180, -90, 180, 90)
THEME_CODES = {
    fold_text(label): code
    for code, labels in EU_THEMES.items()
    for label in labels.values()
}
"""Of the EU's themes, by their names in each language."""
FACETS = ("publishers", "keywords", "themes", "formats")
Values = Annotated[
    list[str],
    Meta(description="One of these, whatever the case; empty: all.", max_length=50),
]


class SourceFilters(Struct, kw_only=True, omit_defaults=True):
    """Which datasets of a source are taken: those that have one value of each list, and touch the box."""

    publishers: Values = []
    keywords: Values = []
    themes: Values = []
    formats: Values = []
    box: Annotated[
        list[float] | None,
        Meta(
            description="West, south, east and north in degrees; null: all. A dataset that names no place is left out."
        ),
    ] = None

    @property
    def is_empty(self) -> bool:
        """Whether everything is taken."""
        return self.box is None and not any(getattr(self, name) for name in FACETS)

    def to_row(self) -> dict[str, Any]:
        """As the source keeps them."""
        row: dict[str, Any] = to_builtins(self)
        return row


def read_row(row: Mapping[str, Any]) -> SourceFilters:
    """The filters that a source keeps."""
    return convert(dict(row), SourceFilters)


class FilterMatcher:
    """Tells of one record after the other whether filters take it."""

    def __init__(self, filters: SourceFilters) -> None:
        self._filters = filters
        self._values = {
            name: {fold_text(value) for value in getattr(filters, name)}
            for name in FACETS
        }

    def refusing(self, facets: RecordFacets) -> list[str]:
        """The filters that leave a record out; none: it is taken."""
        refusing = [
            name
            for name, chosen in self._values.items()
            if chosen and chosen.isdisjoint(map(fold_text, getattr(facets, name)))
        ]
        box = self._filters.box
        if box is not None and not _touches(box, facets.box):
            refusing.append("box")
        return refusing

    def takes(self, facets: RecordFacets) -> bool:
        """Whether a record is taken."""
        return not self.refusing(facets)


def _touches(box: Sequence[float], other: Box | None) -> bool:
    if other is None:
        return False
    west, south, east, north = box
    return (
        other[0] <= east
        and other[2] >= west
        and other[1] <= north
        and other[3] >= south
    )


@dataclass(frozen=True)
class FilterCount:
    """What filters would take of some records, and how many each of them leaves out."""

    total: int
    taken: int
    left_out_by: dict[str, int]
    left_out: tuple[str, ...] = ()
    """Identifiers of what is left out, as the source writes them."""
    left_out_titles: tuple[str, ...] = ()


MOST_TITLES = 5


def count_taken(filters: SourceFilters, records: Iterable[RecordFacets]) -> FilterCount:
    """Count what filters would take."""
    matcher = FilterMatcher(filters)
    counts = Counter[str]()
    taken = 0
    left_out: list[str] = []
    titles: list[str] = []
    for facets in records:
        refusing = matcher.refusing(facets)
        counts.update(refusing)
        if not refusing:
            taken += 1
            continue
        left_out.append(facets.identifier)
        if len(titles) < MOST_TITLES:
            titles.append(facets.title)
    return FilterCount(
        total=taken + len(left_out),
        taken=taken,
        left_out_by=dict(counts),
        left_out=tuple(left_out),
        left_out_titles=tuple(titles),
    )


def list_values(
    records: Iterable[RecordFacets], *, limit: int
) -> dict[str, list[tuple[str, int]]]:
    """The values that records have most, by filter: what there is to choose from."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    wordings: dict[str, str] = {}
    for facets in records:
        for name in FACETS:
            values = getattr(facets, name)[: 1 if name == "publishers" else None]
            for value in values:
                wordings.setdefault(fold_text(value), value)
                counts[name][fold_text(value)] += 1
    return {
        name: [
            (wordings[folded], number)
            for folded, number in sorted(
                counter.items(), key=lambda item: (-item[1], item[0])
            )[:limit]
        ]
        for name, counter in counts.items()
    }


def list_words(filters: SourceFilters) -> list[str]:
    """Every value that is asked for, as it was written."""
    words = [value for name in FACETS for value in getattr(filters, name)]
    if filters.box:
        words.append(" ".join(f"{number:g}°" for number in filters.box))
    return words


def parse_filters(
    values: Mapping[str, Iterable[str]], box: str | Sequence[float] | None
) -> SourceFilters:
    """Filters as a person or a program gives them.

    Raises:
        InvalidError: a list is too long, or the box is none, each named.
    """
    refusals = Refusals()
    lists = {name: _tidy(values.get(name, ())) for name in FACETS}
    lists["themes"] = _tidy(
        THEME_CODES.get(fold_text(theme), theme) for theme in lists["themes"]
    )
    for name, texts in lists.items():
        if len(texts) > MOST_VALUES:
            refusals.append(
                Refusal(
                    name,
                    "There are too many values here.",
                    "Give fifty at most.",
                    "too-many",
                )
            )
    numbers = _read_box(box, refusals)
    refusals.check()
    return SourceFilters(**lists, box=numbers)


def _tidy(values: Iterable[str]) -> list[str]:
    """Each once, as it was written first; what no database holds is replaced, as in what is read of a catalogue."""
    unique: dict[str, str] = {}
    clean = (sanitise_value(value).strip() for value in values)
    for value in filter(None, clean):
        unique.setdefault(fold_text(value), value[:LONGEST_VALUE])
    return list(unique.values())


def _read_box(
    box: str | Sequence[float] | None, refusals: Refusals
) -> list[float] | None:
    if not box:
        return None
    parts = box.replace(";", ",").split(",") if isinstance(box, str) else list(box)
    try:
        west, south, east, north = map(float, parts)
    except (TypeError, ValueError, OverflowError):
        _refuse_box(refusals)
        return None
    least_west, least_south, most_east, most_north = WORLD
    if not (
        least_west <= west < east <= most_east
        and least_south <= south < north <= most_north
    ):
        _refuse_box(refusals)
        return None
    return [west, south, east, north]


def _refuse_box(refusals: Refusals) -> None:
    refusals.append(
        Refusal(
            "box",
            "This is not an area.",
            "Give west, south, east and north in degrees, such as -1.8, 48.0, -1.6, 48.2.",
            "bad-area",
        )
    )
