"""The European score of a source: the metadata quality assessment of data.europa.eu, 405 points, from what is harvested.

Each measure counts for the share of datasets, or of distributions, that reach it, as its methodology says. Whether
addresses answer is what our look at links found; conformity to DCAT-AP is not measured here, and its points are said to be open.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from udi.protocol import structures as of
from udi.protocol.formats import FORMATS
from udi.protocol.vocabulary import DOWNLOAD

TOTAL = 405
DATASETS = "datasets"
DISTRIBUTIONS = "distributions"
DOWNLOADS = "downloads"
CHECKED = "checked"
"""Addresses that were looked at; `answering` are those that answered."""
CHECKED_DOWNLOADS = "checked_downloads"


class Dimension(StrEnum):
    """The five of the methodology."""

    FINDABILITY = "findability"
    ACCESSIBILITY = "accessibility"
    INTEROPERABILITY = "interoperability"
    REUSABILITY = "reusability"
    CONTEXTUALITY = "contextuality"


@dataclass(frozen=True)
class Measure:
    """One measure: its points, and of what it is a share (a count; empty: not measured here)."""

    name: str
    dimension: Dimension
    points: int
    of: str = DATASETS


_F = Dimension.FINDABILITY
_A = Dimension.ACCESSIBILITY
_I = Dimension.INTEROPERABILITY
_R = Dimension.REUSABILITY
_C = Dimension.CONTEXTUALITY
MEASURES = (
    Measure("keywords", _F, 30),
    Measure("categories", _F, 30),
    Measure("place", _F, 20),
    Measure("period", _F, 20),
    Measure("access_answers", _A, 50, CHECKED),
    Measure("download_address", _A, 20, DISTRIBUTIONS),
    Measure("download_answers", _A, 30, CHECKED_DOWNLOADS),
    Measure("format", _I, 20, DISTRIBUTIONS),
    Measure("media_type", _I, 10, DISTRIBUTIONS),
    Measure("format_vocabulary", _I, 10, DISTRIBUTIONS),
    Measure("non_proprietary", _I, 20, DISTRIBUTIONS),
    Measure("machine_readable", _I, 20, DISTRIBUTIONS),
    Measure("dcat_ap", _I, 30, ""),
    Measure("licence", _R, 20, DISTRIBUTIONS),
    Measure("licence_vocabulary", _R, 10, DISTRIBUTIONS),
    Measure("access_rights", _R, 10),
    Measure("access_vocabulary", _R, 5),
    Measure("contact", _R, 20),
    Measure("publisher", _R, 10),
    Measure("rights", _C, 5, DISTRIBUTIONS),
    Measure("size", _C, 5, DISTRIBUTIONS),
    Measure("issued", _C, 5),
    Measure("modified", _C, 5),
)
RATINGS = ((351, "excellent"), (221, "good"), (121, "sufficient"), (0, "bad"))
"""From which points on a catalogue is called so."""
_OPEN = (
    "BMP CSV DBF FITS GEOJSON GIF GML GPX GRIB GTFS GZIP HDF HTML ICS JPEG JPEG2000 JSON JSON_LD KML KMZ LAS MBOX N3 NETCDF"
    " ODB ODC ODF ODG ODP ODS ODT OVF PARQUET PDF PNG RDF RDFA RDF_N_QUADS RDF_N_TRIPLES RDF_TRIG RDF_TURTLE RDF_XML RSS RTF"
    " SHP SPARQLQ SQL SVG TAR TIFF TMX TSV TXT WFS_SRVC WMS_SRVC WMTS_SRVC XHTML XML ZIP"
)
_READABLE = (
    "API CSV DBF GEOJSON GML GPX GTFS JSON JSON_LD KML KMZ N3 NETCDF ODS PARQUET RDF RDFA RDF_N_QUADS RDF_N_TRIPLES RDF_TRIG"
    " RDF_TURTLE RDF_XML SHP SQL TMX TSV WFS_SRVC WMS_SRVC XLS XLSX XML"
)
NON_PROPRIETARY = frozenset(_OPEN.split())
MACHINE_READABLE = frozenset(_READABLE.split())
"""Codes of the EU's file types: open formats, and those that programs read."""


@dataclass(frozen=True)
class MeasuredPoints:
    """What a source reaches of one measure: the share is None where nothing could be measured."""

    measure: Measure
    share: float | None

    @property
    def points(self) -> float:
        """Of the measure's."""
        return self.measure.points * (self.share or 0)


@dataclass(frozen=True)
class EuropeanScore:
    """The points of a source, measure by measure; `measurable` are the points that could be measured."""

    lines: tuple[MeasuredPoints, ...]

    @property
    def points(self) -> int:
        """All of them, rounded."""
        return round(sum(line.points for line in self.lines))

    @property
    def measurable(self) -> int:
        """Points that could be measured, of 405."""
        return sum(line.measure.points for line in self.lines if line.share is not None)

    @property
    def rating(self) -> str:
        """The word of the methodology for these points, where nothing that is open could change it."""
        open_points = TOTAL - self.measurable
        least = _rate(self.points)
        return least if least == _rate(self.points + open_points) else ""

    def of_dimension(self, dimension: Dimension) -> tuple[int, int]:
        """Points, and how many there are to have."""
        lines = [line for line in self.lines if line.measure.dimension is dimension]
        return (
            round(sum(line.points for line in lines)),
            sum(line.measure.points for line in lines),
        )


def _rate(points: int) -> str:
    return next(word for least, word in RATINGS if points >= least)


def count_measures(records: Iterable[of.Record]) -> dict[str, int]:
    """How many datasets and distributions reach each measure."""
    counts: Counter[str] = Counter()
    for record in records:
        counts[DATASETS] += 1
        counts.update(name for name, holds in _of_dataset(record).items() if holds)
        for media in record.media:
            counts[DISTRIBUTIONS] += 1
            counts.update(
                name for name, holds in _of_media(record, media).items() if holds
            )
    return dict(counts)


def _of_dataset(record: of.Record) -> dict[str, bool]:
    metadata = record.metadata
    return {
        "keywords": bool(record.keywords),
        "categories": bool(metadata.themes),
        "place": bool(metadata.places or record.geography),
        "period": bool(record.period or metadata.periods),
        "access_rights": bool(metadata.access),
        "access_vocabulary": bool(metadata.access),
        "contact": bool(record.contacts or metadata.contact_points),
        "publisher": metadata.publisher is not None,
        "issued": record.dates.published is not None,
        "modified": record.dates.stated_update is not None,
    }


def _of_media(record: of.Record, media: of.Media) -> dict[str, bool]:
    known = FORMATS.get(media.format)
    code = media.metadata.format or (known.authority if known else "")
    licence = record.licence.standard_licence
    has_download = media.contract == DOWNLOAD or bool(media.metadata.is_download)
    has_type = bool(media.media_type or media.metadata.media_type)
    return {
        "download_address": has_download,
        DOWNLOADS: has_download,
        "format": bool(code),
        "media_type": has_type,
        "format_vocabulary": bool(code) and has_type,
        "non_proprietary": code in NON_PROPRIETARY,
        "machine_readable": code in MACHINE_READABLE,
        "licence": record.licence.is_stated,
        "licence_vocabulary": licence is not None and bool(licence.authority),
        "rights": bool(media.metadata.rights or record.constraints.other),
        "size": media.size is not None or media.metadata.size is not None,
    }


def score(counts: Mapping[str, int]) -> EuropeanScore:
    """The points that these counts give."""
    return EuropeanScore(
        tuple(MeasuredPoints(measure, _share(measure, counts)) for measure in MEASURES)
    )


def _share(measure: Measure, counts: Mapping[str, int]) -> float | None:
    total = counts.get(measure.of, 0) if measure.of else 0
    if not total:
        return 0.0 if measure.of == DISTRIBUTIONS else None
    return min(1.0, counts.get(measure.name, 0) / total)
