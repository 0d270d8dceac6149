"""OGC API – Records, part 1 (OGC 20-004r1): its documents, for the one collection of a territory's datasets."""

from collections.abc import Mapping, Sequence
from typing import Any

from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.listing import Shown
from udi.portal.catalogue.open.representations import RDF
from udi.protocol.access import AccessRights
from udi.protocol.formats import FORMATS
from udi.protocol.languages import LANGUAGES
from udi.protocol.structures import Box, Record
from udi.protocol.themes import THEMES, URI
from udi.ui.locale import localised

COLLECTION = "datasets"
DATASET = "dataset"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
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
    *(RECORDS + part for part in ("record-core", "record-collection", "record-core-query-parameters", "sorting")),
    *(RECORDS + part for part in ("json", "html", "oas30")),
)
HALF_TURN = 180
Document = dict[str, Any]


def link(url: str, rel: str, media_type: str, title: str = "") -> dict[str, str]:
    """A link of RFC 8288."""
    return {"href": url, "rel": rel, "type": media_type} | ({"title": title} if title else {})


def both(url: str, rel: str = "self") -> list[dict[str, str]]:
    """A document and its page."""
    other = "alternate" if rel == "self" else rel
    return [link(url, rel, JSON), link(f"{url}?f=html", other, HTML)]


def landing(territory: Territory, language: str) -> Document:
    """The first document, which leads to all others."""
    base = f"{territory.origin}/ogc"
    return {
        "title": localised(territory.name, language),
        "description": localised(territory.tagline, language),
        "links": [
            *both(base),
            link(f"{base}/api", "service-desc", OPENAPI, "OpenAPI 3.0"),
            link(f"{territory.origin}/api", "service-doc", HTML),
            *both(f"{base}/conformance", "conformance"),
            *both(f"{base}/collections", "data"),
            link(f"{base}/collections/{COLLECTION}", "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog", JSON),
        ],
    }


def conformance(territory: Territory) -> Document:
    """What is kept of the standards."""
    return {"conformsTo": list(CONFORMANCE), "links": both(f"{territory.origin}/ogc/conformance")}


def collection(territory: Territory, language: str) -> Document:
    """The only collection."""
    url = f"{territory.origin}/ogc/collections/{COLLECTION}"
    extent = {"spatial": {"bbox": [list(territory.box)], "crs": CRS84}} if territory.box else {}
    title = localised(territory.name, language)
    return {
        "id": COLLECTION,
        "type": "Collection",
        "itemType": "record",
        "title": title,
        "description": localised(territory.tagline, language) or title,
        "conformsTo": [RECORDS + "record-collection"],
        "crs": [CRS84],
        **({"extent": extent} if extent else {}),
        "links": [
            *both(url),
            link(f"{url}/items", "items", GEOJSON),
            link(f"{url}/items?f=html", "items", HTML),
            *(
                link(f"{territory.origin}/catalog{form.suffix}", "alternate", form.media_type, form.name)
                for form in RDF
            ),
        ],
    }


def collections(territory: Territory, language: str) -> Document:
    """The list of one."""
    return {"links": both(f"{territory.origin}/ogc/collections"), "collections": [collection(territory, language)]}


def record(shown: Shown, origin: str, language: str) -> Document:
    """A dataset as a record."""
    said = shown.record
    url = f"{origin}/ogc/collections/{COLLECTION}/items/{said.id}"
    return {
        "id": str(said.id),
        "type": "Feature",
        "conformsTo": [CORE],
        "geometry": _geometry(said.geography.box) if said.geography else None,
        "time": _time(said),
        "properties": _properties(shown, language),
        "links": [link(url, "self", GEOJSON), *_links(said, origin)],
    }


def _geometry(box: Box) -> Document:
    """The rectangle; two where it crosses the antimeridian (RFC 7946, 3.1.9)."""
    if box.west <= box.east:
        return {"type": "Polygon", "coordinates": [_ring(box.west, box.east, box)]}
    halves = (_ring(box.west, HALF_TURN, box), _ring(-HALF_TURN, box.east, box))
    return {"type": "MultiPolygon", "coordinates": [[half] for half in halves]}


def _ring(west: float, east: float, box: Box) -> list[list[float]]:
    return [[west, box.south], [east, box.south], [east, box.north], [west, box.north], [west, box.south]]


def _time(said: Record) -> Document | None:
    if said.period is None:
        return None
    ends = (said.period.start, said.period.end)
    return {"interval": [end.isoformat().replace("+00:00", "Z") if end else ".." for end in ends]}


def _properties(shown: Shown, language: str) -> Document:
    said, theme = shown.record, THEMES.get(shown.record.theme)
    known = said.licence.known
    external = [("uuid", str(said.id)), ("local", said.local_id), ("doi", said.doi)]
    properties = {
        "created": shown.listed.isoformat(),
        "updated": shown.described.isoformat(),
        "type": DATASET,
        "title": said.title,
        "description": localised(said.summary, language) or localised(said.synopsis, language),
        "language": {"code": language},
        "resourceLanguages": [_language(code) for code in said.languages],
        "keywords": list(said.keywords),
        "themes": [{"concepts": [{"id": theme.authority, "url": theme.uri}], "scheme": URI.rstrip("/")}]
        if theme
        else [],
        "externalIds": [{"scheme": scheme, "value": value} for scheme, value in external if value],
        "formats": [_format(label) for label in said.formats],
        "contacts": _contacts(shown),
        "license": "" if said.licence.is_agreement else (known.spdx if known else "") or said.licence.link,
        "rights": localised(AccessRights(said.access).label, language),
    }
    return {name: value for name, value in properties.items() if value not in ("", [])}


def _language(code: str) -> dict[str, str]:
    known = LANGUAGES.get(code)
    return {"code": code} | ({"name": known.label["en"]} if known else {})


def _format(label: str) -> dict[str, str]:
    media_types = FORMATS[label].media_types if label in FORMATS else ()
    return {"name": label} | ({"mediaType": media_types[0]} if media_types else {})


def _contacts(shown: Shown) -> list[Document]:
    publisher = {"organization": shown.producer.name, "roles": ["publisher"]}
    links = [{"href": shown.producer.url, "rel": "about", "type": HTML}] if shown.producer.url else []
    others = [
        {
            "name": contact.name,
            "organization": contact.organisation or shown.producer.name,
            "emails": [{"value": contact.email}],
            "roles": ["pointOfContact"],
        }
        for contact in shown.record.contacts
    ]
    return [publisher | ({"links": links} if links else {}), *others]


def _links(said: Record, origin: str) -> list[dict[str, str]]:
    page = f"{origin}/data/{said.id}"
    links = [
        link(f"{origin}/ogc/collections/{COLLECTION}", "collection", JSON),
        link(page, "alternate", HTML, said.title),
        *(link(form.address(page), "alternate", form.media_type, form.name) for form in RDF),
    ]
    if said.licence.link and not said.licence.is_agreement:
        links.append(link(said.licence.link, "license", HTML))
    if said.access is AccessRights.PUBLIC:
        links += [
            link(media.url, "item", media.media_type.partition(";")[0] or "application/octet-stream", media.name)
            for media in said.media
        ]
    return links


def items(records: Sequence[Document], total: int, stamp: str, links: Mapping[str, str], origin: str) -> Document:
    """A page of records; `links` are the addresses of this page and of its neighbours."""
    url = f"{origin}/ogc/collections/{COLLECTION}"
    return {
        "type": "FeatureCollection",
        "features": list(records),
        "numberMatched": total,
        "numberReturned": len(records),
        "timeStamp": stamp,
        "links": [*(link(address, rel, GEOJSON) for rel, address in links.items()), link(url, "collection", JSON)],
    }
