"""Texts that are no table as pairs of a name and a value: XML, web pages, JSON, plain text. Nothing is fetched or run."""

import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any
from xml.parsers import expat

SENTENCES = "text"
LARGEST_JSON = 32 * 1024**2
"""Bytes of a JSON document that is read at once."""
MOST_KEYS = 20
"""An object with more keys is a list by key: its keys are values too."""
PARAGRAPHS = frozenset({"p"})
"""Elements whose pieces make one sentence, in texts of office programs."""
BLOCKS = frozenset(
    {
        "p",
        "li",
        "div",
        "td",
        "th",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "dt",
        "dd",
        "option",
        "br",
        "tr",
    }
)
UNSEEN = frozenset({"script", "style"})
TAG = re.compile(r"<[^<>]{0,4000}>")
DEEPEST = 200
Pairs = Iterator[tuple[str, str]]


class MarkupError(Exception):
    """The text is not what it says, or asks for more than it holds."""


def xml_pairs(pieces: Iterable[bytes]) -> Pairs:
    """Texts and attributes of an XML document, each under the name of its element or attribute.

    Raises:
        MarkupError: it is not well formed, or declares entities.
    """
    reader = _Elements()
    parser = expat.ParserCreate(namespace_separator=None)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse_entity
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            yield from reader.take_pairs()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise MarkupError from error
    yield from reader.take_pairs()


def _refuse_entity(*_: object) -> None:
    raise MarkupError


class _Elements:
    """The elements that are open, and the pairs that closed."""

    def __init__(self) -> None:
        self._open: list[tuple[str, list[str]]] = []
        self._pairs: list[tuple[str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise MarkupError
        self._open.append((_local(name), []))
        self._pairs += [
            (_local(attribute), value) for attribute, value in attributes.items()
        ]

    def end(self, _name: str) -> None:
        name, texts = self._open.pop()
        text = "".join(texts)
        paragraph = next(
            (
                outer_texts
                for outer, outer_texts in reversed(self._open)
                if outer in PARAGRAPHS
            ),
            None,
        )
        if paragraph is not None:
            paragraph.append(text)
        elif text.strip():
            self._pairs.append((SENTENCES if name in PARAGRAPHS else name, text))

    def text(self, data: str) -> None:
        if self._open:
            self._open[-1][1].append(data)

    def take_pairs(self) -> list[tuple[str, str]]:
        pairs = self._pairs
        self._pairs = []
        return pairs


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def page_pairs(text: str) -> Pairs:
    """The cells of the tables of a web page under the names of their columns, and its other texts."""
    reader = _PageParser()
    reader.feed(text)
    reader.close()
    reader.flush()
    yield from reader.pairs


class _PageParser(HTMLParser):
    """A page read as a person sees it: the first row of a table names its columns."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pairs: list[tuple[str, str]] = []
        self._texts: list[str] = []
        self._names: list[str] = []
        self._row: list[str] | None = None
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in UNSEEN
        if tag in BLOCKS:
            self.flush()
        if tag == "table":
            self._names = []
        if tag == "tr":
            self._row = []
        text_attributes = {"alt", "title", "content", "value", "href"}
        self.pairs += [
            (name, value) for name, value in attrs if name in text_attributes and value
        ]

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN and self._unseen > 0
        if tag in {"td", "th"} and self._row is not None:
            self._row.append("".join(self._texts).strip())
            self._texts = []
        elif tag in BLOCKS:
            self.flush()
        if tag == "tr":
            self._end_row()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.pairs.append(("comment", data))

    def flush(self) -> None:
        """End the sentence that was being read."""
        text = "".join(self._texts).strip()
        self._texts = []
        if text:
            self.pairs.append((SENTENCES, text))

    def _end_row(self) -> None:
        row = self._row or []
        self._row = None
        if not self._names:
            self._names = row
            self.pairs += [(SENTENCES, cell) for cell in row if cell]
            return
        for place, cell in enumerate(row):
            name = self._names[place] if place < len(self._names) else SENTENCES
            if cell:
                self.pairs.append((name or SENTENCES, cell))


def json_pairs(text: str) -> Pairs:
    """The values of a JSON document, however deep, each under the nearest key that is no value itself.

    Raises:
        MarkupError: it is no JSON.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MarkupError from error
    yield from leaves(value)


def leaves(value: Any, name: str = SENTENCES) -> Pairs:
    """The texts and numbers within a value, each under the nearest key."""
    waiting = [(name, value)]
    while waiting:
        key, element = waiting.pop()
        if isinstance(element, dict):
            by_key = len(element) > MOST_KEYS
            yield from ((f"{key} key", inner) for inner in element if by_key)
            waiting += [
                (key if by_key else inner, child) for inner, child in element.items()
            ]
        elif isinstance(element, list):
            waiting += [(key, child) for child in reversed(element)]
        elif element is not None and not isinstance(element, bool):
            yield key, str(element)


def line_pairs(text: str) -> Pairs:
    """The lines of a text, without marks of markup."""
    return ((SENTENCES, TAG.sub(" ", line)) for line in text.splitlines())
