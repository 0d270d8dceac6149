"""What a child does with the documents of a source (`document_reader` starts it): one at a time, a part after the other.

A part is a `Page` with some of the records of the document, so that no answer of the child is long.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from udi.portal.nodes.harvest import discover
from udi.portal.nodes.harvest.pieces import read_pieces
from udi.portal.nodes.harvest.recognise import read
from udi.portal.nodes.harvest.record import Page, Record, Refused
from udi.portal.nodes.harvest.vocabulary import own_words

MOST_THINGS = 200
MOST_BYTES = 4 * 1024**2
"""Bytes of original records in one part, beyond which another begins."""
Words = Mapping[str, Mapping[str, str]]


class OpenDocument:
    """The document in hand, and a territory's own words while it is read."""

    def __init__(self) -> None:
        self._words = ExitStack()
        self._parts: Iterator[Page] = iter(())

    def open(self, source: bytes | Path, url: str, language: str, words: Words) -> Page:
        """Begin a document; the first of its parts, of which there is at least one."""
        self._words.close()
        self._words.enter_context(own_words(words))
        self._parts = _parts_of(source, url, language)
        return next(self._parts)

    def next_part(self) -> Page | None:
        """The following part; None after the last."""
        return next(self._parts, None)


_document = OpenDocument()


def open_document(source: bytes | Path, url: str, language: str, words: Words) -> Page:
    """The first part of a document, given whole or by its file; `words` are a territory's own, code by wording, by table."""
    return _document.open(source, url, language, words)


def next_part() -> Page | None:
    """The following part of the document that was opened last; None after the last."""
    return _document.next_part()


def find_candidates(address: str, page: Page, body: bytes, most: int) -> list[str]:
    """Where else the site of an address may have its catalogue (`discover.candidates`)."""
    return list(discover.candidates(address, page, body, most=most))


def _parts_of(source: bytes | Path, url: str, language: str) -> Iterator[Page]:
    if isinstance(source, bytes):
        yield from divide(read(source, base_url=url, language=language))
    else:
        for page in read_pieces(source, base_url=url, language=language):
            yield from divide(page)


def divide(page: Page) -> Iterator[Page]:
    """The parts of a page: the first says all that the document says itself, the others hold records only.

    Records come first, then datasets that are refused, then what is no dataset.
    """
    counting = [each for each in page.refused if each.counts]
    others = [each for each in page.refused if not each.counts]
    things: list[Record | Refused] = [*page.records, *counting, *others]
    part = replace(page, records=(), refused=())
    for some in _some(things):
        records = tuple(each for each in some if isinstance(each, Record))
        refused = tuple(each for each in some if isinstance(each, Refused))
        yield replace(part, records=records, refused=refused)
        part = Page(format=page.format)
    if not things:
        yield part


def _some(things: list[Record | Refused]) -> Iterator[list[Record | Refused]]:
    """Some at a time, as many as one part holds."""
    some: list[Record | Refused] = []
    size = 0
    for thing in things:
        original = thing.source_record
        some.append(thing)
        size += len(original.body) if original else 0
        if len(some) >= MOST_THINGS or size >= MOST_BYTES:
            yield some
            some = []
            size = 0
    if some:
        yield some
