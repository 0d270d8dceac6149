"""Where and when the data of a dataset of RDF are."""

import re

import pyoxigraph as ox

from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.geometry import (
    Box,
    read_box,
    read_geojson,
    read_gml,
    read_wkt,
)
from udi.portal.nodes.harvest.graph import Graph, Node, Value, source_value
from udi.portal.nodes.harvest.vocabulary import LINK

STARTS = ("dcat:startDate", "schema:startDate", "time:hasBeginning")
ENDS = ("dcat:endDate", "schema:endDate", "time:hasEnd")
SHAPES = (
    "locn:geometry",
    "dcat:bbox",
    "dcat:centroid",
    "geo:asWKT",
    "geo:asGeoJSON",
    "geo:asGML",
    "geo:hasGeometry",
)
UNITS = {
    "time:years": "#Y",
    "time:months": "#M",
    "time:weeks": "#W",
    "time:days": "#D",
    "time:hours": "T#H",
    "time:minutes": "T#M",
}
WHOLE = re.compile(r"([1-9]\d{0,3})(?:\.0*)?")
ORDER = ("geojson", "geo+json", "wkt", "gml")


def read_coverage(graph: Graph, node: Node, draft: Draft) -> None:
    """Periods and places."""
    for value in graph.values(node, "dct:temporal"):
        _period(graph, value, draft)
    for value in graph.values(node, "dct:spatial"):
        _place(graph, node, value, draft)
    for text, _ in graph.texts(node, "dcat:spatialResolutionInMeters")[:1]:
        if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
            draft.update_spatial(resolution=float(text))
    for text, _ in graph.texts(node, "dcat:temporalResolution")[:1]:
        draft.temporal_resolution = text.strip()


def read_duration(graph: Graph, value: Value) -> str:
    """How often, where a thing is described by a duration of OWL-Time of one unit, as ISO 8601; empty for any other."""
    for node in (value, *graph.values(value, "rdf:value")):
        stated = [
            (unit, text)
            for name, unit in UNITS.items()
            for text, _ in graph.texts(node, name)
        ]
        if len(stated) == 1 and (number := WHOLE.fullmatch(stated[0][1])):
            return f"P{stated[0][0].replace('#', number[1])}"
    return ""


def read_periods(graph: Graph, node: Value) -> list[tuple[str, str]]:
    """The two sides of each period of a file, as the source writes them."""
    periods = list[tuple[str, str]]()
    for value in graph.values(node, "dct:temporal"):
        if not isinstance(value, ox.Literal):
            periods.append(_sides(graph, value))
    return periods


def _period(graph: Graph, value: Value, draft: Draft) -> None:
    if isinstance(value, ox.Literal):
        draft.add_period_text("dct:temporal", value.value)
        return
    start, end = _sides(graph, value)
    if start or end:
        draft.add_period("dct:temporal", start, end)
    elif words := graph.text(value, "rdfs:label", "skos:prefLabel"):
        draft.add_period_text("dct:temporal", words)
    elif isinstance(value, ox.NamedNode):
        draft.keep_extra("dct:temporal", source_value(value))


def _sides(graph: Graph, period: Value) -> tuple[str, str]:
    return _instant(graph, period, STARTS), _instant(graph, period, ENDS)


def _instant(graph: Graph, node: Value, names: tuple[str, ...]) -> str:
    for value in graph.values(node, *names):
        if isinstance(value, ox.Literal):
            return value.value
        if instant := graph.text(
            value, "time:inXSDDateTimeStamp", "time:inXSDDateTime", "time:inXSDDate"
        ):
            return instant
    return ""


def _place(graph: Graph, node: Node, value: Value, draft: Draft) -> None:
    if isinstance(value, ox.Literal):
        box = read_box(value.value)
        if box:
            draft.set_box("dct:spatial", box)
        else:
            draft.add_place("", draft.clean_text("dct:spatial", value.value))
        return
    literals = _shapes(graph, value)
    declared_box = next(
        (
            box
            for rectangle in _rectangles(graph, value)
            if (box := _read(rectangle.value, _kind(rectangle))[0])
        ),
        None,
    )
    for kind in ORDER:
        for literal in literals:
            if kind in _kind(literal):
                box, shape = _read(literal.value, kind)
                draft.set_box("dct:spatial", declared_box or box, shape)
    labels = [
        words
        for words, _ in graph.texts(
            value,
            "rdfs:label",
            "skos:prefLabel",
            "locn:adminUnitL2",
            "locn:geographicName",
            "dct:title",
        )
    ]
    uri = source_value(value)
    if uri.startswith(f"{source_value(node)}#"):
        uri = ""
    if isinstance(value, ox.NamedNode) and uri and not LINK.fullmatch(uri):
        labels = labels or [uri]
        uri = ""
    place_uri = "" if literals and "#" in uri else uri
    if labels or place_uri:
        draft.add_place(
            place_uri,
            draft.clean_text("dct:spatial", labels[0]) if labels else "",
        )


def _rectangles(graph: Graph, node: Value) -> list[ox.Literal]:
    """What the source itself says to be the rectangle: it need not be that of the shape beside it."""
    return [
        rectangle
        for rectangle in graph.values(node, "dcat:bbox")
        if isinstance(rectangle, ox.Literal)
    ]


def _shapes(graph: Graph, node: Value) -> list[ox.Literal]:
    literals: list[ox.Literal] = []
    for value in graph.values(node, *SHAPES):
        inside = (
            [value] if isinstance(value, ox.Literal) else graph.values(value, *SHAPES)
        )
        literals += [literal for literal in inside if isinstance(literal, ox.Literal)]
    return literals


def _kind(literal: ox.Literal) -> str:
    """By its datatype, else by its first sign."""
    datatype = literal.datatype.value.lower()
    text = literal.value.lstrip()
    if text.startswith("{"):
        return "geojson"
    if "gml" in datatype or re.match(r"<(\w+:)?(Envelope|Polygon|Point|Box)\b", text):
        return "gml"
    return "wkt"


def _read(text: str, kind: str) -> tuple[Box | None, dict[str, object] | None]:
    if "json" in kind:
        return read_geojson(text)
    return (read_gml(text) if kind == "gml" else read_wkt(text)), None
