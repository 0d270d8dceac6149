"""The OpenAPI 3.0 document of the OGC API – Records of a portal."""

from typing import Any

from udi.portal.catalogue.open.ogc_query import MOST, SORTS, USUAL
from udi.portal.catalogue.open.records import GEOJSON, JSON

TEXT: dict[str, Any] = {"type": "string"}
LIST: dict[str, Any] = {"type": "array", "items": TEXT}
PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "q": ("Words; commas separate alternatives.", LIST),
    "bbox": (
        "West, south, east, north, in degrees.",
        {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
    ),
    "datetime": (
        "What the data speak of: a date, or two around a stroke, with .. for an open end.",
        TEXT,
    ),
    "type": ("Kinds of resources; here are datasets.", LIST),
    "externalIds": ("Identifiers that others gave: the producer's own, a DOI.", LIST),
    "ids": ("Identifiers of records.", LIST),
    "sortby": (f"Among {', '.join(SORTS)}, with - for the other way round.", LIST),
    "limit": (
        "How many records a page.",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
    ),
    "offset": (
        "How many records to pass over.",
        {"type": "integer", "minimum": 0, "default": 0},
    ),
    "cursor": (
        "Where to go on, as the link next of an answer says; not with offset.",
        TEXT,
    ),
    "f": ("The form of the answer.", {"type": "string", "enum": ["json", "html"]}),
}


def build_openapi_document(origin: str, title: str) -> dict[str, Any]:
    """The document; the server's address is absolute."""
    name = {"name": "catalogId", "in": "path", "required": True, "schema": TEXT}
    record = {"name": "recordId", "in": "path", "required": True, "schema": TEXT}
    paths: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
        "/": ("landing", JSON, []),
        "/conformance": ("conformance", JSON, []),
        "/collections": ("collections", JSON, []),
        "/collections/{catalogId}": ("collection", JSON, [name]),
        "/collections/{catalogId}/items": ("records", GEOJSON, [name, *_parameters()]),
        "/collections/{catalogId}/items/{recordId}": (
            "record",
            GEOJSON,
            [name, record],
        ),
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": "1.0.0"},
        "servers": [{"url": f"{origin}/ogc"}],
        "paths": {path: {"get": _operation(*what)} for path, what in paths.items()},
    }


def _parameters() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "description": words,
            "required": False,
            "schema": schema,
        }
        | ({"style": "form", "explode": False} if schema["type"] == "array" else {})
        for name, (words, schema) in PARAMETERS.items()
    ]


def _operation(
    name: str, media_type: str, parameters: list[dict[str, Any]]
) -> dict[str, Any]:
    good = {
        "description": "Found.",
        "content": {media_type: {"schema": {"type": "object"}}},
    }
    bad_request = {
        "description": "Wrong parameters.",
        "content": {"application/problem+json": {"schema": {"type": "object"}}},
    }
    return {
        "operationId": name,
        "parameters": parameters,
        "responses": {"200": good, "400": bad_request},
    }
