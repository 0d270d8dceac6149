"""Requests for data as an Atom feed (RFC 4287): those that changed last."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from udi.kit.tenancy import Territory
from udi.portal.catalogue.atom import MEDIA_TYPE, NAMESPACE, OLDEST
from udi.portal.projects.atom import add, instant
from udi.portal.projects.data_requests.models import DataRequest
from udi.ui.locale import localised

__all__ = ["MEDIA_TYPE", "write_feed"]


def write_feed(requests: Sequence[DataRequest], territory: Territory, language: str, title: str) -> bytes:
    """The feed; one without entries is as old as Unix, so that its bytes do not change."""
    origin, author = territory.origin, localised(territory.name, language)
    feed = Element("feed", {"xmlns": NAMESPACE, "xml:lang": language})
    add(feed, "id", f"{origin}/data-requests.atom")
    add(feed, "title", f"{title} – {author}")
    add(feed, "updated", instant(max((each.changed_at for each in requests), default=OLDEST)))
    add(SubElement(feed, "author"), "name", author)
    add(feed, "generator", "Urban Data Interface")
    for relation, path in (("self", "/data-requests.atom"), ("alternate", "/data-requests")):
        SubElement(feed, "link", rel=relation, href=origin + path)
    for request in requests:
        entry, address = SubElement(feed, "entry"), f"{origin}/data-requests/{request.id}"
        add(entry, "id", address)
        add(entry, "title", request.title)
        add(entry, "updated", instant(request.changed_at))
        add(entry, "published", instant(request.asked_at))
        add(SubElement(entry, "author"), "name", author)
        SubElement(entry, "category", term=request.state)
        SubElement(entry, "link", rel="alternate", type="text/html", href=address)
        add(entry, "summary", request.words)
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written
