"""The public list of agreements as an Atom feed: what everybody may know, and nothing else."""

from collections.abc import Sequence

from udi.kit.tenancy import Territory
from udi.portal.access.models import PublicAgreement
from udi.ui.atom import MEDIA_TYPE, Category, Entry, Feed, Link
from udi.ui.locale import localise

PATH = "/agreements.atom"


def write_feed(
    rows: Sequence[PublicAgreement], territory: Territory, language: str, title: str
) -> bytes:
    """The feed of these agreements."""
    page = f"{territory.origin}/agreements"
    address = f"{territory.origin}{PATH}"
    author = localise(territory.name, language)
    return Feed(
        id=address,
        title=f"{title} – {author}",
        author=author,
        language=language,
        generator="",
        links=[
            Link("self", address, MEDIA_TYPE),
            Link("alternate", page, "text/html"),
        ],
        entries=[
            Entry(
                id=f"{page}/{row.id}",
                title=row.dataset_title,
                updated=row.changed_at,
                published=row.starts_at,
                author=row.organisation_name,
                links=[Link("alternate", f"{page}/{row.id}", "text/html")],
                categories=[Category(row.state), Category(row.purpose)],
                summary=f"{row.starts_at:%Y-%m-%d} – {row.ends_at:%Y-%m-%d}",
            )
            for row in rows
        ],
    ).write()
