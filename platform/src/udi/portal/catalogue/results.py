"""What the search page shows: answers with their words marked, filters with counts and names, what else to try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from udi.portal.catalogue.maps.area_map import AreaLabel
from udi.portal.catalogue.markup import highlight
from udi.portal.catalogue.models import AGREEMENT, NO_LICENCE
from udi.portal.catalogue.queries import DatasetSummary, SearchPage
from udi.portal.catalogue.search.counts import USUAL
from udi.portal.catalogue.search.criteria import (
    BBOX,
    ON_DEMAND,
    PERIOD,
    UPDATED,
    Criteria,
)
from udi.portal.catalogue.search.extent import read_period
from udi.portal.catalogue.search.words import query_words, word_stems
from udi.protocol.access import AccessRights
from udi.protocol.frequencies import LABELS as FREQUENCY_NAMES
from udi.protocol.licences import LICENCES, NOT_STATED
from udi.protocol.restricted_data import TERMS_OF_AGREEMENT
from udi.protocol.themes import THEMES
from udi.ui.locale import localise

SHOWN_VALUES = 6
MOST_SHOWN = 200
"""Values of a filter that a page shows at once, and where all are asked for."""
ORDER = (
    "territory",
    "access",
    "theme",
    "updated",
    "producer",
    "format",
    "licence",
    "frequency",
    "location",
    "keyword",
)
OPEN_FILTERS = ("territory", "access", "theme")
AGE_NAMES = {
    "week": {
        "fr": "Depuis une semaine",
        "en": "In the last week",
        "es": "En la última semana",
    },
    "month": {
        "fr": "Depuis un mois",
        "en": "In the last month",
        "es": "En el último mes",
    },
    "year": {"fr": "Depuis un an", "en": "In the last year", "es": "En el último año"},
    "older": {
        "fr": "Il y a plus d’un an",
        "en": "More than a year ago",
        "es": "Hace más de un año",
    },
}
PERIOD_NAMES = {
    (True, True): {
        "fr": "De %(first)s à %(last)s",
        "en": "From %(first)s to %(last)s",
        "es": "De %(first)s a %(last)s",
    },
    (True, False): {
        "fr": "Depuis %(first)s",
        "en": "Since %(first)s",
        "es": "Desde %(first)s",
    },
    (False, True): {
        "fr": "Jusqu’en %(last)s",
        "en": "Until %(last)s",
        "es": "Hasta %(last)s",
    },
}
BOX_NAME = {
    "fr": "Rectangle sur la carte",
    "en": "Rectangle on the map",
    "es": "Rectángulo en el mapa",
}
WHOLE_NAME = {
    "fr": "Tout le territoire",
    "en": "The whole territory",
    "es": "Todo el territorio",
}
OTHER_LICENCE_NAME = {
    "fr": "Autre licence",
    "en": "Another licence",
    "es": "Otra licencia",
}


@dataclass(frozen=True)
class FilterOption:
    """A value of a filter; the macro of filters reads these names."""

    value: str
    label: str
    count: int
    checked: bool


@dataclass(frozen=True)
class SearchFilter:
    """A filter with its values; `hidden` says how many are left out (at least, where not all were `counted`), `more` is the
    address that shows them.
    """

    name: str
    options: list[FilterOption]
    open: bool
    hidden: int
    more: str = ""
    counted: bool = True


@dataclass(frozen=True)
class FilterChip:
    """A value in use, and the address without it."""

    label: str
    url: str


class FilterLabels:
    """The names of the values of filters, in one language."""

    def __init__(
        self,
        language: str,
        producers: Mapping[str, str],
        area: AreaLabel | None = None,
        territories: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._territories = territories or {}
        self._language = language
        self._producers = producers
        self._area = area

    def __call__(self, name: str, value: str) -> str:
        """The name of a value; the value itself when nobody knows it."""
        if name == "producer":
            return self._producers.get(value, value)
        if name == BBOX and self._area and self._area.names:
            return self._area.short
        if name == PERIOD:
            first, last = read_period(value)
            return localise(
                PERIOD_NAMES.get((bool(first), bool(last))), self._language
            ) % {
                "first": first,
                "last": last,
            }
        tables: dict[str, Mapping[str, str] | None] = {
            "territory": self._territories.get(value),
            "theme": THEMES[value].label if value in THEMES else None,
            "licence": _licence_name(value),
            "updated": AGE_NAMES.get(value),
            "frequency": FREQUENCY_NAMES.get(value),
            BBOX: WHOLE_NAME if self._area else BOX_NAME,
            "access": AccessRights(value).label if value in set(AccessRights) else None,
        }
        label = localise(tables.get(name), self._language) or value
        return f"{label[:1].upper()}{label[1:]}" if name == "frequency" else label


def _licence_name(value: str) -> Mapping[str, str]:
    if value == AGREEMENT:
        return TERMS_OF_AGREEMENT
    if value == NO_LICENCE:
        return NOT_STATED
    if value in LICENCES:
        return LICENCES[value].name
    return OTHER_LICENCE_NAME


def list_filters(
    page: SearchPage, names: FilterLabels, path: str, *, fixed: Sequence[str] = ()
) -> list[SearchFilter]:
    """Each filter of the page at `path` with the values that would find something, the most frequent first, and those in use."""
    return [
        _build_filter(page, names, name, path, fixed)
        for name in ORDER
        if page.facets.get(name) and name not in fixed
    ]


def _build_filter(
    page: SearchPage, names: FilterLabels, name: str, path: str, fixed: Sequence[str]
) -> SearchFilter:
    selected_values: Sequence[str] = getattr(page.criteria, name)
    counted = page.facets[name]
    whole = name in page.criteria.facets
    values = list_visible_values(page, name)
    options = [
        FilterOption(
            value, names(name, value), counted.get(value, 0), value in selected_values
        )
        for value in values
    ]
    if name != UPDATED:
        options.sort(key=lambda option: (-option.count, option.label.casefold()))
    expanded_facets = tuple(dict.fromkeys([*page.criteria.facets, name]))
    if whole or name not in ON_DEMAND:
        more = ""
    else:
        more = (
            page.criteria.with_changes(facets=expanded_facets).address(path, *fixed)
            + "#refine"
        )
    is_open = bool(selected_values) or name in OPEN_FILTERS or whole
    every = whole or name == UPDATED or len(counted) < USUAL
    return SearchFilter(
        name, options, is_open, len(counted.keys() - set(values)), more, every
    )


def list_visible_values(page: SearchPage, name: str) -> list[str]:
    """The values of a filter that its page shows: the most frequent, and those in use."""
    most = MOST_SHOWN if name in page.criteria.facets else SHOWN_VALUES
    return list(
        dict.fromkeys(
            [*list(page.facets.get(name, ()))[:most], *getattr(page.criteria, name)]
        )
    )


def list_chips(
    criteria: Criteria, names: FilterLabels, path: str, *, fixed: Sequence[str] = ()
) -> list[FilterChip]:
    """The values in use, each with the address that leaves it out."""
    return [
        FilterChip(names(name, value), criteria.without(name, value).address(path))
        for name, values in criteria.filters.items()
        if name not in fixed
        for value in values
    ]


def mark_titles(page: SearchPage, language: str) -> list[tuple[DatasetSummary, Markup]]:
    """Each answer with its title in a language, the words that were looked for marked in it."""
    stems = {stem for word in page.words for stem in word.stems}
    stems |= {
        stem
        for phrase in page.parsed_query.phrases
        for word in phrase
        for stem in word_stems(word)[0]
    }
    labels = [label for group in page.parsed_query.groups for label in group.also]
    stems |= {
        stem
        for label in labels
        for _, label_stems in query_words(label)
        for stem in label_stems
    }
    return [(line, highlight(line.title_in(language), stems)) for line in page.lines]
