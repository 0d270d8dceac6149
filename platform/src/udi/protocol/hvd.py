"""High-value datasets: Regulation (EU) 2023/138, said in RDF as DCAT-AP HVD 3.0.0 asks.

RUDI's record has no field for it: a producer says it by two keywords, as data.gouv.fr's producers do: `hvd`, and the name of the
category (in French or in English, or its address in the EU's vocabulary).
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from udi.protocol.triples import Triple, iri, localised_literals, typed_value

KEYWORD = "hvd"
MOST_WORDS = 1000
"""Keywords whose plain form is kept: those of a page of a catalogue come again and again."""
LEGISLATION = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
URI = "http://data.europa.eu/bna/"


@dataclass(frozen=True)
class HighValueCategory:
    """One of the six categories of the Regulation's annex; `authority` is its code in the EU's vocabulary."""

    label: dict[str, str]
    authority: str

    @property
    def uri(self) -> str:
        return URI + self.authority


CATEGORIES = (
    HighValueCategory(
        {"fr": "Géospatiales", "en": "Geospatial", "es": "Geoespaciales"}, "c_ac64a52d"
    ),
    HighValueCategory(
        {
            "fr": "Observation de la terre et environnement",
            "en": "Earth observation and environment",
            "es": "Observación de la Tierra y medio ambiente",
        },
        "c_dd313021",
    ),
    HighValueCategory(
        {"fr": "Météorologiques", "en": "Meteorological", "es": "Meteorológicos"},
        "c_164e0bf5",
    ),
    HighValueCategory(
        {"fr": "Statistiques", "en": "Statistics", "es": "Estadísticas"}, "c_e1da4e07"
    ),
    HighValueCategory(
        {
            "fr": "Entreprises et propriété d'entreprises",
            "en": "Companies and company ownership",
            "es": "Empresas y propiedad de empresas",
        },
        "c_a9135398",
    ),
    HighValueCategory(
        {"fr": "Mobilité", "en": "Mobility", "es": "Movilidad"}, "c_b79e35eb"
    ),
)


def find_categories(keywords: Iterable[str]) -> list[HighValueCategory]:
    """The categories that keywords name, in the Regulation's order; none unless `hvd` is among them."""
    words = {_normalise(word) for word in keywords}
    if KEYWORD not in words:
        return []
    return [
        category
        for category in CATEGORIES
        if words
        & {
            _normalise(category.uri),
            *(_normalise(label) for label in category.label.values()),
        }
    ]


def write_legislation(node: str) -> Iterator[Triple]:
    """That the Regulation applies to a dataset, a distribution or a service."""
    yield from typed_value(
        node, "dcatap:applicableLegislation", iri(LEGISLATION), "eli:LegalResource"
    )


def write_categories(
    node: str, categories: Iterable[HighValueCategory]
) -> Iterator[Triple]:
    """The Regulation and the categories, of a dataset or a service."""
    yield from write_legislation(node)
    for category in categories:
        yield from typed_value(
            node, "dcatap:hvdCategory", iri(category.uri), "skos:Concept"
        )
        yield from localised_literals(
            iri(category.uri), "skos:prefLabel", category.label
        )


@lru_cache(MOST_WORDS)
def _normalise(word: str) -> str:
    plain = (
        unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower()
    )
    return "".join(sign for sign in plain if sign.isalnum())
