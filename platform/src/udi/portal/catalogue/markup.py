"""Text of others made into HTML that can be trusted: words found in a title, a description, a territory's own pages."""

import re
from collections.abc import Collection

from markupsafe import Markup, escape

from udi.portal.catalogue.search.words import plain_words, word_stems
from udi.protocol.texts import sanitise_html

WORD = re.compile(r"[^\W_]+")


def highlight(title: str, stems: Collection[str]) -> Markup:
    """A title with the words that were looked for marked."""
    if not stems:
        return escape(title)
    parts = []
    end = 0
    for match in WORD.finditer(title):
        if any(
            stem in stems
            for word in plain_words(match.group())
            for stem in word_stems(word)[0]
        ):
            parts += [
                escape(title[end : match.start()]),
                Markup("<mark>%s</mark>") % match.group(),
            ]
            end = match.end()
    return Markup("").join([*parts, escape(title[end:])])


def render_description(text: str, markup: str = "") -> Markup:
    """A description as HTML: the producer's, made harmless again, else its text with its paragraphs."""
    if markup:
        return Markup(sanitise_html(markup))  # noqa: S704 - sanitised
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    lines = [
        Markup("<br>").join(escape(line) for line in part.splitlines())
        for part in paragraphs
    ]
    return Markup("\n").join(Markup("<p>%s</p>") % line for line in lines)
