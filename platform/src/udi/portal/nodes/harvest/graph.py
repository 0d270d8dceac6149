"""RDF of others as subjects with what is said of them, whatever the syntax; nothing is fetched."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element, tostring

import pyoxigraph as ox

from udi.portal.nodes.harvest import addresses, kinds
from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.untrusted_documents import (
    decode,
    document_error,
    sanitise_value,
)
from udi.protocol.triples import PREFIXES

Node = ox.NamedNode | ox.BlankNode
Value = ox.NamedNode | ox.BlankNode | ox.Literal
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
EMPTY = "urn:udi:empty"
WORD = "urn:udi:word:"
"""What stands for an address that the source left empty, or that is a word: a reference resolved would hide both."""
NAMES = {
    **{uri: prefix for prefix, uri in PREFIXES.items()},
    "http://purl.org/dc/terms/#": "dct",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/2006/time#": "time",
    "http://www.w3.org/2002/07/owl#": "owl",
    "http://www.w3.org/ns/prov#": "prov",
    "http://dati.gov.it/onto/dcatapit#": "dcatapit",
    "http://data.europa.eu/930/": "geodcat",
    "http://www.w3.org/ns/dqv#": "dqv",
}
SCHEMA = re.compile(r"https?://schema\.org/?(.*)")
SPLIT = re.compile(r"(.*[#/])([^#/]*)")
MISNAMED = {
    "dct:mediaType": "dcat:mediaType",
    "dct:frequency": "dct:accrualPeriodicity",
    "dct:abstract": "dct:description",
    "dct:issue": "dct:issued",
    "dct:updated": "dct:modified",
    "dcat:landingpage": "dcat:landingPage",
    "dcat:landindPage": "dcat:landingPage",
    "dct:landingPage": "dcat:landingPage",
    "dct:landingpage": "dcat:landingPage",
}
BOUNDARY_PROPERTIES = {
    "dcat:dataset",
    "dcat:servesDataset",
    "dct:hasPart",
    "dct:isPartOf",
    "dcat:inSeries",
    "dct:relation",
    "dct:source",
    "dct:isVersionOf",
    "dct:hasVersion",
    "dct:isReferencedBy",
    "dct:references",
    "dct:requires",
    "dct:replaces",
    "rdf:type",
    "dct:isReplacedBy",
    "foaf:primaryTopic",
    "dcat:record",
    "dcat:seriesMember",
    "dcat:prev",
    "dcat:next",
    "dcat:last",
    "dcat:first",
    "dcat:catalog",
    "dcat:hasVersion",
    "dcat:previousVersion",
    "dcat:hasCurrentVersion",
}
DEEP = 6
MOST_NODES = 5000


def shorten_iri(iri: str) -> str:
    """The prefixed name of a term: `dct:title`; the IRI itself in a vocabulary without prefix."""
    if match := SCHEMA.fullmatch(iri):
        return f"schema:{match[1].lstrip('/#')}"
    if parts := SPLIT.fullmatch(iri):
        if parts[1] in NAMES:
            return f"{NAMES[parts[1]]}:{parts[2]}"
        return iri
    return iri


class Graph:
    """Subjects of a document in their order; predicates by their prefixed names, usual mistakes mended."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.properties: dict[Node, dict[str, list[Value]]] = {}
        self.misnamed: dict[Node, dict[str, str]] = defaultdict(dict)
        self.mended: set[str] = set()
        self.faults: list[HarvestFault] = []
        self._misnamed_values: list[tuple[Node, str, Value]] = []

    def add(self, subject: Node, predicate: str, value: Value) -> None:
        """Add what is said of a subject; under a name that no vocabulary has, it waits for `add_misnamed_values`."""
        name = shorten_iri(predicate)
        if right := MISNAMED.get(name):
            self.properties.setdefault(subject, {})
            self.misnamed[subject][name] = right
            self._misnamed_values.append((subject, right, value))
        else:
            self._add_value(subject, name, value)

    def add_misnamed_values(self) -> None:
        """Add what stands under wrong names, behind what the document says under the right ones."""
        for subject, name, value in self._misnamed_values:
            self._add_value(subject, name, value)
        self._misnamed_values.clear()

    def _add_value(self, subject: Node, name: str, value: Value) -> None:
        values = self.properties.setdefault(subject, {}).setdefault(name, [])
        if value not in values[-50:]:
            values.append(value)

    def values(self, node: Value, *names: str) -> list[Value]:
        """What is said of a node under these names, in this order."""
        if not isinstance(node, ox.Literal):
            properties = self.properties.get(node, {})
        else:
            properties = {}
        return [
            value
            for name in names
            for value in properties.get(name, ())
            if not is_empty(value)
        ]

    def texts(self, node: Value, *names: str) -> list[tuple[str, str]]:
        """(words, language) of the literals under these names."""
        literals = [
            value
            for value in self.values(node, *names)
            if isinstance(value, ox.Literal)
        ]
        return [(value.value, value.language or "") for value in literals]

    def text(self, node: Value, *names: str) -> str:
        """The first of them, an address included."""
        return next((source_value(value) for value in self.values(node, *names)), "")

    def of_type(self, *types: str) -> Iterator[Node]:
        """Subjects of one of these types, in the document's order."""
        for node, properties in self.properties.items():
            if any(
                isinstance(rdf_type, ox.NamedNode)
                and shorten_iri(rdf_type.value) in types
                for rdf_type in properties.get("rdf:type", ())
            ):
                yield node

    def types(self, node: Value) -> set[str]:
        return {
            shorten_iri(rdf_type.value)
            for rdf_type in self.values(node, "rdf:type")
            if isinstance(rdf_type, ox.NamedNode)
        }

    def empty_properties(self, node: Node) -> list[str]:
        """The names under which a node says nothing."""
        return [
            name
            for name, values in self.properties.get(node, {}).items()
            if any(is_empty(value) for value in values)
        ]

    def serialise_node(self, root: Node) -> bytes:
        """What the document says of one node, as sorted N-Triples; blank nodes are named after what is said of them."""
        lines: set[bytes] = set()
        waiting = [(root, 0)]
        visited_nodes = {root}
        while waiting and len(visited_nodes) < MOST_NODES:
            node, level = waiting.pop()
            for name, values in self.properties.get(node, {}).items():
                for value in values:
                    lines.add(self._line(node, name, value))
                    if (
                        isinstance(value, ox.Literal)
                        or name in BOUNDARY_PROPERTIES
                        or level >= DEEP
                    ):
                        continue
                    if (
                        value in self.properties
                        and value not in visited_nodes
                        and not self._is_main(value)
                    ):
                        visited_nodes.add(value)
                        waiting.append((value, level + 1))
        return b"".join(sorted(lines))

    def _is_main(self, node: Value) -> bool:
        return bool(
            self.types(node) & {"dcat:Dataset", "dcat:DatasetSeries", "dcat:Catalog"}
        )

    def _line(self, node: Node, name: str, value: Value) -> bytes:
        predicate = f"<{expand_name(name)}>"
        return f"{self._named(node)} {predicate} {self._named(value)} .\n".encode()

    def _named(self, value: Value, level: int = 0) -> str:
        if not isinstance(value, ox.BlankNode):
            return str(value)
        if level > DEEP:
            return "_:deep"
        properties = self.properties.get(value, {})
        inside = sorted(
            f"{name} {self._named(object_value, level + 1)}"
            for name, values in properties.items()
            for object_value in values
        )
        return f"_:b{hashlib.sha256(chr(10).join(inside).encode()).hexdigest()[:16]}"


def expand_name(name: str) -> str:
    """The term of a prefixed name, as `short` gives them."""
    prefix, separator, local = name.partition(":")
    if prefix == "schema":
        return f"http://schema.org/{local}"
    uri = next(
        (
            uri
            for uri, short_ in NAMES.items()
            if short_ == prefix and not uri.endswith("/#")
        ),
        "",
    )
    if separator and uri:
        return f"{uri}{local}"
    return name


def source_value(value: Value) -> str:
    """A value as the source wrote it: a word that stands where an address is expected is a word again."""
    if isinstance(value, ox.NamedNode):
        if value.value.startswith(WORD):
            return unquote(value.value[len(WORD) :])
        return value.value
    if isinstance(value, ox.Literal):
        return value.value
    return ""


def is_empty(value: Value) -> bool:
    return (isinstance(value, ox.NamedNode) and value.value == EMPTY) or (
        isinstance(value, ox.Literal) and not value.value.strip()
    )


def is_word(value: Value) -> bool:
    return isinstance(value, ox.NamedNode) and value.value.startswith(WORD)


def read_text(
    body: bytes, base_url: str, form: ox.RdfFormat = ox.RdfFormat.TRIG
) -> Graph:
    """The graph of Turtle, TriG, N-Triples (one reading for all three) or another form.

    Raises:
        RefusedDocumentError: it cannot be parsed.
    """
    text, faults = decode(body)
    graph = Graph(base_url)
    graph.faults = faults
    _fill(
        graph,
        text.encode("utf-8", "replace"),
        form,
        placed=form is not ox.RdfFormat.JSON_LD,
    )
    return graph


def read_element(root: Element, base_url: str) -> Graph:
    """The graph of an `rdf:RDF` element: spaces in addresses and stray texts mended, words told from addresses.

    Raises:
        RefusedDocumentError: it is not RDF/XML.
    """
    graph = Graph(base_url)
    for element in root.iter():
        _repair_element(graph, element)
    _fill(graph, tostring(root, encoding="utf-8"), ox.RdfFormat.RDF_XML, placed=False)
    return graph


def _repair_element(graph: Graph, element: Element) -> None:
    for name in (f"{{{RDF}}}about", f"{{{RDF}}}resource"):
        value = element.get(name)
        if value is None:
            continue
        if name.endswith("resource"):
            element.text = None
            if not value.strip():
                element.set(name, EMPTY)
                continue
            if (
                not re.match(r"[a-zA-Z][\w+.-]*:|[/#.?]", value.strip())
                and "/" not in value
            ):
                element.set(name, WORD + quote(value.strip()))
                continue
        mended = addresses.repair_address(value.strip())
        if mended != value:
            graph.mended.add(mended)
            element.set(name, mended)


def _fill(graph: Graph, data: bytes, form: ox.RdfFormat, *, placed: bool) -> None:
    if addresses.is_web(graph.base_url):
        base = graph.base_url
    else:
        base = "http://source.invalid/"
    try:
        for quad in ox.parse(data, form, base_iri=base, lenient=True):
            add_quad(graph, quad)
        graph.add_misnamed_values()
    except SyntaxError as error:
        line = error.lineno or 1
        column = error.offset or 1
        cause = str(error.msg)
        if not placed:
            raise document_error(kinds.NOT_RDF, cause=cause) from error
        lines = data.splitlines()[line - 1 : line]
        if lines:
            around = lines[0].decode("utf-8", "replace")[
                max(0, column - 40) : column + 40
            ]
        else:
            around = ""
        raise document_error(
            kinds.UNREADABLE, line=line, column=column, cause=cause, value=around
        ) from error
    except ValueError as error:
        raise document_error(kinds.NOT_RDF, cause=str(error)) from error


def add_quad(graph: Graph, quad: ox.Quad) -> None:
    """Add what a quad says, unless it speaks of another."""
    if not (isinstance(quad.subject, ox.Triple) or isinstance(quad.object, ox.Triple)):
        graph.add(
            _repair_node(graph, quad.subject),
            quad.predicate.value,
            _repair_node(graph, quad.object),
        )


def _repair_node(graph: Graph, node: Any) -> Any:
    if isinstance(node, ox.NamedNode) and addresses.UNSAFE.search(node.value):
        mended = addresses.repair_address(node.value.strip())
        graph.mended.add(mended)
        return ox.NamedNode(mended)
    if (
        isinstance(node, ox.Literal)
        and (sound := sanitise_value(node.value)) != node.value
    ):
        if node.language:
            return ox.Literal(sound, language=node.language)
        return ox.Literal(sound)
    return node
