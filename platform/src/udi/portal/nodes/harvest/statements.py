"""What a source says of one record, value by value, under the names of its own format: what a report on losses counts."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from xml.etree.ElementTree import Element

import pyoxigraph as ox

from udi.portal.nodes.harvest.graph import (
    BOUNDARY_PROPERTIES,
    Graph,
    Node,
    Value,
    is_empty,
    source_value,
)
from udi.portal.nodes.harvest.record import SourceStatement
from udi.portal.nodes.harvest.xml_tree import HREF, local_name

MOST_STATEMENTS = 500
LONGEST_VALUE = 600
LONGEST_FIELD = 120
DEEPEST = 6
"""Levels of properties inside one another."""
EXTRAS = "extras"
"""CKAN's list of pairs: each key is a field."""
CODE = "codeListValue"
MOST_OF_FIELD = 30
"""Values of one field of one record: a name in thirty places is no more a loss than in one."""
SCHEMES = frozenset({"skos:inScheme", "skos:topConceptOf", "skos:broader"})
"""Properties that lead from a term to its list, which says nothing of the record."""
AUTHORITY = "publications.europa.eu/resource/authority/"
"""Terms of the EU's lists: their address says all."""
PARTS = frozenset({"dcat:distribution", "dcat:contactPoint", "adms:contactPoint"})
"""Properties whose objects are parts of the record: their addresses say nothing by themselves."""


def list_json_statements(value: Any) -> tuple[SourceStatement, ...]:
    """Those of an object of JSON: `resources.format`, `extras.frequency`."""
    return _collect(_walk_json(value, ""))


def list_xml_statements(root: Element) -> tuple[SourceStatement, ...]:
    """Those of an element: names of properties, without the classes between them (`citation/title`)."""
    return _collect(_walk_xml(root, ()))


def list_graph_statements(graph: Graph, node: Node) -> tuple[SourceStatement, ...]:
    """Those of a node: `dcat:distribution/dct:format`."""
    return _collect(_walk_graph(graph, node, (), {node}))


def _collect(statements: Iterable[tuple[str, str]]) -> tuple[SourceStatement, ...]:
    """Each once, cut short, and so many at most, of a field and of all."""
    filled = (
        (field[:LONGEST_FIELD], value.strip()[:LONGEST_VALUE])
        for field, value in statements
        if field and value.strip()
    )
    counts: Counter[str] = Counter()
    collected: list[SourceStatement] = []
    for field, value in dict.fromkeys(islice(filled, 4 * MOST_STATEMENTS)):
        counts[field] += 1
        if counts[field] <= MOST_OF_FIELD and len(collected) < MOST_STATEMENTS:
            collected.append(SourceStatement(field, value))
    return tuple(collected)


def _walk_json(value: Any, field: str, level: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool):
        yield field, json.dumps(value)
    elif isinstance(value, str | int | float):
        yield field, str(value)
    elif level > DEEPEST:
        return
    elif isinstance(value, list):
        yield from _walk_list(value, field, level)
    elif isinstance(value, dict):
        if "type" in value and "coordinates" in value:
            yield field, json.dumps(value)
            return
        for name, inner in value.items():
            yield from _walk_json(
                inner, f"{field}.{name}" if field else name, level + 1
            )


def _walk_list(values: list[Any], field: str, level: int) -> Iterator[tuple[str, str]]:
    if values and all(isinstance(value, int | float) for value in values):
        yield field, ", ".join(map(str, values))
        return
    for value in values:
        is_pair = isinstance(value, dict) and isinstance(value.get("key"), str)
        if field == EXTRAS and is_pair:
            yield from _walk_json(
                value.get("value"), f"{EXTRAS}.{value['key']}", level + 1
            )
        else:
            yield from _walk_json(value, field, level + 1)


def _walk_xml(element: Element, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    name = local_name(element)
    path = (*names, name) if name[:1].islower() else names
    field = "/".join(path) or name
    code = element.get(CODE)
    if code:
        yield field, code
    elif element.text and element.text.strip():
        yield field, " ".join(element.text.split())
    if href := element.get(HREF):
        yield field, href
    for child in element:
        yield from _walk_xml(child, path)


def _walk_graph(
    graph: Graph, node: Node, names: tuple[str, ...], visited: set[Value]
) -> Iterator[tuple[str, str]]:
    for name, values in graph.properties.get(node, {}).items():
        if name == "rdf:type" or name in SCHEMES:
            continue
        path = (*names, name)
        for value in values:
            yield from _walk_object(graph, value, path, visited)


def _walk_object(
    graph: Graph, value: Value, path: tuple[str, ...], visited: set[Value]
) -> Iterator[tuple[str, str]]:
    if is_empty(value):
        return
    if isinstance(value, ox.Literal):
        yield "/".join(path), value.value
        return
    if isinstance(value, ox.NamedNode) and path[-1] not in PARTS:
        yield "/".join(path), source_value(value)
    is_inside = (
        value in graph.properties
        and value not in visited
        and path[-1] not in BOUNDARY_PROPERTIES
        and len(path) < DEEPEST
        and AUTHORITY not in source_value(value)
    )
    if is_inside:
        yield from _walk_graph(graph, value, path, visited | {value})
