"""A folder of files on the web (WAF): the listing that a server makes, and the documents and folders below it."""

import posixpath
import re
from urllib.parse import unquote, urljoin, urlsplit

from udi.portal.nodes.harvest.html import HtmlPage as Html
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.harvest.untrusted_documents import decode

DOCUMENT = re.compile(r"\.(xml|rdf|ttl|json|jsonld|nt|trig|csv)$", re.IGNORECASE)
LISTING = re.compile(
    r"<title>\s*(?:index of|directory listing|directory:|listing of)|<h1>\s*(?:index of|directory listing)",
    re.IGNORECASE,
)
MOST_LEVELS = 5


def is_listing(text: str) -> bool:
    """Whether a page is the listing that Apache, nginx, Python and others make of a folder."""
    return bool(LISTING.search(text[:5000]))


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:  # noqa: ARG001  # every reader is asked alike
    """The documents and folders below, each once; what leads up, elsewhere or to another order of the list is left out.

    Raises:
        RefusedDocumentError: the page is text in no encoding.
    """
    text, faults = decode(page)
    start = urlsplit(urljoin(base_url, "."))
    links: dict[str, None] = {}
    for link in Html(text).links:
        try:
            parts = urlsplit(urljoin(base_url, link.strip()))
        except ValueError:
            continue
        path = posixpath.normpath(unquote(parts.path)) + (
            "/" if parts.path.endswith("/") else ""
        )
        inside = (
            parts.scheme == start.scheme
            and parts.netloc == start.netloc
            and path.startswith(unquote(start.path))
        )
        if (
            inside
            and not parts.query
            and path != unquote(start.path)
            and (path.endswith("/") or DOCUMENT.search(path))
        ):
            links[parts._replace(fragment="").geturl()] = None
    return HarvestedPage(format="waf", links=tuple(links), faults=tuple(faults))


def depth(start: str, address: str) -> int:
    """How many folders an address is below another; a source goes `MOST_LEVELS` deep."""
    return urlsplit(address).path.rstrip("/").count("/") - urlsplit(
        urljoin(start, ".")
    ).path.rstrip("/").count("/")
