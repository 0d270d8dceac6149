"""OGC API – Features, part 1 (OGC 17-069r4): its documents and its questions, for one table with places.

Conformance: core, GeoJSON, OpenAPI 3.0. A table is an API of its own with one collection, `data`.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from udi.kit.errors import Refusal, UdiError
from udi.tabular.columns.column import SQL_TYPES, Bounds, TypedColumn
from udi.tabular.messages.query_errors import LONGEST_SHOWN, HiddenColumnError
from udi.tabular.queries.feature_query import FeatureQuery
from udi.tabular.queries.query import SEARCH, Condition
from udi.tabular.queries.query_string import (
    MOST_REFUSALS,
    OPERATORS,
    read_parameters,
)
from udi.tabular.queries.sql import Statement, condition_statement

COLLECTION = "data"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}"
    for part in ("core", "geojson", "oas30")
)
JSON = "application/json"
GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
USUAL = 10
MOST = 1000
FARTHEST = 10_000_000
RESERVED_PARAMETERS = ("bbox", "bbox-crs", "datetime", "limit", "offset", "f")
POSSIBLE = {"f": ("json", "geojson"), "bbox-crs": (CRS84,)}
TYPES = {
    "BOOLEAN": "boolean",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "DOUBLE": "number",
}
FORMATS = {"DATE": "date", "TIMESTAMP": "date-time", "TIME": "time"}
DAY = 10
UNREADABLE = "This request for places cannot be read."
SIDES = {4: (0, 1, 2, 3), 6: (0, 1, 3, 4)}


@dataclass(frozen=True)
class ServedTable:
    """A table behind an address without final slash; `bbox` is None while it has no place."""

    base: str
    title: str
    columns: Sequence[TypedColumn]
    bbox: Bounds | None = None
    landing: str = ""
    """Address of the dataset's page."""

    @property
    def collection_url(self) -> str:
        return f"{self.base}/collections/{COLLECTION}"


def link(url: str, rel: str, media_type: str, title: str = "") -> dict[str, str]:
    """A link of RFC 8288."""
    return {"href": url, "rel": rel, "type": media_type} | (
        {"title": title} if title else {}
    )


def landing(served: ServedTable) -> dict[str, Any]:
    """The first document, which leads to all others."""
    links = [
        link(served.base, "self", JSON),
        link(f"{served.base}/api", "service-desc", OPENAPI, "OpenAPI 3.0"),
        link(f"{served.base}/conformance", "conformance", JSON),
        link(f"{served.base}/collections", "data", JSON),
    ]
    if served.landing:
        more = [link(served.landing, "about", "text/html", served.title)]
    else:
        more = []
    return {"title": served.title, "description": served.title, "links": links + more}


def conformance() -> dict[str, Any]:
    """What is kept of the standard."""
    return {"conformsTo": list(CONFORMANCE)}


def collection(served: ServedTable) -> dict[str, Any]:
    """The only collection."""
    if served.bbox:
        extent = {"extent": {"spatial": {"bbox": [list(served.bbox)], "crs": CRS84}}}
    else:
        extent = {}
    return {
        "id": COLLECTION,
        "title": served.title,
        "description": served.title,
        "itemType": "feature",
        "crs": [CRS84],
        **extent,
        "links": [
            link(served.collection_url, "self", JSON),
            link(f"{served.collection_url}/items", "items", GEOJSON, served.title),
        ],
    }


def collections(served: ServedTable) -> dict[str, Any]:
    """The list of one."""
    return {
        "links": [link(f"{served.base}/collections", "self", JSON)],
        "collections": [collection(served)],
    }


def items(
    served: ServedTable,
    parameters: Sequence[tuple[str, str]],
    query: FeatureQuery,
    answer: Mapping[str, Any],
) -> dict[str, Any]:
    """A page of features; `answer` is what `select_features` gave."""
    url = f"{served.collection_url}/items"
    returned = len(answer["features"])
    matched = int(answer["matched"])
    links = [
        link(_url_with(url, parameters), "self", GEOJSON),
        link(served.collection_url, "collection", JSON),
    ]
    if returned and query.offset + returned < matched:
        links.append(
            link(
                _url_with(url, parameters, offset=query.offset + returned),
                "next",
                GEOJSON,
            )
        )
    if query.offset:
        links.append(
            link(
                _url_with(url, parameters, offset=max(0, query.offset - query.limit)),
                "prev",
                GEOJSON,
            )
        )
    return {
        "type": "FeatureCollection",
        "features": answer["features"],
        "numberMatched": matched,
        "numberReturned": returned,
        "timeStamp": datetime.now(UTC)
        .isoformat(timespec="seconds")
        .replace("+00:00", "Z"),
        "links": links,
    }


def item(served: ServedTable, feature: Mapping[str, Any]) -> dict[str, Any]:
    """One feature."""
    url = f"{served.collection_url}/items/{feature['id']}"
    return {
        **feature,
        "links": [
            link(url, "self", GEOJSON),
            link(served.collection_url, "collection", JSON),
        ],
    }


def _url_with(url: str, parameters: Sequence[tuple[str, str]], **changed: int) -> str:
    other_parameters = [
        (name, value) for name, value in parameters if name not in changed
    ]
    words = urlencode(
        [*other_parameters, *((name, str(value)) for name, value in changed.items())],
        quote_via=quote,
    )
    if words:
        return f"{url}?{words}"
    return url


def read_feature_query(
    parameters: Sequence[tuple[str, str]],
    columns: Sequence[TypedColumn],
    hidden: Collection[str] = (),
) -> FeatureQuery:
    """What the parameters of `items` ask; `hidden` are columns that the table has, and this reader has not.

    Beside those of the standard they may be filters of the tabular API (`column__operator=value`, `q`, `or`).

    Raises:
        HiddenColumnError: one of them is named.
        UdiError: 400, as the standard has it, with the parameter and what to write.
    """
    names = {column.name for column in columns}
    filters = [
        (name, value)
        for name, value in parameters
        if name not in names and is_row_filter(name)
    ]
    others = [pair for pair in parameters if pair not in filters]
    return replace(
        _read_standard_query(others, columns, hidden),
        rows=_read_rows(filters, tuple(columns), hidden),
    )


def _read_rows(
    filters: Sequence[tuple[str, str]],
    columns: tuple[TypedColumn, ...],
    hidden: Collection[str],
) -> Statement:
    """The rows that filters leave; raises as `read_feature_query`."""
    conditions: list[Condition] = []
    refusals = []
    for answer in read_parameters(filters, columns, hidden):
        if isinstance(answer, Refusal):
            refusals.append(answer)
        else:
            conditions += answer.where
    if refusals:
        raise UdiError(UNREADABLE, refusals=refusals[:MOST_REFUSALS])
    return condition_statement(conditions, columns)


def is_row_filter(name: str) -> bool:
    """Whether a parameter says which rows: words that are searched, a filter of a column, or alternatives."""
    operation = name.rpartition("__")[2].lower() if "__" in name else ""
    return name in {SEARCH, "or"} or operation in OPERATORS


def _read_standard_query(
    parameters: Sequence[tuple[str, str]],
    columns: Sequence[TypedColumn],
    hidden: Collection[str],
) -> FeatureQuery:
    """The parameters of the standard, of which one that is empty is none; raises as `read_feature_query`."""
    value_by_name = dict[str, str]()
    allowed_names = {*RESERVED_PARAMETERS, *(column.name for column in columns)}
    for name, value in parameters:
        if name not in allowed_names and name in hidden:
            raise HiddenColumnError(name)
        if name not in allowed_names:
            remedy = "Use the columns of the table, their filters, q, bbox, datetime, limit and offset."
            raise _invalid_parameter(
                name,
                "There is no parameter «%(name)s».",
                remedy,
                name=name[:LONGEST_SHOWN],
            )
        if name in value_by_name:
            raise _invalid_parameter(
                name, "A parameter is given twice.", "Write each once."
            )
        value_by_name[name] = value
    for name in RESERVED_PARAMETERS:
        if value_by_name.get(name) == "":
            del value_by_name[name]
    for name, possible in POSSIBLE.items():
        if name in value_by_name and value_by_name[name] not in possible:
            raise _invalid_parameter(
                name,
                "Only GeoJSON in longitude and latitude is given here.",
                "Leave out f and bbox-crs.",
            )
    since, until = (
        _moments(value_by_name["datetime"])
        if "datetime" in value_by_name
        else (None, None)
    )
    return FeatureQuery(
        limit=min(
            MOST, _parse_integer(value_by_name.get("limit"), "limit", USUAL, least=1)
        ),
        offset=_parse_integer(value_by_name.get("offset"), "offset", 0, most=FARTHEST),
        bbox=_bbox(value_by_name["bbox"]) if "bbox" in value_by_name else None,
        since=since,
        until=until,
        equal=tuple(
            (name, value)
            for name, value in value_by_name.items()
            if name not in RESERVED_PARAMETERS
        ),
    )


def _parse_integer(
    text: str | None, name: str, usual: int, *, least: int = 0, most: int = 10**9
) -> int:
    if text is None:
        return usual
    if (
        not text.isascii()
        or not text.isdigit()
        or len(text) > DAY
        or not least <= int(text) <= most
    ):
        reason = (
            "The parameter «%(name)s» is a whole number from %(least)s to %(most)s."
        )
        raise _invalid_parameter(
            name, reason, "Correct it.", name=name, least=least, most=most
        )
    return int(text)


def _bbox(text: str) -> Bounds:
    try:
        numbers = [float(part) for part in text.split(",")]
        west, south, east, north = (numbers[side] for side in SIDES[len(numbers)])
    except (ValueError, KeyError) as error:
        raise _invalid_bbox() from error
    if (
        not all(map(math.isfinite, numbers))
        or not -90 <= south <= north <= 90  # noqa: PLR2004 - the world
        or max(abs(west), abs(east)) > 180  # noqa: PLR2004 - the world
    ):
        raise _invalid_bbox()
    return west, south, east, north


def _invalid_bbox() -> UdiError:
    return _invalid_parameter(
        "bbox",
        "The rectangle cannot be read.",
        "Write bbox=west,south,east,north in degrees.",
    )


def _moments(text: str) -> tuple[str | None, str | None]:
    """First and last moment, both included: an instant or a day, or two of them with `..` for an open end."""
    first, slash, last = text.partition("/")
    ends = (first, last) if slash else (first, first)
    since, until = (_moment(end, last=place == 1) for place, end in enumerate(ends))
    if (since is None and until is None) or (since and until and since > until):
        raise _invalid_datetime()
    return since, until


def _moment(text: str, *, last: bool) -> str | None:
    if text in {"", ".."}:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        if len(text) == DAY and last:
            moment += timedelta(days=1) - timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise _invalid_datetime() from error
    return moment.isoformat(sep=" ")


def _invalid_datetime() -> UdiError:
    remedy = "Write datetime=2024-05-31, or two ends as 2024-01-01/2024-05-31 or 2024-01-01/.."
    return _invalid_parameter("datetime", "The moment cannot be read.", remedy)


def _invalid_parameter(
    field: str, reason: str, remedy: str, **values: object
) -> UdiError:
    refusal = Refusal(
        field[:LONGEST_SHOWN] or "=", reason, remedy, "wrong-parameter", values
    )
    return UdiError(UNREADABLE, refusals=[refusal])


def openapi(served: ServedTable) -> dict[str, Any]:
    """The description of this API (OpenAPI 3.0)."""
    items_path = f"/collections/{COLLECTION}/items"
    answers = {
        "/": ("Landing page", JSON),
        "/conformance": ("Conformance", JSON),
        "/collections": ("Collections", JSON),
        f"/collections/{COLLECTION}": ("The collection", JSON),
    }
    paths: dict[str, Any] = {
        path: {"get": _operation(summary, media)}
        for path, (summary, media) in answers.items()
    }
    paths[items_path] = {
        "get": _operation("Features", GEOJSON)
        | {"parameters": _parameters(served.columns)}
    }
    feature_id = {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
    paths[f"{items_path}/{{id}}"] = {
        "get": _operation("One feature", GEOJSON) | {"parameters": [feature_id]}
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": served.title, "version": "1"},
        "servers": [{"url": served.base}],
        "paths": paths,
    }


def _operation(summary: str, media: str) -> dict[str, Any]:
    content = {media: {"schema": {"type": "object"}}}
    return {
        "summary": summary,
        "responses": {
            "200": {"description": summary, "content": content},
            "default": {
                "description": "A refusal (RFC 9457)",
                "content": {"application/problem+json": {}},
            },
        },
    }


def _parameters(columns: Sequence[TypedColumn]) -> list[dict[str, Any]]:
    corners = {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 4,
        "maxItems": 6,
    }
    parameters: list[dict[str, Any]] = [
        {
            "name": "bbox",
            "in": "query",
            "schema": corners,
            "style": "form",
            "explode": False,
        },
        {"name": "datetime", "in": "query", "schema": {"type": "string"}},
        {
            "name": "limit",
            "in": "query",
            "schema": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST,
                "default": USUAL,
            },
        },
        {
            "name": "offset",
            "in": "query",
            "schema": {"type": "integer", "minimum": 0, "default": 0},
        },
    ]
    for column in columns:
        stored = SQL_TYPES.get(column.type, "VARCHAR")
        schema = {"type": TYPES.get(stored, "string")} | (
            {"format": FORMATS[stored]} if stored in FORMATS else {}
        )
        parameters.append({"name": column.name, "in": "query", "schema": schema})
    return parameters
