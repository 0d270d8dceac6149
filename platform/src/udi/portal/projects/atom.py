"""Projects that everybody sees as an Atom feed (RFC 4287, pages as RFC 5005 says)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from udi.kit.paging import Page
from udi.kit.tenancy import Territory
from udi.portal.catalogue.atom import MEDIA_TYPE, NAMESPACE, NOT_XML, OLDEST
from udi.portal.projects.listing import PATH as PAGE
from udi.portal.projects.listing import ProjectFilters, ProjectSummary
from udi.ui.locale import localise

__all__ = ["MEDIA_TYPE", "PATH", "write_feed"]
PATH = "/projects.atom"


def write_feed(
    page: Page[ProjectSummary],
    filters: ProjectFilters,
    territory: Territory,
    language: str,
    title: str,
) -> bytes:
    """The feed of one page; a feed without entries is as old as Unix, so that its bytes do not change."""
    origin = territory.origin
    author = localise(territory.name, language)
    feed = Element("feed", {"xmlns": NAMESPACE, "xml:lang": language})
    add_text(feed, "id", filters.address(f"{origin}{PATH}"))
    add_text(feed, "title", f"{title} – {author}")
    add_text(
        feed,
        "updated",
        format_instant(
            max((line.project.changed_at for line in page.items), default=OLDEST)
        ),
    )
    add_text(SubElement(feed, "author"), "name", author)
    add_text(feed, "generator", "Urban Data Interface")
    for relation, number in _pages(page):
        SubElement(
            feed,
            "link",
            rel=relation,
            type=MEDIA_TYPE,
            href=filters.address(f"{origin}{PATH}", number),
        )
    SubElement(
        feed,
        "link",
        rel="alternate",
        type="text/html",
        href=filters.address(f"{origin}{PAGE}"),
    )
    for line in page.items:
        _add_entry(feed, line, origin, author)
    document: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _pages(page: Page[ProjectSummary]) -> Iterable[tuple[str, int]]:
    yield from (("self", page.number), ("first", 1), ("last", page.last))
    if page.number > 1:
        yield "previous", page.number - 1
    if page.number < page.last:
        yield "next", page.number + 1


def _add_entry(feed: Element, line: ProjectSummary, origin: str, author: str) -> None:
    project = line.project
    entry = SubElement(feed, "entry")
    address = f"{origin}{PAGE}/{project.id}"
    add_text(entry, "id", address)
    add_text(entry, "title", project.title)
    add_text(entry, "updated", format_instant(project.changed_at))
    if project.published_at:
        add_text(entry, "published", format_instant(project.published_at))
    add_text(
        SubElement(entry, "author"),
        "name",
        line.organisation.name if line.organisation else author,
    )
    SubElement(entry, "link", rel="alternate", type="text/html", href=address)
    SubElement(
        entry,
        "link",
        rel="related",
        type="application/json",
        href=f"{origin}/api/v1{PAGE}/{project.id}",
    )
    if project.summary:
        add_text(entry, "summary", project.summary)


def add_text(parent: Element, tag: str, text: str) -> None:
    """A child with a text that XML has a place for."""
    SubElement(parent, tag).text = NOT_XML.sub("", text)


def format_instant(moment: datetime) -> str:
    """A moment as RFC 3339 writes it, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
