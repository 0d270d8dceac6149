"""As much of SHACL as DCAT-AP's own shapes use: counts, kinds of node, datatypes and classes of what a class of nodes says."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
)

RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
QUERY = """PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT ?target ?path ?min ?max ?kind ?datatype ?class WHERE {
  ?shape sh:targetClass ?target ; sh:property ?rule . ?rule sh:path ?path . FILTER(isIRI(?path))
  OPTIONAL { ?rule sh:minCount ?min } OPTIONAL { ?rule sh:maxCount ?max } OPTIONAL { ?rule sh:nodeKind ?kind }
  OPTIONAL { ?rule sh:datatype ?datatype } OPTIONAL { ?rule sh:class ?class } }"""
KINDS: dict[str, tuple[type, ...]] = {
    "IRI": (NamedNode,),
    "BlankNodeOrIRI": (NamedNode, BlankNode),
    "Literal": (Literal,),
}


def violations(triples: Iterable[Triple], shapes: Path) -> list[str]:
    """What breaks a shape of a file, in words."""
    rules = Store()
    data = list(triples)
    for quad in parse(path=str(shapes), format=RdfFormat.TURTLE):
        rules.add(Quad(quad.subject, quad.predicate, quad.object))
    return sorted(
        {fault for rule in rules.query(QUERY) for fault in _faults(data, rule)}
    )


def _faults(data: list[Triple], rule: Any) -> Iterator[str]:
    """A store would write numbers anew, and lose their datatypes: the triples are read as they are."""
    kinds = {
        (triple.subject, triple.object)
        for triple in data
        if triple.predicate == RDF_TYPE
    }
    for subject in {subject for subject, kind in kinds if kind == rule["target"]}:
        values = {
            triple.object
            for triple in data
            if (triple.subject, triple.predicate) == (subject, rule["path"])
        }
        where = f"{subject} {rule['path']}"
        if rule["min"] is not None and len(values) < int(rule["min"].value):
            yield f"{where}: {len(values)} values"
        if rule["max"] is not None and len(values) > int(rule["max"].value):
            yield f"{where}: {len(values)} values"
        for value in values:
            if rule["kind"] is not None and not isinstance(
                value, KINDS[rule["kind"].value.rpartition("#")[2]]
            ):
                yield f"{where}: {value} is of another kind"
            if (
                rule["datatype"] is not None
                and getattr(value, "datatype", None) != rule["datatype"]
            ):
                yield f"{where}: {value} has another datatype"
            if rule["class"] is not None and (value, rule["class"]) not in kinds:
                yield f"{where}: {value} is no {rule['class']}"
