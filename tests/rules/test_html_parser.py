"""The quick parser of pages makes the tree of html5lib and names the same faults, whatever is wrong in a page."""

from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

from tests.rules.html_parser import QuickParser
from tests.rules.test_pages import SOUND

TAGS = """<!doctype html><title>A &amp; b</title><form action="/a?b=1&amp;c=&#34;2&#34;"><input disabled name="q"><br/>
<P Class="Old one">R&#39;s &lt;1&gt; &eacute;</p><svg viewBox="0 0 1 1"><path d="M0"/></svg></form>"""
INSERTIONS = ("<", ">", '"', "'", "&", "/", "=", "\0", "\r\n", "x", "<b>", "</p >", ' id="q"', ' name="q"', "&nbsp", "&#39", "<!-- ")  # fmt: skip


def describe(parser: html5lib.HTMLParser, html: str) -> tuple[list[Any], list[Any]]:
    """Each element with all that is in it, in its order, and the errors with their places."""
    root: Element = parser.parse(html)
    tree = [
        (element.tag, list(element.attrib.items()), element.text, element.tail)
        if isinstance(element.tag, str)
        else element.text
        for element in root.iter()
    ]
    return tree, parser.errors


def list_differences(pages: list[str]) -> list[str]:
    """The pages that both parsers do not read alike."""
    return [
        html
        for html in pages
        if describe(QuickParser(html), html)
        != describe(html5lib.HTMLParser(namespaceHTMLElements=False), html)
    ]


def test_a_sound_page_has_the_same_tree() -> None:
    assert list_differences([SOUND]) == []


@pytest.mark.parametrize("insertion", INSERTIONS, ids=repr)
def test_what_stands_anywhere_in_a_page_is_read_alike(insertion: str) -> None:
    """At a third of its places, which are others for each insertion."""
    places = range(INSERTIONS.index(insertion) % 3, len(TAGS) + 1, 3)

    assert list_differences([TAGS[:p] + insertion + TAGS[p:] for p in places]) == []


def test_a_page_that_ends_anywhere_is_read_alike() -> None:
    assert list_differences([TAGS[:end] for end in range(len(TAGS))]) == []


def test_a_page_longer_than_what_is_read_at_once_is_read_alike() -> None:
    """Tags stand over the places where one piece ends and the next begins."""
    pages = [f"{' ' * blanks}{TAGS * 80}" for blanks in (0, 7, 20, 41)]

    assert list_differences(pages) == []
