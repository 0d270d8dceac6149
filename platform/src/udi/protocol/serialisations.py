"""Documents of triples: N-Triples and Turtle are written here, RDF/XML and JSON-LD by a library."""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from pyoxigraph import RdfFormat, parse, serialize

from udi.protocol.triples import MOST_TERMS, PREFIXES, RDF_TYPE, Triple

TURTLE_HEAD = "".join(
    f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items()
)
PREFIX_BY_NAMESPACE = {
    f"<{namespace}": prefix for prefix, namespace in PREFIXES.items()
}
START = min(map(len, PREFIX_BY_NAMESPACE))
"""Signs by which a node that has no prefix is told at once from nearly all that have one."""
STARTS = frozenset(namespace[:START] for namespace in PREFIX_BY_NAMESPACE)
LOCAL_NAME = re.compile(r"(?:[A-Za-z_][\w\-]*)?", re.ASCII)
"""Local names that Turtle writes without an escape; the empty one is of a namespace itself."""
INTEGER = "xsd:integer"
WHOLE_NUMBER = re.compile(r'"([+-]?[0-9]+)"')


def write_canonical(triples: Iterable[Triple]) -> bytes:
    """Each triple once, sorted, one a line: N-Triples, which is Turtle too. The canonical form, as no node is blank."""
    return write_n_triples(sort_triples(triples))


def write_n_triples(triples: Iterable[Triple]) -> bytes:
    """Triples in their order, one a line."""
    return "".join(
        [f"{subject} {name} {value} .\n" for subject, name, value in triples]
    ).encode()


def sort_triples(triples: Iterable[Triple]) -> list[Triple]:
    """Each triple once, in the order of the lines in N-Triples.

    Those of each subject are sorted apart, since comparing long addresses that begin alike is what takes time.
    """
    by_subject: dict[str, set[Triple]] = defaultdict(set)
    for triple in triples:
        by_subject[triple[0]].add(triple)
    return list(
        chain.from_iterable(
            sorted(by_subject[subject]) for subject in sorted(by_subject)
        )
    )


def group_triples(triples: Iterable[Triple]) -> list[Triple]:
    """Each triple once, those of a subject together, by property: a subject is written once, in the same order each time."""
    unique = dict.fromkeys(triples)
    subjects: dict[str, int] = {}
    properties: dict[str, int] = {}
    for subject, name, _ in unique:
        subjects.setdefault(subject, len(subjects))
        properties.setdefault(name, len(properties))
    return sorted(
        unique, key=lambda triple: (subjects[triple[0]], properties[triple[1]])
    )


def write_json_ld(triples: Iterable[Triple]) -> bytes:
    """Triples as JSON-LD."""
    return write_triples(triples, RdfFormat.JSON_LD)


def write_triples(triples: Iterable[Triple], form: RdfFormat) -> bytes:
    """Triples in a form of RDF, in their order, with the prefixes of this module."""
    if form == RdfFormat.N_TRIPLES:
        return write_n_triples(triples)
    if form == RdfFormat.TURTLE:
        return write_turtle(triples)
    quads = parse(write_n_triples(triples), format=RdfFormat.N_TRIPLES)
    return serialize(quads, format=form, prefixes=PREFIXES) or b""


def write_turtle(triples: Iterable[Triple]) -> bytes:
    """Triples as Turtle for people to read, with the prefixes of `triples`.

    Those of a subject that follow each other are written as one sentence, and so are those of a property in it.
    """
    subject = ""
    name = ""
    parts = [TURTLE_HEAD]
    for node, property_name, value in triples:
        if node != subject:
            end = " .\n" if subject else ""
            subject = node
            name = property_name
            parts.append(f"{end}{_shorten(subject)} {_shorten_property(name)} ")
        elif property_name != name:
            name = property_name
            parts.append(f" ;\n\t{_shorten_property(name)} ")
        else:
            parts.append(" , ")
        parts.append(_shorten(value))
    if not subject:
        return b""
    parts.append(" .\n")
    return "".join(parts).encode()


def _shorten(node: str) -> str:
    """The node as Turtle writes it: with a prefix where it has one, a whole number without its type."""
    if node[-1] != ">":
        return node
    if node[0] == '"':
        text, _, datatype = node.rpartition("^^")
        return _write_value(text, _shorten_term(datatype))
    if node[:START] in STARTS:
        return _shorten_term(node)
    return node


def _write_value(text: str, datatype: str) -> str:
    number = WHOLE_NUMBER.fullmatch(text) if datatype == INTEGER else None
    if number:
        return number[1]
    return f"{text}^^{datatype}"


@lru_cache(MOST_TERMS)
def _shorten_property(node: str) -> str:
    if node == RDF_TYPE:
        return "a"
    return _shorten_term(node)


@lru_cache(MOST_TERMS)
def _shorten_term(node: str) -> str:
    for namespace, prefix in PREFIX_BY_NAMESPACE.items():
        if node.startswith(namespace):
            local = node[len(namespace) : -1]
            if LOCAL_NAME.fullmatch(local):
                return f"{prefix}:{local}"
    return node
