"""Requests for data as an Atom feed (RFC 4287): those that changed last."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from udi.kit.tenancy import Territory
from udi.portal.catalogue.atom import MEDIA_TYPE, NAMESPACE, OLDEST
from udi.portal.projects.atom import add_text, format_instant
from udi.portal.projects.data_requests.models import DataRequest
from udi.ui.locale import localise

__all__ = ["MEDIA_TYPE", "write_feed"]


def write_feed(
    requests: Sequence[DataRequest], territory: Territory, language: str, title: str
) -> bytes:
    """The feed; one without entries is as old as Unix, so that its bytes do not change."""
    origin = territory.origin
    author = localise(territory.name, language)
    feed = Element("feed", {"xmlns": NAMESPACE, "xml:lang": language})
    add_text(feed, "id", f"{origin}/data-requests.atom")
    add_text(feed, "title", f"{title} – {author}")
    add_text(
        feed,
        "updated",
        format_instant(
            max((data_request.changed_at for data_request in requests), default=OLDEST)
        ),
    )
    add_text(SubElement(feed, "author"), "name", author)
    add_text(feed, "generator", "Urban Data Interface")
    for relation, path in (
        ("self", "/data-requests.atom"),
        ("alternate", "/data-requests"),
    ):
        SubElement(feed, "link", rel=relation, href=origin + path)
    for request in requests:
        entry = SubElement(feed, "entry")
        address = f"{origin}/data-requests/{request.id}"
        add_text(entry, "id", address)
        add_text(entry, "title", request.title)
        add_text(entry, "updated", format_instant(request.changed_at))
        add_text(entry, "published", format_instant(request.asked_at))
        add_text(SubElement(entry, "author"), "name", author)
        SubElement(entry, "category", term=request.state)
        SubElement(entry, "link", rel="alternate", type="text/html", href=address)
        add_text(entry, "summary", request.words)
    document: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return document
