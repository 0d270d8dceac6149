"""Large documents a piece at a time, so that one that holds a hundred thousand records takes the memory of a few hundred.

A piece of JSON is the same document with some of its records; of Turtle, TriG or N-Triples, what is said of some of its
datasets, whatever the order in which the document says it: the triples wait on disk meanwhile.
"""

import codecs
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypeVar

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.addresses import is_web
from udi.portal.nodes.harvest.format_detection import TURTLE, read
from udi.portal.nodes.harvest.outcomes import LARGEST_RECORD
from udi.portal.nodes.harvest.rdf import MOST_LINKS, MOST_NAMED, read_graph
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.harvest.triples import TripleStore
from udi.portal.nodes.harvest.untrusted_documents import (
    RefusedDocumentError,
    document_error,
)

T = TypeVar("T")
AT_ONCE = 200
CHUNK = 1024**2
LISTS = ("dataset",)
"""Names of lists of JSON whose records stand alone."""
SPACE = re.compile(r"[\s\ufeff]*")
DECODER = json.JSONDecoder()


def is_divisible(beginning: bytes) -> bool:
    """Whether a document that begins so can be read in pieces."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(beginning)
    except ValueError:
        return False
    return bool(
        _is_list(text)
        or (not text.lstrip().startswith(("{", "[", "<?")) and TURTLE.match(text))
    )


def _is_list(text: str) -> bool:
    """JSON-LD that says its own context is read whole: what is said of one thing may stand anywhere."""
    if not text.lstrip().startswith("{") or re.search(
        r'"@context"\s*:\s*[{[]|"@graph"', text
    ):
        return False
    return any(re.search(rf'"{name}"\s*:\s*\[', text) for name in LISTS)


def read_pieces(
    path: Path, *, base_url: str, language: str = "fr"
) -> Iterator[HarvestedPage]:
    """The pages of a document on disk, in its order; what cannot be read ends them with a page that says why."""
    with path.open("rb") as file:
        beginning = file.read(CHUNK).decode("utf-8-sig", "ignore")
    try:
        if _is_list(beginning):
            yield from _read_list(path, base_url, language)
        else:
            yield from _read_triples(path, base_url, language)
    except RefusedDocumentError as error:
        yield HarvestedPage(format="", faults=(error.fault,))


def _batches(things: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """Some at a time."""
    waiting = iter(things)
    while some := tuple(islice(waiting, AT_ONCE)):
        yield some


class _TextBuffer:
    """The text of a file, of which only a little is held."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8-sig", errors="replace")
        self._text = ""
        self._at = 0
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def peek(self) -> str:
        """The next sign that is no space, which stays; empty at the end."""
        while True:
            match = SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def expect(self, sign: str) -> None:
        """Past a sign that is to be there."""
        if self.peek() != sign:
            raise self._syntax_error(f"{sign} expected")
        self._at += 1

    def value(self) -> Any:
        """Past the next value."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise document_error(kinds.UNSAFE_DEPTH, limit=100) from error
            except json.JSONDecodeError as error:
                if len(self._text) - self._at > 4 * LARGEST_RECORD or not self._more():
                    raise self._syntax_error(
                        error.msg[:1].lower() + error.msg[1:]
                    ) from error
                continue
            if end == len(self._text) and self._more():
                continue  # a number may go on
            self._at = end
            return value

    def _more(self) -> bool:
        read = "" if self._ended else self._file.read(CHUNK)
        self._ended = not read
        self._text = self._text[self._at :] + read
        self._at = 0
        return bool(read)

    def _syntax_error(self, cause: str) -> RefusedDocumentError:
        around = self._text[max(0, self._at - 40) : self._at + 40]
        return document_error(
            kinds.UNREADABLE, line=0, column=0, cause=cause, value=around
        )


def _read_list(path: Path, base_url: str, language: str) -> Iterator[HarvestedPage]:
    with _TextBuffer(path) as text:
        head: dict[str, Any] = {}
        has_list = False
        text.expect("{")
        while text.peek() == '"':
            name = text.value()
            text.expect(":")
            if name in LISTS and text.peek() == "[":
                for some in _batches(_items(text)):
                    has_list = True
                    yield _page({**head, name: some}, base_url, language)
            else:
                head[name] = text.value()
            if text.peek() != ",":
                break
            text.expect(",")
        text.expect("}")
        if not has_list:
            yield _page({**head, LISTS[0]: []}, base_url, language)


def _page(document: dict[str, Any], base_url: str, language: str) -> HarvestedPage:
    return read(json.dumps(document).encode(), base_url=base_url, language=language)


def _items(text: _TextBuffer) -> Iterator[Any]:
    text.expect("[")
    while text.peek() not in {"]", ""}:
        yield text.value()
        if text.peek() != ",":
            break
        text.expect(",")
    text.expect("]")


def _read_triples(path: Path, base_url: str, language: str) -> Iterator[HarvestedPage]:
    with (
        tempfile.TemporaryDirectory(prefix="udi-triples-") as folder,
        closing(TripleStore(Path(folder))) as triples,
    ):
        triples.fill(path, base_url)
        first = True
        for nodes in _batches(triples.list_described()):
            page = read_graph(
                triples.graph(nodes, base_url, above=first), "rdf-turtle", language
            )
            yield _add_missing_fault(page, triples) if first else page
            first = False
        if first:
            graph = triples.graph((), base_url, above=True)
            page = read_graph(graph, "rdf-turtle", language)
            yield _add_missing_fault(_lead_to_listed(page, triples), triples)


def _lead_to_listed(page: HarvestedPage, triples: TripleStore) -> HarvestedPage:
    """Of a document that describes no dataset: those that it lists are to be read one by one."""
    if page.next:
        return page
    _, addresses = triples.find_missing(MOST_LINKS)
    return replace(page, links=tuple(filter(is_web, addresses)))


def _add_missing_fault(page: HarvestedPage, triples: TripleStore) -> HarvestedPage:
    """Say which datasets are listed, and described nowhere, unless they are to be read one by one."""
    if page.links:
        return page
    count, named = triples.find_missing(MOST_NAMED)
    if not count:
        return page
    fault = kinds.DANGLING.at("dcat:dataset", count=count, value=", ".join(named))
    return replace(page, faults=(*page.faults, fault))
