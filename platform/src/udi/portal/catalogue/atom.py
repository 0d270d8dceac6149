"""A search as an Atom feed: RFC 4287, its pages linked as RFC 5005 says. Identifiers are permalinks, which never change."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from udi.kit.tenancy import Territory
from udi.portal.catalogue.history import DescriptionVersion
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import DatasetSummary, SearchPage
from udi.portal.catalogue.search.criteria import Criteria
from udi.ui.locale import localise

NAMESPACE = "http://www.w3.org/2005/Atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
MEDIA_TYPE = "application/atom+xml"
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
PATH = "/data.atom"
PAGE = "/data"
CHANGES = "/changes.atom"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for."""


def write_feed(
    page: SearchPage,
    territory: Territory,
    language: str,
    about: str,
    name: Callable[[str, str], str],
) -> bytes:
    """The feed of one page of answers; `about` says in words what is looked for, `name` a filter's value.

    Entries are what a list shows: title, synopsis, producer, theme, dates. A feed without entries is as old as Unix, so
    that its bytes do not change while nothing does.
    """
    criteria = page.criteria
    origin = territory.origin
    author = localise(territory.name, language)
    feed = Element(
        "feed",
        {"xmlns": NAMESPACE, "xmlns:opensearch": OPENSEARCH, "xml:lang": language},
    )
    add_text(feed, "id", criteria.canonical().with_changes().address(f"{origin}{PATH}"))
    add_text(feed, "title", f"{about} – {author}")
    add_text(
        feed,
        "updated",
        format_instant(max((line.modified_at for line in page.lines), default=OLDEST)),
    )
    add_text(SubElement(feed, "author"), "name", author)
    add_text(feed, "generator", "Urban Data Interface")
    for relation, number in _page_links(page):
        address = criteria.with_changes(page=number).address(f"{origin}{PATH}")
        SubElement(feed, "link", rel=relation, type=MEDIA_TYPE, href=address)
    SubElement(
        feed,
        "link",
        rel="alternate",
        type="text/html",
        href=criteria.address(f"{origin}{PAGE}"),
    )
    add_text(feed, "opensearch:totalResults", str(page.total))
    add_text(
        feed, "opensearch:startIndex", str((criteria.page - 1) * criteria.size + 1)
    )
    add_text(feed, "opensearch:itemsPerPage", str(criteria.size))
    for line in page.lines:
        _add_entry(feed, line, origin, language, name)
    content: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return content


def write_history(
    dataset: Dataset,
    steps: Sequence[tuple[DescriptionVersion, str, str]],
    territory: Territory,
    language: str,
) -> bytes:
    """The feed of one dataset: each description that is kept, with its title and what it changed, in words."""
    origin = territory.origin
    permalink = f"{territory.origin}/data/{dataset.id}"
    feed = Element("feed", {"xmlns": NAMESPACE, "xml:lang": language})
    add_text(feed, "id", f"{permalink}{CHANGES}")
    add_text(feed, "title", f"{dataset.title} – {localise(territory.name, language)}")
    add_text(feed, "updated", format_instant(steps[0][0].at))
    add_text(SubElement(feed, "author"), "name", dataset.organisation.name)
    add_text(feed, "generator", "Urban Data Interface")
    SubElement(feed, "link", rel="self", type=MEDIA_TYPE, href=f"{permalink}{CHANGES}")
    SubElement(feed, "link", rel="alternate", type="text/html", href=permalink)
    SubElement(
        feed,
        "link",
        rel="related",
        type="application/json",
        href=f"{origin}/api/v1/datasets/{dataset.id}",
    )
    for step, title, words in steps:
        entry = SubElement(feed, "entry")
        address = f"{permalink}/history#v{step.number}"
        add_text(entry, "id", address)
        add_text(entry, "title", title)
        add_text(entry, "updated", format_instant(step.at))
        SubElement(entry, "link", rel="alternate", type="text/html", href=address)
        add_text(entry, "summary", words)
    content: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return content


def _page_links(page: SearchPage) -> Iterable[tuple[str, int]]:
    number = page.criteria.page
    yield from (("self", number), ("first", 1), ("last", page.last))
    if number > 1:
        yield "previous", number - 1
    if number < page.last:
        yield "next", number + 1


def _add_entry(
    feed: Element,
    line: DatasetSummary,
    origin: str,
    language: str,
    name: Callable[[str, str], str],
) -> None:
    entry = SubElement(feed, "entry")
    permalink = f"{origin}/data/{line.id}"
    add_text(entry, "id", permalink)
    add_text(entry, "title", line.title)
    add_text(entry, "updated", format_instant(line.modified_at))
    add_text(entry, "published", format_instant(line.published_at))
    add_text(SubElement(entry, "author"), "name", line.producer_name)
    SubElement(
        entry,
        "link",
        rel="alternate",
        type="text/html",
        href=f"{permalink}/{line.slug}" if line.slug else permalink,
    )
    SubElement(
        entry,
        "link",
        rel="related",
        type="application/json",
        href=f"{origin}/api/v1/datasets/{line.id}",
    )
    if line.theme:
        SubElement(
            entry,
            "category",
            term=line.theme,
            label=_remove_invalid_characters(name("theme", line.theme)),
        )
    if summary := localise(line.synopsis, language):
        add_text(entry, "summary", summary)


def order_for_feed(criteria: Criteria) -> Criteria:
    """What a feed answers: unless an order is asked for, what last changed comes first, since that is what is followed."""
    if criteria.sort:
        return criteria
    return criteria.with_changes(sort="modified", page=criteria.page)


def add_text(parent: Element, tag: str, text: str) -> None:
    """An element with a text, without what XML has no place for."""
    SubElement(parent, tag).text = _remove_invalid_characters(text)


def _remove_invalid_characters(text: str) -> str:
    return NOT_XML.sub("", text)


def format_instant(moment: datetime) -> str:
    """A moment as RFC 3339 writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
