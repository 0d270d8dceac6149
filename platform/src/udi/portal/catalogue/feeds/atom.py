"""Searches, and the history of a dataset, as Atom feeds. Identifiers are permalinks, which never change."""

from collections.abc import Callable, Sequence

from udi.kit.tenancy import Territory
from udi.portal.catalogue.history import DescriptionVersion
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import DatasetSummary, SearchPage
from udi.portal.catalogue.search.criteria import Criteria
from udi.ui.atom import MEDIA_TYPE, Category, Entry, Feed, Link, Totals, page_links
from udi.ui.locale import localise

PATH = "/data.atom"
PAGE = "/data"
CHANGES = "/changes.atom"


def write_feed(
    page: SearchPage,
    territory: Territory,
    language: str,
    about: str,
    name: Callable[[str, str], str],
) -> bytes:
    """The feed of one page of answers; `about` says in words what is looked for, `name` a filter's value.

    Entries are what a list shows: title, synopsis, producer, theme, dates.
    """
    criteria = page.criteria
    origin = territory.origin
    author = localise(territory.name, language)

    def address(number: int) -> str:
        return criteria.with_changes(page=number).address(f"{origin}{PATH}")

    return Feed(
        id=criteria.canonical().with_changes().address(f"{origin}{PATH}"),
        title=f"{about} – {author}",
        author=author,
        language=language,
        links=[
            *page_links(criteria.page, page.last, address),
            Link("alternate", criteria.address(f"{origin}{PAGE}"), "text/html"),
        ],
        totals=Totals(
            results=page.total,
            first=(criteria.page - 1) * criteria.size + 1,
            page_size=criteria.size,
        ),
        entries=[_entry(line, origin, language, name) for line in page.lines],
    ).write()


def _entry(
    line: DatasetSummary,
    origin: str,
    language: str,
    name: Callable[[str, str], str],
) -> Entry:
    origin = line.origin or origin
    permalink = f"{origin}/data/{line.id}"
    page = f"{permalink}/{line.slug}" if line.slug else permalink
    api = f"{origin}/api/v1/datasets/{line.id}"
    categories = []
    if line.theme:
        categories.append(Category(line.theme, name("theme", line.theme)))
    return Entry(
        id=permalink,
        title=line.title_in(language),
        updated=line.stated_update or line.published_at,
        published=line.published_at,
        author=line.producer_name,
        links=[
            Link("alternate", page, "text/html"),
            Link("related", api, "application/json"),
        ],
        categories=categories,
        summary=localise(line.synopsis, language),
    )


def write_history(
    dataset: Dataset,
    steps: Sequence[tuple[DescriptionVersion, str, str]],
    territory: Territory,
    language: str,
) -> bytes:
    """The feed of one dataset: each description that is kept, with its title and what it changed, in words."""
    permalink = f"{territory.origin}/data/{dataset.id}"
    api = f"{territory.origin}/api/v1/datasets/{dataset.id}"
    return Feed(
        id=f"{permalink}{CHANGES}",
        title=f"{dataset.title_in(language)} – {localise(territory.name, language)}",
        author=dataset.organisation.name,
        language=language,
        links=[
            Link("self", f"{permalink}{CHANGES}", MEDIA_TYPE),
            Link("alternate", permalink, "text/html"),
            Link("related", api, "application/json"),
        ],
        entries=[
            _history_entry(f"{permalink}/history#v{step.number}", step, title, words)
            for step, title, words in steps
        ],
    ).write()


def _history_entry(
    address: str, step: DescriptionVersion, title: str, words: str
) -> Entry:
    return Entry(
        id=address,
        title=title,
        updated=step.at,
        links=[Link("alternate", address, "text/html")],
        summary=words,
    )


def order_for_feed(criteria: Criteria) -> Criteria:
    """What a feed answers: unless an order is asked for, what last changed comes first, since that is what is followed."""
    if criteria.sort:
        return criteria
    return criteria.with_changes(sort="modified", page=criteria.page)
