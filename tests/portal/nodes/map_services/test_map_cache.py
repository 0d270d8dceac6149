"""What a MapCache 1.14 answered, recorded: its description is read, and the tiles that a page then asks for are those that it gave.

Recorded by its CGI program, with one tileset on the levels of web maps from 6 to 9 and on those of degrees, asked as `http://tuiles.example/mapcache/wmts`.
"""

from pathlib import Path

import pytest

from udi.portal.catalogue.maps.map_services import MapService, MapServiceKind
from udi.portal.nodes.map_services.capabilities import (
    capabilities_url,
    read_description,
)
from udi.portal.nodes.map_services.layers import LayerDrawing, ServiceLayer

ADDRESS = "http://tuiles.example/mapcache/wmts"
CAPABILITIES = Path(__file__).with_name("mapcache.xml")
BREST = (8, 125, 88)
"""Level, column and row of a tile."""
TILES = {
    f"{ADDRESS}/1.0.0/parcs/default/GoogleMapsCompatible/8/88/125.png": "image/png",
    f"{ADDRESS}?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile&LAYER=parcs&STYLE=default&FORMAT=image%2Fpng"
    "&TILEMATRIXSET=GoogleMapsCompatible&TILEMATRIX=8&TILEROW=88&TILECOL=125": "image/png",
}
"""What it gave, by address: both its ways to ask for one tile."""


def read_layer(body: bytes) -> ServiceLayer:
    """The only layer of the service."""
    service = MapService(MapServiceKind.WMTS, ADDRESS)
    [layer] = read_description(service, body).layers
    return layer


def address_of(layer: ServiceLayer, tile: tuple[int, int, int]) -> str:
    """The address of a tile, as the script of the page makes it."""
    assert layer.request is not None
    level, column, row = tile
    values = {"matrix": layer.request.matrices[level], "x": column, "y": row}
    return layer.request.url.format(**values)


def test_the_tiles_that_a_map_cache_describes_are_those_that_it_gives() -> None:
    layer = read_layer(CAPABILITIES.read_bytes())

    assert layer.request is not None
    assert layer.request.drawing is LayerDrawing.TILES
    assert (layer.title, layer.box) == ("Parcs", (-3.0, 48.0, -2.85, 48.1))
    assert layer.request.matrices == tuple(str(level) for level in range(22))
    assert TILES[address_of(layer, BREST)] == "image/png"


def test_a_map_cache_without_templates_is_asked_with_words() -> None:
    body = CAPABILITIES.read_bytes()
    template = body[body.index(b"<ResourceURL") : body.index(b"</Layer>")]

    layer = read_layer(body.replace(template, b""))

    assert TILES[address_of(layer, BREST)] == "image/png"


@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}?"])
def test_a_map_cache_is_asked_for_its_description_as_it_answers(address: str) -> None:
    service = MapService(MapServiceKind.WMTS, address)

    assert (
        capabilities_url(service) == f"{ADDRESS}?SERVICE=WMTS&REQUEST=GetCapabilities"
    )
