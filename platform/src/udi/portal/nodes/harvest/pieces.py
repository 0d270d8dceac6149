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
from udi.portal.nodes.harvest.finish import LARGEST_RECORD
from udi.portal.nodes.harvest.opening import RefusedDocumentError, refuse
from udi.portal.nodes.harvest.rdf import MOST_NAMED, read_graph
from udi.portal.nodes.harvest.recognise import TURTLE, read
from udi.portal.nodes.harvest.record import Page
from udi.portal.nodes.harvest.triples import Triples

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
    return bool(_is_list(text) or (not text.lstrip().startswith(("{", "[", "<?")) and TURTLE.match(text)))


def _is_list(text: str) -> bool:
    """JSON-LD that says its own context is read whole: what is said of one thing may stand anywhere."""
    if not text.lstrip().startswith("{") or re.search(r'"@context"\s*:\s*[{[]|"@graph"', text):
        return False
    return any(re.search(rf'"{name}"\s*:\s*\[', text) for name in LISTS)


def read_pieces(path: Path, *, base_url: str, language: str = "fr") -> Iterator[Page]:
    """The pages of a document on disk, in its order; what cannot be read ends them with a page that says why."""
    with path.open("rb") as file:
        beginning = file.read(CHUNK).decode("utf-8-sig", "ignore")
    try:
        if _is_list(beginning):
            yield from _of_list(path, base_url, language)
        else:
            yield from _of_triples(path, base_url, language)
    except RefusedDocumentError as error:
        yield Page(format="", faults=(error.fault,))


def _some(things: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """Some at a time."""
    waiting = iter(things)
    while some := tuple(islice(waiting, AT_ONCE)):
        yield some


class _Text:
    """The text of a file, of which only a little is held."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8-sig", errors="replace")
        self._text, self._at = "", 0
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def sign(self) -> str:
        """The next sign that is no space, which stays; empty at the end."""
        while True:
            found = SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, sign: str) -> None:
        """Past a sign that is to be there."""
        if self.sign() != sign:
            raise self._wrong(f"{sign} expected")
        self._at += 1

    def value(self) -> Any:
        """Past the next value."""
        self.sign()
        while True:
            try:
                found, end = DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise refuse(kinds.UNSAFE_DEPTH, limit=100) from error
            except json.JSONDecodeError as error:
                if len(self._text) - self._at > 4 * LARGEST_RECORD or not self._more():
                    raise self._wrong(error.msg[:1].lower() + error.msg[1:]) from error
                continue
            if end == len(self._text) and self._more():
                continue  # a number may go on
            self._at = end
            return found

    def _more(self) -> bool:
        read = "" if self._ended else self._file.read(CHUNK)
        self._ended = not read
        self._text, self._at = self._text[self._at :] + read, 0
        return bool(read)

    def _wrong(self, cause: str) -> RefusedDocumentError:
        around = self._text[max(0, self._at - 40) : self._at + 40]
        return refuse(kinds.UNREADABLE, line=0, column=0, cause=cause, value=around)


def _of_list(path: Path, base_url: str, language: str) -> Iterator[Page]:
    with _Text(path) as text:
        head: dict[str, Any] = {}
        found = False
        text.take("{")
        while text.sign() == '"':
            name = text.value()
            text.take(":")
            if name in LISTS and text.sign() == "[":
                for some in _some(_items(text)):
                    found = True
                    yield _page({**head, name: some}, base_url, language)
            else:
                head[name] = text.value()
            if text.sign() != ",":
                break
            text.take(",")
        text.take("}")
        if not found:
            yield _page({**head, LISTS[0]: []}, base_url, language)


def _page(document: dict[str, Any], base_url: str, language: str) -> Page:
    return read(json.dumps(document).encode(), base_url=base_url, language=language)


def _items(text: _Text) -> Iterator[Any]:
    text.take("[")
    while text.sign() not in {"]", ""}:
        yield text.value()
        if text.sign() != ",":
            break
        text.take(",")
    text.take("]")


def _of_triples(path: Path, base_url: str, language: str) -> Iterator[Page]:
    with tempfile.TemporaryDirectory(prefix="udi-triples-") as folder, closing(Triples(Path(folder))) as triples:
        triples.fill(path, base_url)
        first = True
        for nodes in _some(triples.described()):
            page = read_graph(triples.graph(nodes, base_url, above=first), "rdf-turtle", language)
            yield _with_missing(page, triples) if first else page
            first = False
        if first:
            yield _with_missing(read_graph(triples.graph((), base_url, above=True), "rdf-turtle", language), triples)


def _with_missing(page: Page, triples: Triples) -> Page:
    """Say which datasets are listed, and described nowhere."""
    count, named = triples.missing(MOST_NAMED)
    if not count:
        return page
    fault = kinds.DANGLING.at("dcat:dataset", count=count, value=", ".join(named))
    return replace(page, faults=(*page.faults, fault))
