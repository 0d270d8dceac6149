"""Text of others made into HTML that can be trusted: words found in a title, a description, a territory's own pages."""

import re
from collections.abc import Collection

from markupsafe import Markup, escape

from udi.portal.catalogue.search.words import plain_words, word_stems
from udi.protocol.texts import rich

WORD = re.compile(r"[^\W_]+")


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
