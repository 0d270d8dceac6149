"""The public list of agreements as an Atom feed (RFC 4287): what everybody may know, and nothing else."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from udi.kit.tenancy import Territory
from udi.portal.access.models import PublicAgreement
from udi.portal.catalogue.atom import MEDIA_TYPE, NAMESPACE, OLDEST
from udi.portal.projects.atom import add_text, format_instant
from udi.ui.locale import localise

PATH = "/agreements.atom"


def write_feed(
    rows: Sequence[PublicAgreement], territory: Territory, language: str, title: str
) -> bytes:
    """The feed; one without entries is as old as Unix, so that its bytes do not change."""
    origin = territory.origin
    author = localise(territory.name, language)
    feed = Element("feed", {"xmlns": NAMESPACE, "xml:lang": language})
    add_text(feed, "id", f"{origin}{PATH}")
    add_text(feed, "title", f"{title} – {author}")
    add_text(
        feed,
        "updated",
        format_instant(max((row.changed_at for row in rows), default=OLDEST)),
    )
    add_text(SubElement(feed, "author"), "name", author)
    SubElement(feed, "link", rel="self", type=MEDIA_TYPE, href=f"{origin}{PATH}")
    SubElement(
        feed, "link", rel="alternate", type="text/html", href=f"{origin}/agreements"
    )
    for row in rows:
        entry = SubElement(feed, "entry")
        address = f"{origin}/agreements/{row.id}"
        add_text(entry, "id", address)
        add_text(entry, "title", row.dataset_title)
        add_text(entry, "updated", format_instant(row.changed_at))
        add_text(entry, "published", format_instant(row.starts_at))
        add_text(SubElement(entry, "author"), "name", row.organisation_name)
        SubElement(entry, "link", rel="alternate", type="text/html", href=address)
        SubElement(entry, "category", term=row.state)
        SubElement(entry, "category", term=row.purpose)
        add_text(entry, "summary", f"{row.starts_at:%Y-%m-%d} – {row.ends_at:%Y-%m-%d}")
    content: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return content
