"""RDF as a parser reads it, in a graph of its own: nothing of how we harvest is used here, for it is what is measured."""

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pyoxigraph as ox

Term = ox.NamedNode | ox.BlankNode | ox.Literal
BASE = "https://source.example/catalogue"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NAMESPACES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "locn": "http://www.w3.org/ns/locn#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": RDF,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "time": "http://www.w3.org/2006/time#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
}
LINE_TAGS = re.compile(
    r"</?(?:br|hr|p|div|li|ul|ol|dl|dt|dd|tr|td|th|table|h[1-6])\b[^<>]*>",
    re.IGNORECASE,
)
TAGS = re.compile(r"</?[a-zA-Z][^<>]*>")
SYNTAXES = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".json": ox.RdfFormat.JSON_LD,
    ".nt": ox.RdfFormat.N_TRIPLES,
}


class UnreadableError(Exception):
    """No RDF, or none that the parser reads: the file is no part of the measure."""


class SourceGraph:
    """What a document says of each of its nodes."""

    def __init__(self) -> None:
        self._values: dict[Term, dict[str, list[Term]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def add(self, document: bytes, syntax: ox.RdfFormat) -> None:
        """Read a document into the graph; signs that no address may hold are let pass.

        Raises:
            UnreadableError: the parser does not read it.
        """
        try:
            for triple in ox.parse(
                document, format=syntax, base_iri=BASE, lenient=True
            ):
                if isinstance(triple.object, ox.Triple) or isinstance(
                    triple.subject, ox.Triple
                ):
                    continue
                values = self._values[triple.subject][triple.predicate.value]
                if triple.object not in values:
                    values.append(triple.object)
        except (SyntaxError, ValueError) as error:
            raise UnreadableError(str(error)) from error

    def values(self, node: Term, *names: str) -> list[Term]:
        """What is said of a node under prefixed names."""
        properties = self._values.get(node, {})
        return [
            value
            for name in names
            for value in properties.get(_expand(name), ())
            if not (isinstance(value, ox.NamedNode) and value.value == BASE)
        ]

    def nodes_of(self, *classes: str) -> Iterator[Term]:
        """The nodes of some classes, in the document's order."""
        types = {_expand(name) for name in classes}
        for node, properties in self._values.items():
            values = properties.get(f"{RDF}type", ())
            if any(
                isinstance(kind, ox.NamedNode) and kind.value in types
                for kind in values
            ):
                yield node


def read_source(name: str, document: bytes) -> SourceGraph:
    """The graph of a file; of an answer of a CSW, that of each RDF document within.

    Raises:
        UnreadableError: it holds no RDF, or none that the parser reads.
    """
    syntax = SYNTAXES.get(name[name.rfind(".") :])
    if syntax is None:
        raise UnreadableError(name)
    graph = SourceGraph()
    if syntax == ox.RdfFormat.JSON_LD:
        _require_context(document)
    if syntax == ox.RdfFormat.RDF_XML:
        for part in _rdf_documents(document):
            graph.add(part, syntax)
    else:
        graph.add(document, syntax)
    return graph


def _expand(name: str) -> str:
    prefix, _, local = name.partition(":")
    return NAMESPACES[prefix] + local


def _require_context(document: bytes) -> None:
    """JSON that is JSON-LD, whose context is in it: another would have to be fetched."""
    try:
        value = json.loads(document.decode("utf-8-sig"))
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(value, dict) or isinstance(value.get("@context"), str):
        raise UnreadableError("no context")
    if "@context" not in value and "@graph" not in value:
        raise UnreadableError("no JSON-LD")


def _rdf_documents(document: bytes) -> list[bytes]:
    """The document itself, or each `rdf:RDF` of an answer that has several."""
    if b"<!DOCTYPE" in document[:2000]:
        raise UnreadableError("entities")
    try:
        root = ET.fromstring(document)  # noqa: S314 - files of the corpus, without a DOCTYPE
    except ET.ParseError as error:
        raise UnreadableError(str(error)) from error
    name = f"{{{RDF}}}RDF"
    if root.tag == name:
        return [document]
    inner = [ET.tostring(element) for element in root.iter(name)]
    if not inner:
        raise UnreadableError("no RDF")
    return inner


def words_of(value: Term) -> str:
    """The words of a literal without markup and repeated blanks; empty for a node."""
    if not isinstance(value, ox.Literal):
        return ""
    plain = _without_tags(html.unescape(_without_tags(value.value)))
    return " ".join(html.unescape(plain).replace("\ufeff", "").split())


def _without_tags(text: str) -> str:
    return TAGS.sub("", LINE_TAGS.sub(" ", text))


def address_of(value: Term) -> str:
    """The address of a named node, or of a literal that is one; signs written as %XX are read."""
    if isinstance(value, ox.BlankNode):
        return ""
    text = value.value.strip()
    if isinstance(value, ox.Literal) and not re.match(r"[a-z]+:\S+$", text):
        return ""
    return unquote(text)
