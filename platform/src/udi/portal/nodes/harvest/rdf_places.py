"""Where and when the data of a dataset of RDF are."""

import re

import pyoxigraph as ox

from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.graph import Graph, Node, Value, written
from udi.portal.nodes.harvest.places import Box, read_box, read_geojson, read_gml, read_wkt
from udi.portal.nodes.harvest.vocabulary import LINK

STARTS = ("dcat:startDate", "schema:startDate", "time:hasBeginning")
ENDS = ("dcat:endDate", "schema:endDate", "time:hasEnd")
SHAPES = ("locn:geometry", "dcat:bbox", "dcat:centroid", "geo:asWKT", "geo:asGeoJSON", "geo:asGML", "geo:hasGeometry")
ORDER = ("geojson", "geo+json", "wkt", "gml")


def read_coverage(graph: Graph, node: Node, draft: Draft) -> None:
    """Periods and places."""
    for value in graph.values(node, "dct:temporal"):
        _period(graph, value, draft)
    for value in graph.values(node, "dct:spatial"):
        _place(graph, value, draft)
    for text, _ in graph.texts(node, "dcat:spatialResolutionInMeters")[:1]:
        if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
            draft.place(resolution=float(text))


def _period(graph: Graph, value: Value, draft: Draft) -> None:
    if isinstance(value, ox.Literal):
        draft.span("dct:temporal", value.value)
        return
    start, end = (_instant(graph, value, names) for names in (STARTS, ENDS))
    if start or end:
        draft.period("dct:temporal", start, end)
    elif words := graph.text(value, "rdfs:label", "skos:prefLabel"):
        draft.span("dct:temporal", words)
    elif isinstance(value, ox.NamedNode):
        draft.keep("dct:temporal", written(value))


def _instant(graph: Graph, node: Value, names: tuple[str, ...]) -> str:
    for value in graph.values(node, *names):
        if isinstance(value, ox.Literal):
            return value.value
        if told := graph.text(value, "time:inXSDDateTimeStamp", "time:inXSDDateTime", "time:inXSDDate"):
            return told
    return ""


def _place(graph: Graph, value: Value, draft: Draft) -> None:
    if isinstance(value, ox.Literal):
        box = read_box(value.value)
        if box:
            draft.box("dct:spatial", box)
        else:
            draft.named_place("", draft.clean("dct:spatial", value.value))
        return
    literals = _shapes(graph, value)
    said = next((box for each in _rectangles(graph, value) if (box := _read(each.value, _kind(each))[0])), None)
    for kind in ORDER:
        for literal in literals:
            if kind in _kind(literal):
                box, shape = _read(literal.value, kind)
                draft.box("dct:spatial", said or box, shape)
    labels = [
        words
        for words, _ in graph.texts(
            value, "rdfs:label", "skos:prefLabel", "locn:adminUnitL2", "locn:geographicName", "dct:title"
        )
    ]
    uri = written(value)
    if isinstance(value, ox.NamedNode) and not LINK.fullmatch(uri):
        uri, labels = "", labels or [uri]
    if labels or (uri and not literals):
        draft.named_place(
            "" if literals and "#" in uri else uri, draft.clean("dct:spatial", labels[0]) if labels else ""
        )


def _rectangles(graph: Graph, node: Value) -> list[ox.Literal]:
    """What the source itself says to be the rectangle: it need not be that of the shape beside it."""
    return [each for each in graph.values(node, "dcat:bbox") if isinstance(each, ox.Literal)]


def _shapes(graph: Graph, node: Value) -> list[ox.Literal]:
    found: list[ox.Literal] = []
    for value in graph.values(node, *SHAPES):
        inside = [value] if isinstance(value, ox.Literal) else graph.values(value, *SHAPES)
        found += [each for each in inside if isinstance(each, ox.Literal)]
    return found


def _kind(literal: ox.Literal) -> str:
    """By its datatype, else by its first sign."""
    datatype = literal.datatype.value.lower()
    text = literal.value.lstrip()
    if text.startswith("{"):
        return "geojson"
    return "gml" if "gml" in datatype or re.match(r"<(\w+:)?(Envelope|Polygon|Point|Box)\b", text) else "wkt"


def _read(text: str, kind: str) -> tuple[Box | None, dict[str, object] | None]:
    if "json" in kind:
        return read_geojson(text)
    return (read_gml(text) if kind == "gml" else read_wkt(text)), None
