"""Atom feeds: RFC 4287, their pages linked as RFC 5005 says, their totals as OpenSearch 1.1 says."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

NAMESPACE = "http://www.w3.org/2005/Atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
MEDIA_TYPE = "application/atom+xml"
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for."""


@dataclass(frozen=True)
class Link:
    """Another address; `type` is its media type, where it is known."""

    rel: str
    href: str
    type: str = ""


@dataclass(frozen=True)
class Category:
    """A word of a vocabulary, and what a person reads for it."""

    term: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing of a feed; `id` is an address that never changes. What is empty is left out."""

    id: str
    title: str
    updated: datetime
    published: datetime | None = None
    author: str = ""
    links: Sequence[Link] = ()
    categories: Sequence[Category] = ()
    summary: str = ""


@dataclass(frozen=True)
class Totals:
    """How many things answer, the number of the first on this page (from 1), and how many a page has."""

    results: int
    first: int
    page_size: int


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed, as old as its newest entry; `generator` is the program that made it."""

    id: str
    title: str
    author: str
    language: str
    links: Sequence[Link]
    entries: Sequence[Entry]
    totals: Totals | None = None
    generator: str = "Urban Data Interface"

    def write(self) -> bytes:
        """Return the document in UTF-8.

        A feed without entries is as old as Unix, so that its bytes do not change while nothing does.
        """
        root = Element("feed", {"xmlns": NAMESPACE, "xml:lang": self.language})
        newest = max((entry.updated for entry in self.entries), default=OLDEST)
        _add_text(root, "id", self.id)
        _add_text(root, "title", self.title)
        _add_text(root, "updated", _format_instant(newest))
        _add_text(SubElement(root, "author"), "name", self.author)
        if self.generator:
            _add_text(root, "generator", self.generator)
        _add_links(root, self.links)
        if self.totals:
            root.set("xmlns:opensearch", OPENSEARCH)
            _add_text(root, "opensearch:totalResults", str(self.totals.results))
            _add_text(root, "opensearch:startIndex", str(self.totals.first))
            _add_text(root, "opensearch:itemsPerPage", str(self.totals.page_size))
        for entry in self.entries:
            _add_entry(root, entry)
        document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return document


def page_links(number: int, last: int, address: Callable[[int], str]) -> Iterator[Link]:
    """Yield the links of a page to itself and to others of the same feed; `address` is that of a page by its number."""
    pages = {"self": number, "first": 1, "last": last}
    if number > 1:
        pages["previous"] = number - 1
    if number < last:
        pages["next"] = number + 1
    for relation, page in pages.items():
        yield Link(relation, address(page), MEDIA_TYPE)


def _add_entry(root: Element, entry: Entry) -> None:
    element = SubElement(root, "entry")
    _add_text(element, "id", entry.id)
    _add_text(element, "title", entry.title)
    _add_text(element, "updated", _format_instant(entry.updated))
    if entry.published:
        _add_text(element, "published", _format_instant(entry.published))
    if entry.author:
        _add_text(SubElement(element, "author"), "name", entry.author)
    _add_links(element, entry.links)
    for category in entry.categories:
        attributes = {"term": category.term}
        if category.label:
            attributes["label"] = _remove_invalid_characters(category.label)
        SubElement(element, "category", attributes)
    if entry.summary:
        _add_text(element, "summary", entry.summary)


def _add_links(parent: Element, links: Sequence[Link]) -> None:
    for link in links:
        attributes = {"rel": link.rel, "href": link.href}
        if link.type:
            attributes["type"] = link.type
        SubElement(parent, "link", attributes)


def _add_text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = _remove_invalid_characters(text)


def _remove_invalid_characters(text: str) -> str:
    return NOT_XML.sub("", text)


def _format_instant(moment: datetime) -> str:
    """A moment as RFC 3339 writes it, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
