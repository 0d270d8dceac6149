"""The European score of a description: the Metadata Quality Assessment of data.europa.eu, 405 points.

Each criterion is held or not; portal and node count alike. Reference: data.europa.eu/mqa/methodology.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

FULL = 405


class Dimension(StrEnum):
    FINDABILITY = "findability"
    ACCESSIBILITY = "accessibility"
    INTEROPERABILITY = "interoperability"
    REUSABILITY = "reusability"
    CONTEXTUALITY = "contextuality"


class Rating(StrEnum):
    """The four groups in which data.europa.eu shows scores."""

    EXCELLENT = "excellent"
    GOOD = "good"
    SUFFICIENT = "sufficient"
    BAD = "bad"


@dataclass(frozen=True)
class Criterion:
    """One thing looked at, by the property of DCAT-AP that holds it, and what it is worth."""

    name: str
    dimension: Dimension
    points: int


_F = Dimension.FINDABILITY
_A = Dimension.ACCESSIBILITY
_I = Dimension.INTEROPERABILITY
_R = Dimension.REUSABILITY
_C = Dimension.CONTEXTUALITY
CRITERIA = {
    name: Criterion(name, dimension, points)
    for name, dimension, points in (
        ("keyword", _F, 30),
        ("theme", _F, 30),
        ("spatial", _F, 20),
        ("temporal", _F, 20),
        ("access_url_answers", _A, 50),
        ("download_url", _A, 20),
        ("download_url_answers", _A, 30),
        ("format", _I, 20),
        ("media_type", _I, 10),
        ("format_from_vocabulary", _I, 10),
        ("non_proprietary", _I, 20),
        ("machine_readable", _I, 20),
        ("dcat_ap", _I, 30),
        ("licence", _R, 20),
        ("licence_from_vocabulary", _R, 10),
        ("access_rights", _R, 10),
        ("access_rights_from_vocabulary", _R, 5),
        ("contact_point", _R, 20),
        ("publisher", _R, 10),
        ("rights", _C, 5),
        ("byte_size", _C, 5),
        ("issued", _C, 5),
        ("modified", _C, 5),
    )
}
BANDS = (
    (351, Rating.EXCELLENT),
    (221, Rating.GOOD),
    (121, Rating.SUFFICIENT),
    (0, Rating.BAD),
)
_BOTH = "CSV GEOJSON ICS JSON JSON_LD KML KMZ NETCDF ODS RDF_N_QUADS RDF_N_TRIPLES RDF_TRIG RDF_TURTLE RDF_XML RSS XML"
_OPEN = "BMP DBF GZIP HTML JPEG2000 PNG RTF TAR TIFF TSV TXT WMS_SRVC ZIP"
_READ = "RDFA SHP XLS XLSX"
NON_PROPRIETARY = frozenset(f"{_BOTH} {_OPEN}".split())
MACHINE_READABLE = frozenset(f"{_BOTH} {_READ}".split())
"""Codes of the EU's file types, as data.europa.eu lists them for its score."""


@dataclass(frozen=True)
class Score:
    """Points of a description, and by dimension; `is_described`: its text says something (`says_something`)."""

    criteria: frozenset[str]
    is_described: bool = True

    @property
    def points(self) -> int:
        return sum(CRITERIA[name].points for name in self.criteria)

    @property
    def percentage(self) -> int:
        """Rounded down, so that 100 is said only of the full score."""
        return self.points * 100 // FULL

    @property
    def rating(self) -> Rating:
        """By the points; no better than sufficient where the text says nothing."""
        rating = next(rating for least, rating in BANDS if self.points >= least)
        if self.is_described or rating is Rating.BAD:
            return rating
        return Rating.SUFFICIENT

    def points_of(self, dimension: Dimension) -> tuple[int, int]:
        """(points, most possible) of one dimension."""
        among = [
            criterion
            for criterion in CRITERIA.values()
            if criterion.dimension is dimension
        ]
        return sum(
            criterion.points for criterion in among if criterion.name in self.criteria
        ), sum(criterion.points for criterion in among)


def score_criteria(criteria: Collection[str], *, is_described: bool = True) -> Score:
    """The score of a description that holds these criteria; names that are none are an error."""
    if unknown := set(criteria) - set(CRITERIA):
        raise KeyError(sorted(unknown))
    return Score(frozenset(criteria), is_described)


def format_criteria(authority: str, media_type: str) -> set[str]:
    """What a format is worth, by the code of its EU file type (empty: it has none) and its media type."""
    named = {
        "format": bool(authority),
        "media_type": bool(media_type),
        "format_from_vocabulary": bool(authority),
    }
    open_ones = {
        "non_proprietary": authority in NON_PROPRIETARY,
        "machine_readable": authority in MACHINE_READABLE,
    }
    return {name for name, holds in (named | open_ones).items() if holds}
