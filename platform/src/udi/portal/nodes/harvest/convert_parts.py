"""The licence, theme, places and files of a record of others in our own terms."""

from uuid import UUID, uuid5

from udi.portal.nodes.harvest.dates import start_of
from udi.portal.nodes.harvest.record import Distribution, Licence, Means
from udi.portal.nodes.harvest.record import Record as Found
from udi.protocol import structures as of
from udi.protocol.licences import find_licence
from udi.protocol.schema import LINE, PARAGRAPH
from udi.protocol.texts import Texts
from udi.protocol.themes import THEMES, translate_theme
from udi.protocol.vocabulary import DOWNLOAD, HASHES, MediaKind

NOT_STATED = {"fr": "Licence non précisée", "en": "Licence not stated"}
PAGE = "page"
CONTRACTS = {"WMS_SRVC": "wms", "WFS_SRVC": "wfs", "WMTS_SRVC": "wmts"}
THEME_OF = {
    "TRAN": "transportation", "ENVI": "environment", "ENER": "energyNetworks", "REGI": "townPlanning", "SOCI": "society",
    "EDUC": "education", "HEAL": "health", "ECON": "economy", "GOVE": "citizenship", "JUST": "citizenship",
}  # fmt: skip
"""European themes that have one of ours; agriculture, science and international issues have none and are not forced into one."""


def theme_of(found: Found) -> str:
    """One of our themes: by the source's own words first, then by the European theme; empty when there is none."""
    words = (term.label for term in found.themes_other)
    own = next((code for each in words if (code := translate_theme(each))), "")
    told = THEMES[own].authority if own else ""
    if own and (told in found.themes or not found.themes):
        return own
    return next((THEME_OF[code] for code in found.themes if code in THEME_OF), "")


def languages_of(found: Found) -> tuple[str, ...]:
    """Those of its texts, when the source does not say that of the data."""
    return tuple(dict.fromkeys((*found.title, *found.description)))


def licence_of(found: Found) -> of.LicenceTerms:
    """That of the dataset, else the one that all its files share; «not stated» when there is none."""
    shared = {each.licence for each in found.distributions if each.licence}
    licence = found.licence or (shared.pop() if len(shared) == 1 else None)
    if licence is None:
        return of.LicenceTerms(label=NOT_STATED)
    known = find_licence(licence.uri) or find_licence(licence.source) if not licence.code else None
    code = licence.code or (known.code if known else "")
    return of.LicenceTerms(code=code) if code else _custom(licence, next(iter(found.title), "fr"))


def rights_of(found: Found) -> Texts:
    """What the source asks for the dataset, else for each of its files."""
    of_files = [each.rights for each in found.distributions]
    shared = of_files[0] if of_files and all(each == of_files[0] for each in of_files) else {}
    return found.rights or shared


def _custom(licence: Licence, language: str) -> of.LicenceTerms:
    label = licence.label or licence.uri.rstrip("/").rpartition("/")[2] or licence.uri
    link = licence.uri if licence.uri.startswith("http") else ""
    labels = dict(licence.labels) or {language: label}
    return of.LicenceTerms(label={tag: words[:PARAGRAPH] for tag, words in labels.items()}, url=link)


def period_of(found: Found) -> of.Period | None:
    """From the first start to the last end; open when one of them is; none without a start."""
    starts = [each.start for each in found.temporal if each.start]
    if not starts or not all(each.start for each in found.temporal):
        return None
    start = min(start_of(each) for each in starts)
    if not all(each.end for each in found.temporal):
        return of.Period(start)
    last = max(start_of(each.end) for each in found.temporal)
    return of.Period(start, max(last, start))


def box_of(found: Found) -> of.Geography | None:
    """The rectangle, its shape, and the reference system of the data in the source's words."""
    if not found.spatial.box:
        return None
    west, south, east, north = found.spatial.box
    return of.Geography(
        box=of.Box(west=west, south=south, east=east, north=north),
        shape=found.spatial.geometry,
        projection=", ".join(found.spatial.systems)[:LINE],
    )


def media_of(dataset: UUID, found: Distribution) -> of.Media:
    """A file, a service or a page. Its identifier follows from the source's, else from its address."""
    address = found.url or (found.service.endpoint if found.service else "")
    service = found.kind is Means.SERVICE
    contract = (
        CONTRACTS.get(found.format, "")
        if service
        else PAGE
        if found.kind is Means.PAGE
        else DOWNLOAD
        if found.download_url
        else ""
    )
    checksum = found.checksum if found.checksum and found.checksum.algorithm in HASHES else None
    changed = found.modified or found.issued
    dates = of.Dates(created=start_of(found.issued or changed), updated=start_of(changed)) if changed else None
    return of.Media(
        id=uuid5(dataset, f"media {found.identifier or address}"),
        kind=MediaKind.SERVICE if service else MediaKind.FILE,
        url=address,
        contract=contract,
        name=_first(found.title)[:LINE],
        caption=_first(found.description)[:PARAGRAPH],
        dates=dates,
        media_type="" if service else found.media_type or ("text/html" if found.kind is Means.PAGE else ""),
        size=None if service else found.byte_size,
        checksum=of.Checksum(checksum.algorithm, checksum.value) if checksum and not service else None,
        structure="" if service else next((each for each in found.conforms_to if each.startswith("http")), ""),
        documentation=found.service.description if service and found.service else "",
        extra=_rest(found),
    )


def _first(texts: dict[str, str]) -> str:
    return next(iter(texts.values()), "")


def _rest(found: Distribution) -> dict[str, object]:
    rest = {
        "access_url": found.access_url if found.access_url != found.url else "",
        "format": found.format_label,
        "compress_format": found.compress_format,
        "package_format": found.package_format,
        "licence": found.licence.uri or found.licence.label if found.licence else "",
        "rights": found.rights,
        "languages": list(found.languages),
        "conforms_to": list(found.conforms_to),
        "availability": found.availability,
        "status": found.status,
        "extra": found.extra,
    }
    kept = {name: value for name, value in rest.items() if value not in (None, "", [], {})}
    return {"harvested": kept} if kept else {}
