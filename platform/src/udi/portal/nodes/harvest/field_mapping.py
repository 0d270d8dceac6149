"""The licence, theme, places and files of a record of others in our own terms."""

from uuid import UUID, uuid5

from msgspec import structs

from udi.portal.nodes.harvest.dates import start_of
from udi.portal.nodes.harvest.metadata_mapping import media_metadata_of
from udi.portal.nodes.harvest.record import (
    DistributionKind,
    HarvestedDistribution,
    HarvestedLicence,
    HarvestedRecord,
)
from udi.protocol import structures as of
from udi.protocol.licences import NOT_STATED
from udi.protocol.schema import LINE, PARAGRAPH
from udi.protocol.texts import Texts
from udi.protocol.themes import THEMES, translate_theme
from udi.protocol.vocabulary import DOWNLOAD, HASHES, MediaKind

PAGE = "page"
CONTRACTS = {"WMS_SRVC": "wms", "WFS_SRVC": "wfs", "WMTS_SRVC": "wmts"}
THEME_OF = {
    "TRAN": "transportation",
    "ENVI": "environment",
    "ENER": "energyNetworks",
    "REGI": "townPlanning",
    "SOCI": "society",
    "EDUC": "education",
    "HEAL": "health",
    "ECON": "economy",
    "GOVE": "citizenship",
    "JUST": "citizenship",
}
"""European themes that have one of ours; agriculture, science and international issues have none and are not forced into one."""


def theme_of(record: HarvestedRecord) -> str:
    """One of our themes: by the source's own words first, then by the European theme; empty when there is none."""
    words = (term.label for term in record.themes_other)
    theme = next((code for label in words if (code := translate_theme(label))), "")
    authority = THEMES[theme].authority if theme else ""
    if theme and (authority in record.themes or not record.themes):
        return theme
    return next((THEME_OF[code] for code in record.themes if code in THEME_OF), "")


def languages_of(record: HarvestedRecord) -> tuple[str, ...]:
    """Those of its texts, when the source does not say that of the data."""
    return tuple(dict.fromkeys((*record.title, *record.description)))


def licence_of(record: HarvestedRecord) -> of.LicenceTerms:
    """The one that all its files have, else that of the dataset, else the only one of some; «not stated» without any."""
    licence = _main_licence(record)
    if licence is None:
        return of.LicenceTerms(label=NOT_STATED)
    if licence.code:
        return of.LicenceTerms(code=licence.code)
    return _custom(licence, next(iter(record.title), "fr"))


def _main_licence(record: HarvestedRecord) -> HarvestedLicence | None:
    """DCAT-AP has a licence of distributions and none of datasets: that of the dataset is for files that name none."""
    of_files = {distribution.licence for distribution in record.distributions}
    named = of_files - {None}
    is_general = len(named) == 1 and (None not in of_files or not record.licence)
    return named.pop() if is_general else record.licence


def rights_of(record: HarvestedRecord) -> Texts:
    """What the source asks for the dataset, else for each of its files."""
    of_files = [distribution.rights for distribution in record.distributions]
    if of_files and all(rights == of_files[0] for rights in of_files):
        shared = of_files[0]
    else:
        shared = {}
    return record.rights or shared


def _custom(licence: HarvestedLicence, language: str) -> of.LicenceTerms:
    label = licence.label or licence.uri.rstrip("/").rpartition("/")[2] or licence.uri
    link = licence.uri if licence.uri.startswith("http") else ""
    labels = dict(licence.labels) or {language: label}
    return of.LicenceTerms(
        label={tag: words[:PARAGRAPH] for tag, words in labels.items()}, url=link
    )


def period_of(record: HarvestedRecord) -> of.Period | None:
    """From the first start to the last end; open when one of them is; none without a start."""
    starts = [period.start for period in record.temporal if period.start]
    if not starts or not all(period.start for period in record.temporal):
        return None
    start = min(start_of(start_text) for start_text in starts)
    if not all(period.end for period in record.temporal):
        return of.Period(start)
    last = max(start_of(period.end) for period in record.temporal)
    return of.Period(start, max(last, start))


def box_of(record: HarvestedRecord) -> of.Geography | None:
    """The rectangle, its shape, and the reference system of the data in the source's words."""
    if not record.spatial.box:
        return None
    west, south, east, north = record.spatial.box
    return of.Geography(
        box=of.BoundingBox(west=west, south=south, east=east, north=north),
        shape=record.spatial.geometry,
        projection=", ".join(record.spatial.systems)[:LINE],
    )


def media_of(
    dataset: UUID,
    distribution: HarvestedDistribution,
    shared_rights: Texts,
    language: str = "",
) -> of.Media:
    """A file, a service or a page, named in this language where it can be.

    Its identifier follows from the source's, else from its address.
    """
    address = distribution.url or (
        distribution.service.endpoint if distribution.service else ""
    )
    service = distribution.kind is DistributionKind.SERVICE
    if service:
        contract = CONTRACTS.get(distribution.format, "")
    elif distribution.kind is DistributionKind.PAGE:
        contract = PAGE
    else:
        contract = DOWNLOAD if distribution.download_url else ""
    if distribution.checksum and distribution.checksum.algorithm in HASHES:
        checksum = distribution.checksum
    else:
        checksum = None
    media = of.Media(
        id=uuid5(dataset, f"media {distribution.identifier or address}"),
        kind=MediaKind.SERVICE if service else MediaKind.FILE,
        url=address,
        contract=contract,
        name=_main_text(distribution.title, language)[:LINE],
        names=_names(distribution.title),
        caption=_main_text(distribution.description, language)[:PARAGRAPH],
        dates=_dates(distribution),
        media_type="" if service else _media_type(distribution),
        size=None if service else distribution.byte_size,
        checksum=of.Checksum(checksum.algorithm, checksum.value)
        if checksum and not service
        else None,
        structure=""
        if service
        else next(
            (
                standard
                for standard in distribution.conforms_to
                if standard.startswith("http")
            ),
            "",
        ),
        documentation=distribution.service.description
        if service and distribution.service
        else "",
        extra=_rest(distribution),
    )
    metadata = media_metadata_of(distribution, media, shared_rights)
    return structs.replace(media, metadata=metadata)


def _media_type(distribution: HarvestedDistribution) -> str:
    """What the source says, else that of a page."""
    if distribution.media_type or distribution.kind is not DistributionKind.PAGE:
        return distribution.media_type
    return "text/html"


def _dates(distribution: HarvestedDistribution) -> of.Dates | None:
    """When a file was published and changed; what its source does not say only stands for it."""
    issued = start_of(distribution.issued) if distribution.issued else None
    changed = start_of(distribution.modified) if distribution.modified else issued
    if changed is None:
        return None
    return of.Dates(
        created=issued or changed,
        updated=changed,
        published=issued,
        unstated=("created",) if distribution.modified else ("created", "updated"),
    )


def _main_text(texts: Texts, language: str) -> str:
    """That of a language, else of the first in the order of their codes: the same whatever the order of the document."""
    first = min(texts, default=language)
    return texts.get(language) or texts.get(first, "")


def _names(title: Texts) -> Texts:
    """The name by language, where it has several."""
    if len(title) > 1:
        return {tag: words[:LINE] for tag, words in title.items()}
    return {}


def _rest(distribution: HarvestedDistribution) -> dict[str, object]:
    rest = {
        "format": distribution.format_label,
        "compress_format": distribution.compress_format,
        "package_format": distribution.package_format,
        "licence": distribution.licence.uri or distribution.licence.label
        if distribution.licence
        else "",
        "extra": distribution.extra,
    }
    extra = {
        name: value for name, value in rest.items() if value not in (None, "", [], {})
    }
    if extra:
        return {"harvested": extra}
    return {}
