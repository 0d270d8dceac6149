"""What we write as RDF, read by a library: nodes that can be asked for their kind, language and datatype."""

from collections.abc import Iterable

from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from udi.protocol import triples as ours
from udi.protocol.serialisations import write_n_triples


def term(name: str) -> NamedNode:
    """The node of a prefixed name."""
    return NamedNode(ours.term(name)[1:-1])


def read_graph(triples: Iterable[ours.Triple]) -> set[Triple]:
    """The triples that a program of others reads in ours, each once."""
    document = write_n_triples(triples)
    return {
        Triple(quad.subject, quad.predicate, quad.object)
        for quad in parse(document, format=RdfFormat.N_TRIPLES)
    }


def write_nodes(triples: Iterable[Triple]) -> list[ours.Triple]:
    """The nodes of a library as ours."""
    return [
        (str(triple.subject), str(triple.predicate), str(triple.object))
        for triple in triples
    ]
