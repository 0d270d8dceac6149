"""Requests for data as an Atom feed: those that changed last."""

from collections.abc import Sequence

from udi.kit.tenancy import Territory
from udi.portal.projects.data_requests.models import DataRequest
from udi.ui.atom import Category, Entry, Feed, Link
from udi.ui.locale import localise


def write_feed(
    requests: Sequence[DataRequest], territory: Territory, language: str, title: str
) -> bytes:
    """The feed of these requests."""
    page = f"{territory.origin}/data-requests"
    author = localise(territory.name, language)
    return Feed(
        id=f"{page}.atom",
        title=f"{title} – {author}",
        author=author,
        language=language,
        links=[Link("self", f"{page}.atom"), Link("alternate", page)],
        entries=[
            Entry(
                id=f"{page}/{request.id}",
                title=request.title,
                updated=request.changed_at,
                published=request.submitted_at,
                author=author,
                links=[Link("alternate", f"{page}/{request.id}", "text/html")],
                categories=[Category(request.state)],
                summary=request.words,
            )
            for request in requests
        ],
    ).write()
