"""The tiles of a WMTS that lie on the levels of web maps: others are not drawn, since the page has no other levels."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element

from udi.portal.catalogue.maps.map_services import MapService
from udi.portal.nodes.harvest.xml_tree import find_element, find_elements
from udi.portal.nodes.map_services.bounds import (
    LONGEST_TEMPLATE,
    MOST_DIMENSIONS,
    fill_template,
    read_number,
    read_text,
)
from udi.portal.nodes.map_services.layers import (
    LayerDrawing,
    LayerRequest,
    MapObstacle,
    ServiceLayer,
    add_query,
    build_layer,
    read_box,
)

WHOLE_EARTH = 559_082_264.028_717_8
"""The scale, as its denominator, of the level that shows the Earth on one tile of 256 pixels."""
EDGE = 20_037_508.342_789_24
"""Metres from the middle of the map to its edges."""
DEEPEST = 24
LARGEST_SCALE = WHOLE_EARTH * 2
SMALLEST_SCALE = WHOLE_EARTH / 2 ** (DEEPEST + 1)
TOLERANCE = 0.001
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")


@dataclass(frozen=True)
class TileMatrixSet:
    """The levels of a set that are those of web maps, by level of the whole Earth; a name is empty where one is not there."""

    name: str
    matrices: tuple[str, ...]


def read_tile_layers(service: MapService, root: Element) -> Iterator[ServiceLayer]:
    """The layers of a WMTS."""
    every_set = map(_read_matrix_set, find_elements(root, "Contents/TileMatrixSet"))
    sets = {
        readable.name: readable
        for readable in every_set
        if readable.name and readable.matrices
    }
    for layer in find_elements(root, "Contents/Layer"):
        name = read_text(layer, "Identifier")
        if not name:
            continue
        title = read_text(layer, "Title") or name
        box = find_element(layer, "WGS84BoundingBox")
        corners = f"{read_text(box, 'LowerCorner')} {read_text(box, 'UpperCorner')}"
        linked = [
            read_text(element)
            for element in find_elements(layer, "TileMatrixSetLink/TileMatrixSet")
        ]
        matrix_set = next((sets[word] for word in linked if word in sets), None)
        rectangle = read_box(corners.split())
        request = None
        if matrix_set:
            request = _request_tiles(service, layer, name, matrix_set)
        if request:
            yield build_layer(name, title, rectangle, request)
        else:
            obstacle = MapObstacle.FORMAT if matrix_set else MapObstacle.PROJECTION
            yield ServiceLayer(name, title, rectangle, obstacle=obstacle)


def _read_matrix_set(element: Element) -> TileMatrixSet:
    name = read_text(element, "Identifier")
    crs = read_text(element, "SupportedCRS").upper()
    if not crs.endswith(("3857", "900913", "102100")):
        return TileMatrixSet(name, ())
    by_level: dict[int, str] = {}
    for matrix in find_elements(element, "TileMatrix"):
        level = _level_of(matrix)
        if level is not None:
            by_level[level] = read_text(matrix, "Identifier")
    levels = range(max(by_level, default=-1) + 1)
    return TileMatrixSet(name, tuple(by_level.get(level, "") for level in levels))


def _level_of(matrix: Element) -> int | None:
    """The level of web maps that a matrix is; None where it is none of them."""
    corner = read_text(matrix, "TopLeftCorner").split()
    scale = read_number(read_text(matrix, "ScaleDenominator"))
    sides = [abs(read_number(side) or 0) for side in corner]
    sizes = {read_text(matrix, "TileWidth"), read_text(matrix, "TileHeight")}
    is_at_edge = len(sides) == 2 and all(abs(side - EDGE) < 1 for side in sides)  # noqa: PLR2004 - of a corner
    if sizes != {"256"} or not is_at_edge or scale is None:
        return None
    if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
        return None
    exact = math.log2(WHOLE_EARTH / scale)
    level = round(exact)
    return level if abs(exact - level) < TOLERANCE and 0 <= level <= DEEPEST else None


def _request_tiles(
    service: MapService, layer: Element, name: str, matrix_set: TileMatrixSet
) -> LayerRequest | None:
    offered = [read_text(element) for element in find_elements(layer, "Format")]
    picture = next((form for form in PICTURES if form in offered), "")
    if not picture:
        return None
    style = _style_of(layer)
    dimensions = {
        read_text(element, "Identifier"): read_text(element, "Default")
        for element in islice(find_elements(layer, "Dimension"), MOST_DIMENSIONS)
    }
    dimensions.pop("", None)
    if template := _find_template(layer, picture):
        values = {"Style": style, "TileMatrixSet": matrix_set.name, **dimensions}
        quoted = {word: quote(value, safe="") for word, value in values.items()}
        places = {"TileMatrix": "{matrix}", "TileRow": "{y}", "TileCol": "{x}"}
        url = fill_template(template, quoted)
        for word, place in places.items():
            url = url.replace(f"{{{word}}}", place)
        if not url:
            return None
    else:
        words = {
            "SERVICE": "WMTS",
            "VERSION": "1.0.0",
            "REQUEST": "GetTile",
            "LAYER": name,
            "STYLE": style,
            "FORMAT": picture,
            "TILEMATRIXSET": matrix_set.name,
            **{word: value for word, value in dimensions.items() if value},
        }
        query = urlencode(words, quote_via=quote)
        tile = "TILEMATRIX={matrix}&TILEROW={y}&TILECOL={x}"
        url = add_query(service.base, f"{query}&{tile}")
    return LayerRequest(LayerDrawing.TILES, url, matrices=matrix_set.matrices)


def _style_of(layer: Element) -> str:
    """The identifier of the default style, else of the first."""
    styles = list(find_elements(layer, "Style"))
    default = next(
        (style for style in styles if style.get("isDefault") == "true"), None
    )
    chosen = default if default is not None else next(iter(styles), None)
    return read_text(chosen, "Identifier")


def _find_template(layer: Element, picture: str) -> str:
    """The address of tiles of a layer with places for their level, row and column; empty where it gives none."""
    templates = [
        element.get("template", "")
        for element in find_elements(layer, "ResourceURL")
        if element.get("resourceType") == "tile" and element.get("format") == picture
    ]
    return next(
        (template for template in templates if 0 < len(template) <= LONGEST_TEMPLATE),
        "",
    )
