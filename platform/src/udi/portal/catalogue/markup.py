"""Text of others made into HTML that can be trusted: words found in a title, a description, a territory's own pages."""

import re
from collections.abc import Collection

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from udi.portal.catalogue.search.words import plain_words, word_stems
from udi.protocol.texts import rich

WORD = re.compile(r"[^\W_]+")
HEADING = re.compile(r"\s*#\s+(.+?)\s*#*\s*(?:\n|$)")
BLOCKS = {
    "h2", "h3", "h4", "p", "ul", "ol", "li", "a", "strong", "em", "code", "pre", "blockquote", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def highlight(title: str, stems: Collection[str]) -> Markup:
    """A title with the words that were looked for marked."""
    if not stems:
        return escape(title)
    parts, end = [], 0
    for found in WORD.finditer(title):
        if any(stem in stems for word in plain_words(found.group()) for stem in word_stems(word)[0]):
            parts += [escape(title[end : found.start()]), Markup("<mark>%s</mark>") % found.group()]
            end = found.end()
    return Markup("").join([*parts, escape(title[end:])])


def describe(text: str, markup: str = "") -> Markup:
    """A description as HTML: the producer's, made harmless again, else its text with its paragraphs."""
    if markup:
        return Markup(rich(markup))  # noqa: S704 - sanitised
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    lines = [Markup("<br>").join(escape(line) for line in part.splitlines()) for part in paragraphs]
    return Markup("\n").join(Markup("<p>%s</p>") % line for line in lines)


def read_page(markdown: str) -> tuple[str, Markup]:
    """The title (first heading) and the HTML of a page that a territory wrote; its other headings stay below."""
    heading = HEADING.match(markdown)
    body = markdown[heading.end() :] if heading else markdown
    html = re.sub(r"(</?)h1>", r"\1h2>", MARKDOWN.render(body))
    clean = nh3.clean(
        html, tags=BLOCKS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}, link_rel=None
    )
    return heading.group(1) if heading else "", Markup(clean)  # noqa: S704 - sanitised
