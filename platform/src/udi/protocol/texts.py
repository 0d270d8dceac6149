"""Texts by language, and HTML made harmless."""

import html
import re
from typing import Any

import nh3

from udi.protocol.languages import language_of

Texts = dict[str, str]
"""A text in several languages, by ISO 639-1 code; regions are dropped on reading, the first entry of a language wins."""

TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--[^<>]*--)>")
ALLOWED = {
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "em",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "u",
    "ul",
}
SCHEMES = {"http", "https", "mailto"}
ROUNDS = 4


def strip_html(text: str) -> str:
    """The words of a text that may hold HTML; text without any tag is left as it is, ampersands included."""
    for _ in range(ROUNDS):
        if not TAG.search(text):
            return text
        text = html.unescape(nh3.clean(text, tags=set()))
    return text.replace("<", "")


def sanitise_html(markup: str) -> str:
    """HTML reduced to paragraphs, lists, emphasis and links to the web or to mail."""
    return nh3.clean(
        markup,
        tags=ALLOWED,
        attributes={"a": {"href", "title"}},
        url_schemes=SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )


def read_texts(entries: list[dict[str, Any]] | None, *, markup: bool = False) -> Texts:
    """The map of a list of `{lang, text}`; with `markup`, of its harmless HTML where there is some."""
    texts: Texts = {}
    for entry in entries or ():
        if markup:
            words = _read_markup(entry)
        else:
            words = strip_html(entry["text"]).strip()
        if words:
            texts.setdefault(language_of(entry["lang"]), words)
    return texts


def _read_markup(entry: dict[str, Any]) -> str:
    """The harmless HTML of an entry; empty where it has none."""
    source = entry.get("html") or (entry["text"] if TAG.search(entry["text"]) else "")
    if source:
        return sanitise_html(source)
    return ""


def write_texts(texts: Texts, markup: Texts | None = None) -> list[dict[str, str]]:
    """The list of `{lang, text}` of a map, with `html` for the languages that have some."""
    rich_texts = markup or {}
    return [
        {"lang": language, "text": words}
        | ({"html": rich_texts[language]} if language in rich_texts else {})
        for language, words in texts.items()
    ]
