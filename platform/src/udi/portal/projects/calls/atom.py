"""Calls for projects as an Atom feed (RFC 4287)."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from udi.kit.tenancy import Territory
from udi.portal.catalogue.atom import MEDIA_TYPE, NAMESPACE, OLDEST
from udi.portal.projects.atom import add_text, format_instant
from udi.portal.projects.calls.models import Call
from udi.ui.locale import localise

__all__ = ["MEDIA_TYPE", "write_feed"]


def write_feed(
    calls: Sequence[Call], territory: Territory, language: str, title: str
) -> bytes:
    """The newest calls."""
    origin = territory.origin
    author = localise(territory.name, language)
    feed = Element("feed", {"xmlns": NAMESPACE, "xml:lang": language})
    add_text(feed, "id", f"{origin}/calls.atom")
    add_text(feed, "title", f"{title} – {author}")
    add_text(
        feed,
        "updated",
        format_instant(max((call.changed_at for call in calls), default=OLDEST)),
    )
    add_text(SubElement(feed, "author"), "name", author)
    SubElement(feed, "link", rel="self", type=MEDIA_TYPE, href=f"{origin}/calls.atom")
    SubElement(feed, "link", rel="alternate", type="text/html", href=f"{origin}/calls")
    for call in calls:
        entry = SubElement(feed, "entry")
        address = f"{origin}/calls/{call.id}"
        add_text(entry, "id", address)
        add_text(entry, "title", call.title)
        add_text(entry, "updated", format_instant(call.changed_at))
        SubElement(entry, "link", rel="alternate", type="text/html", href=address)
        add_text(entry, "summary", call.summary)
    document: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return document
