"""Large documents a piece at a time, so that one that holds a hundred thousand records takes the memory of a few hundred.

A piece of JSON is the same document with some of its records; of Turtle, TriG or N-Triples, what is said of some of its
datasets, whatever the order in which the document says it: the triples wait on disk meanwhile.
"""

import codecs
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypeVar

import pyoxigraph as ox

from udi.portal.nodes.harvest import addresses, kinds
from udi.portal.nodes.harvest.finish import LARGEST_RECORD
from udi.portal.nodes.harvest.graph import DEEP, ELSEWHERE, Graph, Node, Value, long_name, put, short
from udi.portal.nodes.harvest.opening import RefusedDocumentError, refuse
from udi.portal.nodes.harvest.rdf import CATALOGUE, DATASETS, MEMBERS, MOST_NAMED, SERVICES, read_graph
from udi.portal.nodes.harvest.recognise import TURTLE, read
from udi.portal.nodes.harvest.record import Page

T = TypeVar("T")
AT_ONCE = 200
CHUNK = 1024**2
LISTS = ("dataset",)
"""Names of lists of JSON whose records stand alone."""
SPACE = re.compile(r"[\s\ufeff]*")
DECODER = json.JSONDecoder()
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
FROM_ABOVE = ("hydra:next", "hydra:nextPage", "hydra:totalItems")
POINTING = ("dcat:dataset", "dcat:accessService", *MEMBERS)


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
    with tempfile.TemporaryDirectory(prefix="udi-triples-") as folder:
        store = ox.Store(folder)
        base = base_url if addresses.is_web(base_url) else "http://source.invalid/"
        try:
            store.bulk_load(path=path, format=ox.RdfFormat.TRIG, base_iri=base, lenient=True)
        except SyntaxError as error:
            raise refuse(
                kinds.UNREADABLE, line=error.lineno or 1, column=error.offset or 1, cause=str(error.msg), value=""
            ) from error
        except (ValueError, OSError) as error:
            raise refuse(kinds.NOT_RDF, cause=str(error)) from error
        yield from _Triples(store, base_url).pages(language)


class _Triples:
    """The triples of one document, on disk."""

    def __init__(self, store: ox.Store, base_url: str) -> None:
        self._store, self._base_url = store, base_url

    def pages(self, language: str) -> Iterator[Page]:
        first = True
        for nodes in _some(self._described()):
            graph = self._graph(nodes, above=first)
            page = read_graph(graph, "rdf-turtle", language)
            yield self._with_missing(page) if first else page
            first = False
        if first:
            yield self._with_missing(read_graph(self._graph((), above=True), "rdf-turtle", language))

    def _described(self) -> Iterator[Node]:
        """Datasets, then services, each once."""
        for types in (DATASETS, SERVICES):
            wanted = [ox.NamedNode(long_name(name)) for name in types]
            for place, kind in enumerate(wanted):
                for quad in self._store.quads_for_pattern(None, TYPE, kind, None):
                    node = quad.subject
                    if not isinstance(node, ox.Triple) and not any(
                        self._has(node, TYPE, other) for other in wanted[:place]
                    ):
                        yield node

    def _graph(self, nodes: tuple[Node, ...], *, above: bool) -> Graph:
        graph = Graph(self._base_url)
        for quad in self._store.quads_for_pattern(None, TYPE, ox.NamedNode(long_name(CATALOGUE)), None):
            put(graph, quad)
            if not isinstance(quad.subject, ox.Triple):
                self._put_all(graph, quad.subject, "dct:language")
        if above:
            for name in FROM_ABOVE:
                self._put_all(graph, None, name)
        for node in nodes:
            self._put_whole(graph, node)
            for name in POINTING:
                self._put_all(graph, None, name, node)
        return graph

    def _put_all(self, graph: Graph, subject: Node | None, name: str, value: Value | None = None) -> None:
        for quad in self._store.quads_for_pattern(subject, ox.NamedNode(long_name(name)), value, None):
            put(graph, quad)

    def _put_whole(self, graph: Graph, root: Node) -> None:
        """What is said of a node, and of what it leads to."""
        waiting, seen = [(root, 0)], {root}
        while waiting:
            node, level = waiting.pop()
            for quad in self._store.quads_for_pattern(node, None, None, None):
                put(graph, quad)
                value = quad.object
                if isinstance(value, (ox.Literal, ox.Triple)) or short(quad.predicate.value) in ELSEWHERE:
                    continue
                if level < DEEP and value not in seen:
                    seen.add(value)
                    waiting.append((value, level + 1))

    def _has(self, subject: Node, predicate: ox.NamedNode, value: Value) -> bool:
        return next(self._store.quads_for_pattern(subject, predicate, value, None), None) is not None

    def _with_missing(self, page: Page) -> Page:
        """Say which datasets are listed, and described nowhere."""
        wanted = [ox.NamedNode(long_name(name)) for name in DATASETS]
        missing = {
            str(quad.object.value)
            for quad in self._store.quads_for_pattern(None, ox.NamedNode(long_name("dcat:dataset")), None, None)
            if isinstance(quad.object, ox.NamedNode) and not any(self._has(quad.object, TYPE, each) for each in wanted)
        }
        if not missing:
            return page
        named = ", ".join(sorted(missing)[:MOST_NAMED])
        return replace(page, faults=(*page.faults, kinds.DANGLING.at("dcat:dataset", count=len(missing), value=named)))
