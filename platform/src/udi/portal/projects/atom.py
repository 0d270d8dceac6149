"""Projects that everybody sees as an Atom feed."""

from udi.kit.paging import Page
from udi.kit.tenancy import Territory
from udi.portal.projects.listing import PATH as PAGE
from udi.portal.projects.listing import ProjectFilters, ProjectSummary
from udi.ui.atom import Entry, Feed, Link, page_links
from udi.ui.locale import localise

PATH = "/projects.atom"


def write_feed(
    page: Page[ProjectSummary],
    filters: ProjectFilters,
    territory: Territory,
    language: str,
    title: str,
) -> bytes:
    """The feed of one page."""
    origin = territory.origin
    author = localise(territory.name, language)

    def address(number: int) -> str:
        return filters.address(f"{origin}{PATH}", number)

    return Feed(
        id=filters.address(f"{origin}{PATH}"),
        title=f"{title} – {author}",
        author=author,
        language=language,
        links=[
            *page_links(page.number, page.last, address),
            Link("alternate", filters.address(f"{origin}{PAGE}"), "text/html"),
        ],
        entries=[_entry(line, origin, author, language) for line in page.items],
    ).write()


def _entry(line: ProjectSummary, origin: str, author: str, language: str) -> Entry:
    project = line.project
    address = f"{origin}{PAGE}/{project.id}"
    api = f"{origin}/api/v1{PAGE}/{project.id}"
    return Entry(
        id=address,
        title=project.title_in(language),
        updated=project.changed_at,
        published=project.published_at,
        author=line.organisation.name if line.organisation else author,
        links=[
            Link("alternate", address, "text/html"),
            Link("related", api, "application/json"),
        ],
        summary=localise(project.summaries, language),
    )
