"""The capabilities of WMS (1.1, 1.3), WMTS (1.0) and WFS (1.0 to 2.0), and the collections of OGC API Features, as layers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element

from udi.portal.catalogue.maps.map_services import MapService, MapServiceKind
from udi.portal.nodes.harvest.untrusted_documents import read_json, read_xml
from udi.portal.nodes.harvest.xml_tree import (
    find_element,
    find_elements,
    local_name,
)
from udi.portal.nodes.map_services.bounds import (
    LONGEST_NAME,
    LONGEST_VERSION,
    MOST_CHARACTERS,
    MOST_LAYERS,
    read_text,
)
from udi.portal.nodes.map_services.layers import (
    DEGREES,
    MERCATOR,
    Box,
    LayerDrawing,
    LayerRequest,
    MapObstacle,
    MapServiceError,
    ServiceDescription,
    ServiceLayer,
    add_query,
    build_layer,
    read_box,
)
from udi.portal.nodes.map_services.tile_matrices import read_tile_layers

MOST_FEATURES = 1_000
"""Features of a layer that a page asks for."""
TILE_PIXELS = 512
PICTURES = ("image/png", "image/png; mode=8bit", "image/jpeg", "image/gif")
WEB_PROJECTIONS = {
    "EPSG:3857": MERCATOR,
    "EPSG:900913": MERCATOR,
    "EPSG:102100": MERCATOR,
    "CRS:84": DEGREES,
    "EPSG:4326": DEGREES,
}
"""Projections of a map server that the page has, the best first, and what they are there."""
ROOTS = {
    MapServiceKind.WMS: ("WMS_Capabilities", "WMT_MS_Capabilities"),
    MapServiceKind.WMTS: ("Capabilities",),
    MapServiceKind.WFS: ("WFS_Capabilities",),
}
WITH_HEIGHTS = 6
"""Sides of a box that has heights."""


@dataclass(frozen=True)
class DescriptionResult:
    """A description, or what stands in the way of one: as the process that reads it answers."""

    description: ServiceDescription | None = None
    obstacle: MapObstacle | None = None


def capabilities_url(service: MapService) -> str:
    """Where a service describes itself."""
    if service.kind is MapServiceKind.FEATURES:
        head, mark, query = service.base.partition("?")
        return f"{head.rstrip('/')}/collections{mark}{query}"
    if service.url.lower().partition("?")[0].endswith(".xml"):
        return service.url
    words = urlencode({"SERVICE": str(service.kind), "REQUEST": "GetCapabilities"})
    return add_query(service.base, words)


def try_description(service: MapService, body: bytes) -> DescriptionResult:
    """The same as `read_description`, for a caller to whom no exception of it comes."""
    try:
        return DescriptionResult(read_description(service, body))
    except MapServiceError as error:
        return DescriptionResult(obstacle=error.obstacle)


def read_description(service: MapService, body: bytes) -> ServiceDescription:
    """What a service says of itself, from the bytes of its answer.

    Raises:
        MapServiceError: it is no description, or has no layer.
    """
    try:
        if service.kind is MapServiceKind.FEATURES:
            description = _read_collections(service, read_json(body)[0])
        else:
            description = _read_capabilities(service, read_xml(body)[0])
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise MapServiceError(MapObstacle.UNREADABLE) from error
    if not description.layers:
        raise MapServiceError(MapObstacle.EMPTY)
    return description


def _read_capabilities(service: MapService, root: Element) -> ServiceDescription:
    if "Exception" in local_name(root):
        raise MapServiceError(MapObstacle.FAILED)
    is_expected = local_name(root) in ROOTS[service.kind]
    if not is_expected or len(root.get("version", "")) > LONGEST_VERSION:
        raise MapServiceError(MapObstacle.UNREADABLE)
    title = read_text(root, "Service/Title", "ServiceIdentification/Title")
    readers = {
        MapServiceKind.WMS: _read_map_layers,
        MapServiceKind.WMTS: read_tile_layers,
        MapServiceKind.WFS: _read_feature_types,
    }
    return ServiceDescription(title, _take_layers(readers[service.kind](service, root)))


def _take_layers(layers: Iterable[ServiceLayer]) -> tuple[ServiceLayer, ...]:
    """The first layers; none is built beyond as many as may be kept."""
    first_layers: list[ServiceLayer] = []
    characters_left = MOST_CHARACTERS
    for layer in islice(layers, MOST_LAYERS):
        characters_left -= layer.characters
        if characters_left < 0:
            break
        first_layers.append(layer)
    return tuple(first_layers)


def _read_map_layers(service: MapService, root: Element) -> Iterator[ServiceLayer]:
    """The layers of a WMS that have a name; projections and rectangles are those of the layers above, too."""
    offered = {
        read_text(element)
        for element in find_elements(root, "Capability/Request/GetMap/Format")
    }
    picture = next((form for form in PICTURES if form in offered), "")
    version = root.get("version", "1.3.0")
    for layer in find_elements(root, "Capability/Layer"):
        yield from _walk_layers(service, layer, version, picture, frozenset(), None)


def _walk_layers(
    service: MapService,
    layer: Element,
    version: str,
    picture: str,
    projections: frozenset[str],
    box: Box | None,
) -> Iterator[ServiceLayer]:
    projections |= _list_projections(layer)
    box = _box_of_layer(layer) or box
    name = read_text(layer, "Name")
    if name:
        title = read_text(layer, "Title") or name
        code = next((code for code in WEB_PROJECTIONS if code in projections), "")
        if not picture:
            yield ServiceLayer(name, title, box, obstacle=MapObstacle.FORMAT)
        elif not code:
            yield ServiceLayer(name, title, box, obstacle=MapObstacle.PROJECTION)
        else:
            request = _request_pictures(service, name, version, picture, code)
            yield build_layer(name, title, box, request)
    for child in find_elements(layer, "Layer"):
        yield from _walk_layers(service, child, version, picture, projections, box)


def _list_projections(layer: Element) -> frozenset[str]:
    """The projections of the web among those that a layer names: servers name thousands, for each of thousands of layers."""
    return frozenset(
        code
        for name in ("CRS", "SRS")
        for element in find_elements(layer, name)
        for word in "".join(element.itertext()).split()
        if (code := word.upper()) in WEB_PROJECTIONS
    )


def _request_pictures(
    service: MapService, name: str, version: str, picture: str, code: str
) -> LayerRequest:
    is_newest = version.startswith("1.3")
    words = {
        "SERVICE": "WMS",
        "VERSION": version,
        "REQUEST": "GetMap",
        "LAYERS": name,
        "STYLES": "",
        "FORMAT": picture,
        "TRANSPARENT": "TRUE",
        "CRS" if is_newest else "SRS": code,
        "WIDTH": str(TILE_PIXELS),
        "HEIGHT": str(TILE_PIXELS),
    }
    sides = "{west},{south},{east},{north}"
    if is_newest and code == "EPSG:4326":
        sides = "{south},{west},{north},{east}"
    query = f"{urlencode(words, quote_via=quote)}&BBOX={sides}"
    return LayerRequest(
        LayerDrawing.IMAGES, add_query(service.base, query), WEB_PROJECTIONS[code]
    )


def _box_of_layer(layer: Element) -> Box | None:
    if (older := find_element(layer, "LatLonBoundingBox")) is not None:
        return read_box(
            [older.get(side, "") for side in ("minx", "miny", "maxx", "maxy")]
        )
    box = find_element(layer, "EX_GeographicBoundingBox")
    sides = (
        "westBoundLongitude",
        "southBoundLatitude",
        "eastBoundLongitude",
        "northBoundLatitude",
    )
    return read_box([read_text(box, side) for side in sides])


def _read_feature_types(service: MapService, root: Element) -> Iterator[ServiceLayer]:
    """The types of a WFS, asked for as GeoJSON in degrees."""
    version = root.get("version", "2.0.0")
    offered = _list_feature_formats(root)
    form = next((form for form in offered if "json" in form.lower()), "")
    for feature_type in find_elements(root, "FeatureTypeList/FeatureType"):
        name = read_text(feature_type, "Name")
        if not name:
            continue
        title = read_text(feature_type, "Title") or name
        box = _box_of_type(feature_type)
        if form:
            request = _request_features(service, name, version, form)
            yield build_layer(name, title, box, request)
        else:
            yield ServiceLayer(name, title, box, obstacle=MapObstacle.FORMAT)


def _list_feature_formats(root: Element) -> list[str]:
    """The formats of GetFeature, wherever a version of the standard writes them; `application/json` before others."""
    format_names = map(
        local_name,
        find_elements(root, "Capability/Request/GetFeature/ResultFormat/*"),
    )
    formats = [form for form in format_names if len(form) <= LONGEST_NAME]
    for operation in find_elements(root, "OperationsMetadata/Operation"):
        if operation.get("name") == "GetFeature":
            for parameter in find_elements(operation, "Parameter"):
                if parameter.get("name", "").lower() == "outputformat":
                    formats += [
                        read_text(value)
                        for value in find_elements(parameter, "**/Value")
                    ]
    return sorted(formats, key=lambda form: form != "application/json")


def _request_features(
    service: MapService, name: str, version: str, form: str
) -> LayerRequest:
    is_newest = version.startswith("2.")
    words = {
        "SERVICE": "WFS",
        "VERSION": version,
        "REQUEST": "GetFeature",
        "TYPENAMES" if is_newest else "TYPENAME": name,
        "COUNT" if is_newest else "MAXFEATURES": str(MOST_FEATURES),
        "OUTPUTFORMAT": form,
        "SRSNAME": DEGREES,
    }
    query = urlencode(words, quote_via=quote)
    return LayerRequest(LayerDrawing.FEATURES, add_query(service.base, query))


def _box_of_type(feature_type: Element) -> Box | None:
    if (older := find_element(feature_type, "LatLongBoundingBox")) is not None:
        return read_box(
            [older.get(side, "") for side in ("minx", "miny", "maxx", "maxy")]
        )
    box = find_element(feature_type, "WGS84BoundingBox")
    corners = f"{read_text(box, 'LowerCorner')} {read_text(box, 'UpperCorner')}"
    return read_box(corners.split())


def _read_collections(service: MapService, document: Any) -> ServiceDescription:
    """The collections of an OGC API: those of features."""
    entries = document.get("collections") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise MapServiceError(MapObstacle.UNREADABLE)
    layers = _take_layers(_read_features(service, entries))
    return ServiceDescription(_read_word(document.get("title")), layers)


def _read_features(
    service: MapService, entries: Iterable[Any]
) -> Iterator[ServiceLayer]:
    head, _, query = service.base.partition("?")
    words = "&".join(filter(None, (query, f"f=json&limit={MOST_FEATURES}")))
    for entry in entries:
        name = _read_word(entry.get("id")) if isinstance(entry, dict) else ""
        if not name:
            continue
        url = f"{head.rstrip('/')}/collections/{quote(name, safe='')}/items?{words}"
        yield build_layer(
            name,
            _read_word(entry.get("title")) or name,
            _box_of_collection(entry),
            LayerRequest(LayerDrawing.FEATURES, url),
        )


def _read_word(value: Any) -> str:
    """A name or title of JSON: a text or a whole number; empty where it is something else, or too long."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    word = str(value)
    return word if len(word) <= LONGEST_NAME else ""


def _box_of_collection(entry: Mapping[str, Any]) -> Box | None:
    try:
        sides: Any = entry["extent"]["spatial"]["bbox"][0]
    except (LookupError, TypeError):
        return None
    if not isinstance(sides, list):
        return None
    if len(sides) == WITH_HEIGHTS:
        sides = [sides[rank] for rank in (0, 1, 3, 4)]
    return read_box([str(side) for side in sides[:WITH_HEIGHTS]])
