"""Triples: their vocabularies, and how an address, a text and a moment are written."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from udi.protocol.texts import Texts

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "locn": "http://www.w3.org/ns/locn#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
LEGAL = "!#$%&'()*+,-./:;=?@_~"
"""Signs that an IRI keeps as they are; «[» and «]» only stand around an IPv6 address and are kept apart."""
PLAIN = re.compile(r"[\w!#$%&'()*+,\-./:;=?@~]*", re.ASCII)
"""An address that is its own IRI, as nearly all are."""
MOST_TERMS = 500
"""Prefixed names kept as nodes: ours are some hundred, and a record may name an algorithm."""


@lru_cache(MOST_TERMS)
def term(name: str) -> NamedNode:
    """The node of a prefixed name: `dct:title`."""
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


RDF_TYPE = term("rdf:type")


def iri(address: str) -> NamedNode:
    """The node of an address; signs that an IRI may not hold are written as %XX."""
    if PLAIN.fullmatch(address):
        return NamedNode(address)
    encoded_address = quote(address, safe=LEGAL)
    host = re.match(r"(https?://)%5B([0-9A-Fa-f:.]+)%5D", encoded_address)
    return NamedNode(
        f"{host[1]}[{host[2]}]{encoded_address[host.end() :]}"
        if host
        else encoded_address
    )


def write_canonical(triples: Iterable[Triple]) -> bytes:
    """Each triple once, sorted, one a line: N-Triples, which is Turtle too. The canonical form, as no node is blank."""
    lines = serialize(set(triples), format=RdfFormat.N_TRIPLES)
    return b"".join(sorted((lines or b"").splitlines(keepends=True)))


def sort_triples(triples: Iterable[Triple]) -> list[Triple]:
    """Each triple once, in the order of the lines in N-Triples, which the library writes faster than one text for each."""
    listed = list(triples)
    lines = serialize(listed, format=RdfFormat.N_TRIPLES) or b""
    triple_by_line = dict(zip(lines.splitlines(), listed, strict=True))
    return [triple_by_line[line] for line in sorted(triple_by_line)]


def group_triples(triples: Iterable[Triple]) -> list[Triple]:
    """Each triple once, those of a subject together, by property: a subject is written once, in the same order each time."""
    unique = dict.fromkeys(triples)
    subjects: dict[object, int] = {}
    properties: dict[object, int] = {}
    for triple in unique:
        subjects.setdefault(triple.subject, len(subjects))
        properties.setdefault(triple.predicate, len(properties))
    return sorted(
        unique,
        key=lambda triple: (subjects[triple.subject], properties[triple.predicate]),
    )


def write_turtle(triples: Iterable[Triple]) -> bytes:
    """Triples as Turtle for people to read, with the prefixes of this module."""
    return write_triples(triples, RdfFormat.TURTLE)


def write_json_ld(triples: Iterable[Triple]) -> bytes:
    """Triples as JSON-LD."""
    return write_triples(triples, RdfFormat.JSON_LD)


def write_triples(triples: Iterable[Triple], form: RdfFormat) -> bytes:
    """Triples in a form of RDF, in their order, with the prefixes of this module."""
    return serialize(triples, format=form, prefixes=PREFIXES) or b""


def is_a(node: NamedNode, kind: str) -> Triple:
    return Triple(node, RDF_TYPE, term(kind))


def typed_value(
    node: NamedNode, name: str, value: NamedNode, kind: str
) -> tuple[Triple, Triple]:
    """That a node has a value, and of which class the value is."""
    return Triple(node, term(name), value), Triple(value, RDF_TYPE, term(kind))


def localised_literals(node: NamedNode, name: str, texts: Texts) -> Iterator[Triple]:
    """A text in each of its languages."""
    for language, words in texts.items():
        yield Triple(node, term(name), Literal(words, language=language))


def moment_of(node: NamedNode, name: str, moment: datetime) -> Triple:
    """A moment in UTC, whatever it was given in: the same moment is the same triple everywhere."""
    timestamp = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return Triple(node, term(name), Literal(timestamp, datatype=term("xsd:dateTime")))
