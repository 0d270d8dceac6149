"""Requests for data as an Atom feed (RFC 4287): those that changed last."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from udi.kit.tenancy import Territory
from udi.portal.catalogue.atom import MEDIA_TYPE, NAMESPACE, NOT_XML, OLDEST
from udi.portal.projects.data_requests.models import DataRequest
from udi.ui.locale import localised

__all__ = ["MEDIA_TYPE", "write_feed"]


def write_feed(requests: Sequence[DataRequest], territory: Territory, language: str, title: str) -> bytes:
    """The feed; one without entries is as old as Unix, so that its bytes do not change."""
    origin, author = territory.origin, localised(territory.name, language)
    feed = Element("feed", {"xmlns": NAMESPACE, "xml:lang": language})
    _add(feed, "id", f"{origin}/data-requests.atom")
    _add(feed, "title", f"{title} – {author}")
    _add(feed, "updated", _instant(max((each.changed_at for each in requests), default=OLDEST)))
    _add(SubElement(feed, "author"), "name", author)
    _add(feed, "generator", "Urban Data Interface")
    for relation, path in (("self", "/data-requests.atom"), ("alternate", "/data-requests")):
        SubElement(feed, "link", rel=relation, href=origin + path)
    for request in requests:
        entry, address = SubElement(feed, "entry"), f"{origin}/data-requests/{request.id}"
        _add(entry, "id", address)
        _add(entry, "title", request.title)
        _add(entry, "updated", _instant(request.changed_at))
        _add(entry, "published", _instant(request.asked_at))
        _add(SubElement(entry, "author"), "name", author)
        SubElement(entry, "category", term=request.state)
        SubElement(entry, "link", rel="alternate", type="text/html", href=address)
        _add(entry, "summary", request.words)
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = NOT_XML.sub("", text)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
