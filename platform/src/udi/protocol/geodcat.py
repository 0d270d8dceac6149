"""What GeoDCAT-AP 3 adds for data with places: the exact shape, and the reference systems of coordinates."""

import json
import re
from collections.abc import Iterator

from udi.protocol.structures import Geography, Media
from udi.protocol.triples import Triple, iri, term, typed_literal, typed_value

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
REFERENCE_SYSTEM = "http://inspire.ec.europa.eu/glossary/SpatialReferenceSystem"
CODE = re.compile(r"EPSG(?:[:/ ]|::|/0/)+(\d{4,6})", re.IGNORECASE)
NAMED = (
    (re.compile(r"lambert[ -]*93", re.IGNORECASE), "2154"),
    (re.compile(r"\bCC ?(4[2-9]|50)\b", re.IGNORECASE), "39{}"),
    (re.compile(r"\bWGS[ -]*84\b(?!.*UTM)", re.IGNORECASE), "4326"),
)
LARGEST_SHAPE = 10_000
CRS_PARAMETER = "default_crs"


def write_shape(place: str, geography: Geography) -> Iterator[Triple]:
    """The producer's own shape beside the rectangle, as GeoJSON, unless it is long."""
    if geography.shape:
        text = json.dumps(geography.shape, separators=(",", ":"))
    else:
        text = ""
    if text and len(text) <= LARGEST_SHAPE:
        yield (
            place,
            term("locn:geometry"),
            typed_literal(text, "geo:geoJSONLiteral"),
        )


def write_reference_system(node: str, code: str) -> Iterator[Triple]:
    """The system that the coordinates of a dataset or a distribution are in, by its EPSG code."""
    if code:
        system = iri(EPSG + code)
        yield from typed_value(node, "dct:conformsTo", system, "dct:Standard")
        yield (system, term("dct:type"), iri(REFERENCE_SYSTEM))


def find_epsg_code(projection: str) -> str:
    """The EPSG code that a projection's words give, empty when they give none."""
    if not projection:
        return ""
    if match := CODE.search(projection):
        return match[1]
    for pattern, code in NAMED:
        if match := pattern.search(projection):
            return code.format(*match.groups())
    return ""


def epsg_code_of(media: Media) -> str:
    """The EPSG code that a map service announces."""
    if not media.parameters:
        return ""
    values = (
        parameter.get("value")
        for parameter in media.parameters
        if parameter.get("key") == CRS_PARAMETER
    )
    return find_epsg_code(str(next(values, "")))
