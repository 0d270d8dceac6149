"""Where else to look when an address is not a catalogue itself: what portals of each kind offer, and where."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.html import HtmlPage as Html
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.harvest.untrusted_documents import RefusedDocumentError, decode

STANDARD_PATHS = {
    "CKAN": "api/3/action/package_search?rows=%(most)s&sort=id+asc",
    "Opendatasoft": "api/explore/v2.1/catalog/datasets?limit=%(most)s",
    "udata": "api/1/datasets/?page_size=%(most)s",
    "UDI": "catalog.ttl?page_size=%(most)s",
    "RUDI": "api/v1/resources?limit=%(most)s",
    "data.json": "data.json",
    "ArcGIS Hub": "api/feed/dcat-us/1.1.json",
    "OGC API Records": "collections?f=json",
}
"""Addresses below a portal's, in the order in which they are asked."""
GET_RECORDS = {
    "service": "CSW",
    "version": "2.0.2",
    "request": "GetRecords",
    "typeNames": "gmd:MD_Metadata",
    "namespace": "xmlns(gmd=http://www.isotc211.org/2005/gmd)",
    "outputSchema": "http://www.isotc211.org/2005/gmd",
    "resultType": "results",
    "elementSetName": "full",
}
"""OGC 07-006r1, 10.8: what a CSW is asked for its records."""
CATALOGUES = frozenset(
    {
        "text/turtle",
        "application/rdf+xml",
        "application/ld+json",
        "application/n-triples",
        "application/geo+json",
    }
)
"""Media types of what a page may announce beside itself."""


def candidates(
    address: str, page: HarvestedPage, body: bytes, *, most: int = 10
) -> Iterator[str]:
    """Other addresses of the same site to ask, the likeliest first; none where the page is a catalogue."""
    if any(fault.code == kinds.CAPABILITIES.code for fault in page.faults) or _is_csw(
        address
    ):
        yield _get_records(address, most)
        return
    start = urlsplit(address)
    addresses = [*_alternate_links(address, body), *_usual(address, most)]
    yield from dict.fromkeys(
        candidate
        for candidate in addresses
        if urlsplit(candidate).netloc == start.netloc and candidate != address
    )


def _is_csw(address: str) -> bool:
    parameters = {
        name.lower(): value.lower()
        for name, value in parse_qsl(urlsplit(address).query)
    }
    return (
        urlsplit(address).path.lower().rstrip("/").endswith("/csw")
        and parameters.get("request") != "getrecords"
    )


def _get_records(address: str, most: int) -> str:
    start = urlsplit(address)
    parameters = {**GET_RECORDS, "maxRecords": most}
    other_parameters = [
        pair
        for pair in parse_qsl(start.query)
        if pair[0].lower() not in {name.lower() for name in parameters}
    ]
    return start._replace(
        query=urlencode([*other_parameters, *parameters.items()]), fragment=""
    ).geturl()


def _alternate_links(address: str, body: bytes) -> Iterator[str]:
    """What an HTML page says to be the same in another form (`<link rel=alternate>`)."""
    try:
        html = Html(decode(body)[0])
    except RefusedDocumentError:
        return
    for media_type, link in html.alternates:
        if media_type in CATALOGUES:
            yield _joined(address, link)


def _joined(address: str, link: str) -> str:
    try:
        return urljoin(address, link)
    except ValueError:
        return address


def _usual(address: str, most: int) -> Iterator[str]:
    start = urlsplit(address)._replace(query="", fragment="")
    folder = urljoin(start.geturl(), ".")
    root = start._replace(path="/").geturl()
    for place in dict.fromkeys((root, folder)):
        for path in STANDARD_PATHS.values():
            yield urljoin(place, path % {"most": most})
