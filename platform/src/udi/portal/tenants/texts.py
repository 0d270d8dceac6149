"""What a territory wrote for everybody to read, made into HTML that can be trusted: its charter, its legal information."""

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.tenants.models import Tenant
from udi.ui.locale import SOURCE

HEADING = re.compile(r"\s*#\s+(.+?)\s*#*\s*(?:\n|$)")
BLOCKS = {
    "h2",
    "h3",
    "h4",
    "p",
    "ul",
    "ol",
    "li",
    "a",
    "strong",
    "em",
    "code",
    "pre",
    "blockquote",
    "hr",
    "br",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class TenantText:
    """A text, and the language it is in."""

    title: str
    body: Markup
    language: str


async def find_text(
    session: AsyncSession,
    territory: UUID,
    name: Literal["charter", "legal"],
    locale: str,
) -> TenantText | None:
    """A text of the territory in the reader's language, else in the one it has."""
    column = {"charter": Tenant.charter, "legal": Tenant.legal}[name]
    texts = await session.scalar(select(column).where(Tenant.id == territory)) or {}
    language = next(
        (code for code in (locale, SOURCE, *texts) if texts.get(code)), None
    )
    if language:
        return TenantText(*read_page(texts[language]), language)
    return None


def read_page(markdown: str) -> tuple[str, Markup]:
    """The title (first heading) and the HTML of a page that a territory wrote; its other headings stay below."""
    heading = HEADING.match(markdown)
    body = markdown[heading.end() :] if heading else markdown
    html = re.sub(r"(</?)h1>", r"\1h2>", MARKDOWN.render(body))
    clean = nh3.clean(
        html,
        tags=BLOCKS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return heading.group(1) if heading else "", Markup(clean)  # noqa: S704 - sanitised
