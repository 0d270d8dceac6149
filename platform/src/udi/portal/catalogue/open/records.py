"""OGC API – Records, part 1 (OGC 20-004r1): its documents, for the one collection of a territory's datasets."""

from collections.abc import Mapping, Sequence
from typing import Any

from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.listing import PublishedDataset
from udi.portal.catalogue.open.representations import RDF
from udi.protocol.access import AccessRights
from udi.protocol.formats import FORMATS
from udi.protocol.languages import LANGUAGES
from udi.protocol.structures import BoundingBox, Record
from udi.protocol.themes import THEMES, URI
from udi.ui.locale import localise, localise_title

COLLECTION = "datasets"
DATASET = "dataset"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
RECORDS = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/"
CORE = RECORDS + "record-core"
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    *(
        f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}"
        for part in ("core", "geojson", "html", "oas30")
    ),
    *(
        RECORDS + part
        for part in (
            "record-core",
            "record-collection",
            "record-core-query-parameters",
            "sorting",
        )
    ),
    *(RECORDS + part for part in ("json", "html", "oas30")),
)
HALF_TURN = 180
Document = dict[str, Any]


def link(url: str, rel: str, media_type: str, title: str = "") -> dict[str, str]:
    """A link of RFC 8288."""
    return {"href": url, "rel": rel, "type": media_type} | (
        {"title": title} if title else {}
    )


def json_and_html_links(url: str, rel: str = "self") -> list[dict[str, str]]:
    """A document and its page."""
    other = "alternate" if rel == "self" else rel
    return [link(url, rel, JSON), link(f"{url}?f=html", other, HTML)]


def landing(territory: Territory, language: str) -> Document:
    """The first document, which leads to all others."""
    base = f"{territory.origin}/ogc"
    return {
        "title": localise(territory.name, language),
        "description": localise(territory.tagline, language),
        "links": [
            *json_and_html_links(base),
            link(f"{base}/api", "service-desc", OPENAPI, "OpenAPI 3.0"),
            link(f"{territory.origin}/api", "service-doc", HTML),
            *json_and_html_links(f"{base}/conformance", "conformance"),
            *json_and_html_links(f"{base}/collections", "data"),
            link(
                f"{base}/collections/{COLLECTION}",
                "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog",
                JSON,
            ),
        ],
    }


def conformance(territory: Territory) -> Document:
    """What is kept of the standards."""
    return {
        "conformsTo": list(CONFORMANCE),
        "links": json_and_html_links(f"{territory.origin}/ogc/conformance"),
    }


def collection(territory: Territory, language: str) -> Document:
    """The only collection."""
    url = f"{territory.origin}/ogc/collections/{COLLECTION}"
    if territory.box:
        extent = {"spatial": {"bbox": [list(territory.box)], "crs": CRS84}}
    else:
        extent = {}
    title = localise(territory.name, language)
    return {
        "id": COLLECTION,
        "type": "Collection",
        "itemType": "record",
        "title": title,
        "description": localise(territory.tagline, language) or title,
        "conformsTo": [RECORDS + "record-collection"],
        "crs": [CRS84],
        **({"extent": extent} if extent else {}),
        "links": [
            *json_and_html_links(url),
            link(f"{url}/items", "items", GEOJSON),
            link(f"{url}/items?f=html", "items", HTML),
            *(
                link(
                    f"{territory.origin}/catalog{form.suffix}",
                    "alternate",
                    form.media_type,
                    form.name,
                )
                for form in RDF
            ),
        ],
    }


def collections(territory: Territory, language: str) -> Document:
    """The list of one."""
    return {
        "links": json_and_html_links(f"{territory.origin}/ogc/collections"),
        "collections": [collection(territory, language)],
    }


def record(dataset: PublishedDataset, origin: str, language: str) -> Document:
    """A dataset as a record."""
    record = dataset.record
    url = f"{origin}/ogc/collections/{COLLECTION}/items/{record.id}"
    return {
        "id": str(record.id),
        "type": "Feature",
        "conformsTo": [CORE],
        "geometry": _geometry(record.geography.box) if record.geography else None,
        "time": _time(record),
        "properties": _properties(dataset, language),
        "links": [link(url, "self", GEOJSON), *_links(record, origin)],
    }


def _geometry(box: BoundingBox) -> Document:
    """The rectangle; two where it crosses the antimeridian (RFC 7946, 3.1.9)."""
    if box.west <= box.east:
        return {"type": "Polygon", "coordinates": [_ring(box.west, box.east, box)]}
    halves = (_ring(box.west, HALF_TURN, box), _ring(-HALF_TURN, box.east, box))
    return {"type": "MultiPolygon", "coordinates": [[half] for half in halves]}


def _ring(west: float, east: float, box: BoundingBox) -> list[list[float]]:
    return [
        [west, box.south],
        [east, box.south],
        [east, box.north],
        [west, box.north],
        [west, box.south],
    ]


def _time(record: Record) -> Document | None:
    if record.period is None:
        return None
    ends = (record.period.start, record.period.end)
    return {
        "interval": [
            end.isoformat().replace("+00:00", "Z") if end else ".." for end in ends
        ]
    }


def _properties(dataset: PublishedDataset, language: str) -> Document:
    record = dataset.record
    theme = THEMES.get(dataset.record.theme)
    external = [
        ("uuid", str(record.id)),
        ("local", record.local_id),
        ("doi", record.doi),
        *(("source", identifier) for identifier in record.metadata.identifiers),
    ]
    properties = {
        "created": dataset.listed.isoformat(),
        "updated": dataset.described.isoformat(),
        "type": DATASET,
        "title": localise_title(record.title, record.titles, language),
        "description": localise(record.summary, language)
        or localise(record.synopsis, language),
        "language": {"code": language},
        "resourceLanguages": [_language(code) for code in record.languages],
        "keywords": list(record.keywords),
        "themes": [
            {
                "concepts": [{"id": theme.authority, "url": theme.uri}],
                "scheme": URI.rstrip("/"),
            }
        ]
        if theme
        else [],
        "externalIds": [
            {"scheme": scheme, "value": value} for scheme, value in external if value
        ],
        "formats": [_format(label) for label in record.formats],
        "contacts": _contacts(dataset),
        "license": _license(record),
        "rights": localise(AccessRights(record.access).label, language),
    }
    return {name: value for name, value in properties.items() if value not in ("", [])}


def _license(record: Record) -> str:
    """The code of SPDX, else the address; none where each agreement says what may be done."""
    if record.licence.is_agreement:
        return ""
    licence = record.licence.standard_licence
    spdx = licence.spdx if licence else ""
    return spdx or record.licence.link


def _language(code: str) -> dict[str, str]:
    language = LANGUAGES.get(code)
    return {"code": code} | ({"name": language.label["en"]} if language else {})


def _format(label: str) -> dict[str, str]:
    media_types = FORMATS[label].media_types if label in FORMATS else ()
    return {"name": label} | ({"mediaType": media_types[0]} if media_types else {})


def _contacts(dataset: PublishedDataset) -> list[Document]:
    publisher = {"organization": dataset.producer.name, "roles": ["publisher"]}
    if dataset.producer.url:
        links = [{"href": dataset.producer.url, "rel": "about", "type": HTML}]
    else:
        links = []
    others = [
        {
            "name": contact.name,
            "organization": contact.organisation or dataset.producer.name,
            "emails": [{"value": contact.email}],
            "roles": ["pointOfContact"],
        }
        for contact in dataset.record.contacts
    ]
    return [publisher | ({"links": links} if links else {}), *others]


def _links(record: Record, origin: str) -> list[dict[str, str]]:
    page = f"{origin}/data/{record.id}"
    links = [
        link(f"{origin}/ogc/collections/{COLLECTION}", "collection", JSON),
        link(page, "alternate", HTML, record.title),
        *(
            link(form.address(page), "alternate", form.media_type, form.name)
            for form in RDF
        ),
    ]
    if record.licence.link and not record.licence.is_agreement:
        links.append(link(record.licence.link, "license", HTML))
    if record.access is AccessRights.PUBLIC:
        links += [
            link(
                media.url,
                "item",
                media.media_type.partition(";")[0] or "application/octet-stream",
                media.name,
            )
            for media in record.media
        ]
    return links


def items(
    records: Sequence[Document],
    total: int,
    stamp: str,
    links: Mapping[str, str],
    origin: str,
) -> Document:
    """A page of records; `links` are the addresses of this page and of its neighbours."""
    url = f"{origin}/ogc/collections/{COLLECTION}"
    return {
        "type": "FeatureCollection",
        "features": list(records),
        "numberMatched": total,
        "numberReturned": len(records),
        "timeStamp": stamp,
        "links": [
            *(link(address, rel, GEOJSON) for rel, address in links.items()),
            link(url, "collection", JSON),
        ],
    }
