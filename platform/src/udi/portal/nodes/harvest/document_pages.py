"""What a child does with the documents of a source (`document_reader` starts it): one at a time, a part after the other.

A part is a `Page` with some of the records of the document, so that no answer of the child is long.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from udi.portal.nodes.harvest import discovery
from udi.portal.nodes.harvest.format_detection import read
from udi.portal.nodes.harvest.large_documents import read_pieces
from udi.portal.nodes.harvest.record import (
    HarvestedPage,
    HarvestedRecord,
    RefusedRecord,
)
from udi.portal.nodes.harvest.vocabulary import territory_vocabulary

MOST_THINGS = 200
MOST_BYTES = 4 * 1024**2
"""Bytes of original records in one part, beyond which another begins."""
Words = Mapping[str, Mapping[str, str]]


class OpenDocument:
    """The document in hand, and a territory's own words while it is read."""

    def __init__(self) -> None:
        self._words = ExitStack()
        self._parts: Iterator[HarvestedPage] = iter(())

    def open(
        self, source: bytes | Path, url: str, language: str, words: Words
    ) -> HarvestedPage:
        """Begin a document; the first of its parts, of which there is at least one."""
        self._words.close()
        self._words.enter_context(territory_vocabulary(words))
        self._parts = _parts_of(source, url, language)
        return next(self._parts)

    def next_part(self) -> HarvestedPage | None:
        """The following part; None after the last."""
        return next(self._parts, None)


_document = OpenDocument()


def open_document(
    source: bytes | Path, url: str, language: str, words: Words
) -> HarvestedPage:
    """The first part of a document, given whole or by its file; `words` are a territory's own, code by wording, by table."""
    return _document.open(source, url, language, words)


def next_part() -> HarvestedPage | None:
    """The following part of the document that was opened last; None after the last."""
    return _document.next_part()


def find_candidates(
    address: str, page: HarvestedPage, body: bytes, most: int
) -> list[str]:
    """Where else the site of an address may have its catalogue (`discover.candidates`)."""
    return list(discovery.candidates(address, page, body, most=most))


def _parts_of(source: bytes | Path, url: str, language: str) -> Iterator[HarvestedPage]:
    if isinstance(source, bytes):
        yield from divide(read(source, base_url=url, language=language))
    else:
        for page in read_pieces(source, base_url=url, language=language):
            yield from divide(page)


def divide(page: HarvestedPage) -> Iterator[HarvestedPage]:
    """The parts of a page: the first says all that the document says itself, the others hold records only.

    Records come first, then datasets that are refused, then what is no dataset.
    """
    counting = [refusal for refusal in page.refused if refusal.is_dataset]
    others = [refusal for refusal in page.refused if not refusal.is_dataset]
    things: list[HarvestedRecord | RefusedRecord] = [*page.records, *counting, *others]
    part = replace(page, records=(), refused=())
    for some in _split_batches(things):
        records = tuple(
            outcome for outcome in some if isinstance(outcome, HarvestedRecord)
        )
        refused = tuple(
            outcome for outcome in some if isinstance(outcome, RefusedRecord)
        )
        yield replace(part, records=records, refused=refused)
        part = HarvestedPage(format=page.format)
    if not things:
        yield part


def _split_batches(
    things: list[HarvestedRecord | RefusedRecord],
) -> Iterator[list[HarvestedRecord | RefusedRecord]]:
    """Some at a time, as many as one part holds."""
    some: list[HarvestedRecord | RefusedRecord] = []
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
