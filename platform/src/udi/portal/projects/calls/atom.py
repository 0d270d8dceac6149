"""Calls for projects as an Atom feed."""

from collections.abc import Sequence

from udi.kit.tenancy import Territory
from udi.portal.projects.calls.models import Call
from udi.ui.atom import MEDIA_TYPE, Entry, Feed, Link
from udi.ui.locale import localise


def write_feed(
    calls: Sequence[Call], territory: Territory, language: str, title: str
) -> bytes:
    """The feed of these calls."""
    page = f"{territory.origin}/calls"
    author = localise(territory.name, language)
    return Feed(
        id=f"{page}.atom",
        title=f"{title} – {author}",
        author=author,
        language=language,
        generator="",
        links=[
            Link("self", f"{page}.atom", MEDIA_TYPE),
            Link("alternate", page, "text/html"),
        ],
        entries=[
            Entry(
                id=f"{page}/{call.id}",
                title=call.title_in(language),
                updated=call.changed_at,
                links=[Link("alternate", f"{page}/{call.id}", "text/html")],
                summary=localise(call.summaries, language),
            )
            for call in calls
        ],
    ).write()
