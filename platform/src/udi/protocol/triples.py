"""Triples: their vocabularies, and how an address, a text and a moment are written.

A node is its text in N-Triples from the beginning: a page of a catalogue has some four thousand triples, and objects of a
library for each of them take three times as long to make, to compare and to sort.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

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
Triple = tuple[str, str, str]
"""Subject, property and value, each as N-Triples writes it: `<https://…>`, `"text"@fr`."""
LEGAL = "!#$%&'()*+,-./:;=?@_~"
"""Signs that an IRI keeps as they are; «[» and «]» only stand around an IPv6 address and are kept apart."""
PLAIN = re.compile(
    r"https?://[a-zA-Z0-9.\-]+(?::[0-9]+)?(?:/[\w!$&'()*+,\-./:;=@~]*)?(?:\?[\w!$&'()*+,\-./:;=@~?]*)?(?:#[\w!$&'()*+,\-./:;=@~?]*)?",
    re.ASCII,
)
"""An address that is its own IRI, as nearly all are: what it does not fit is read by the library, which refuses what is none."""
STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
ESCAPED = re.compile(r'[\x00-\x1f"\\\x7f\ufffe\uffff]')
ESCAPES = {
    "\b": r"\b",
    "\t": r"\t",
    "\n": r"\n",
    "\f": r"\f",
    "\r": r"\r",
    '"': r"\"",
    "\\": r"\\",
}
"""Signs that have an escape of their own in N-Triples and Turtle; the others are written by their number."""
LANGUAGE_TAG = re.compile(r"[a-z]{2,8}(?:-[a-z0-9]{1,8})*")
MOST_TERMS = 500
"""Nodes kept: ours are some hundred, and each dataset of a page uses the same concepts, licences and formats."""


@lru_cache(MOST_TERMS)
def term(name: str) -> str:
    """The node of a prefixed name: `dct:title`."""
    prefix, _, local = name.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


RDF_TYPE = term("rdf:type")
DATE_TIME = term("xsd:dateTime")


@lru_cache(MOST_TERMS)
def iri(address: str) -> str:
    """The node of an address.

    Raises:
        ValueError: it is no address.
    """
    return f"<{encode_address(address)}>"


def part_of(node: str, name: str) -> str:
    """The node of a part of something of ours: its address, «#» and a name, which hold no sign to be checked."""
    return f"{node[:-1]}#{name}>"


def escape_stray_signs(address: str) -> str:
    """An address where «%» only begins a %XX and «#» only stands once: the others are written as %XX."""
    whole, mark, fragment = STRAY_PERCENT.sub("%25", address).partition("#")
    return f"{whole}{mark}{fragment.replace('#', '%23')}"


def find_iri(address: str) -> str:
    """The node of an address that somebody wrote, empty where it can be none."""
    if not address:
        return ""
    try:
        return iri(address)
    except ValueError:
        return ""


def encode_address(address: str) -> str:
    """An address as an IRI; signs that one may not hold, or not there, are written as %XX.

    Raises:
        ValueError: it is no address.
    """
    if PLAIN.fullmatch(address):
        return address
    encoded_address = quote(escape_stray_signs(address), safe=LEGAL)
    host = re.match(r"(https?://)%5B([0-9A-Fa-f:.]+)%5D", encoded_address)
    if host:
        encoded_address = f"{host[1]}[{host[2]}]{encoded_address[host.end() :]}"
    return NamedNode(encoded_address).value


def literal(text: str) -> str:
    """The node of a text without a language."""
    return f'"{_escape(text)}"'


def localised_literal(text: str, language: str) -> str:
    """The node of a text in a language.

    Raises:
        ValueError: the language has no such tag.
    """
    return f'"{_escape(text)}"{_language_mark(language)}'


@lru_cache(MOST_TERMS)
def _language_mark(language: str) -> str:
    if not is_language_tag(language):
        raise ValueError(language)
    return f"@{language.lower()}"


@lru_cache(MOST_TERMS)
def is_language_tag(language: str) -> bool:
    """Whether a text can be written in RDF with it, as BCP 47 has it: `fr`, `pt-BR`, not `fr_FR` or `français`."""
    tag = language.lower()
    if not LANGUAGE_TAG.fullmatch(tag):
        return False
    try:
        Literal("", language=tag)
    except ValueError:
        return False
    return True


def typed_literal(text: str, datatype: str) -> str:
    """The node of a value of a type, by the type's prefixed name."""
    return f'"{_escape(text)}"^^{term(datatype)}'


def _escape(text: str) -> str:
    if ESCAPED.search(text):
        return ESCAPED.sub(_escape_sign, text)
    return text


def _escape_sign(match: re.Match[str]) -> str:
    sign = match[0]
    return ESCAPES.get(sign) or f"\\u{ord(sign):04X}"


def is_a(node: str, kind: str) -> Triple:
    return (node, RDF_TYPE, term(kind))


def typed_value(node: str, name: str, value: str, kind: str) -> tuple[Triple, Triple]:
    """That a node has a value, and of which class the value is."""
    return (node, term(name), value), (value, RDF_TYPE, term(kind))


def typed_link(node: str, name: str, address: str, kind: str) -> tuple[Triple, ...]:
    """`typed_value` with an address that somebody wrote; nothing where it can be none."""
    target = find_iri(address)
    if target:
        return typed_value(node, name, target, kind)
    return ()


def localised_literals(node: str, name: str, texts: Texts) -> Iterator[Triple]:
    """A text in each of its languages; those that no reader would understand are left out."""
    for language, words in texts.items():
        if is_language_tag(language):
            yield (node, term(name), localised_literal(words, language))


def moment_of(node: str, name: str, moment: datetime) -> Triple:
    """A moment in UTC, whatever it was given in: the same moment is the same triple everywhere."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return (node, term(name), f'"{utc.isoformat()}Z"^^{DATE_TIME}')
