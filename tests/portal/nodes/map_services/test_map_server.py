"""A real server of maps, MapServer: what it says of itself is read, and what a page then asks of it is a map of the place."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from udi.portal.catalogue.maps.map_services import MapService, MapServiceKind
from udi.portal.nodes.map_services.capabilities import (
    capabilities_url,
    read_description,
)
from udi.portal.nodes.map_services.layers import LayerDrawing, ServiceLayer

PROGRAM = shutil.which("mapserv", path=f"{os.environ['PATH']}:/usr/lib/cgi-bin")
PARKS = [("Landes", -3.0), ("Étang", -2.9)]
EAST_OF_BREST = (-445277.96, 6105178.32, -222638.98, 6327817.29)
"""A square in Web Mercator, with both parks in it."""
PNG = b"\x89PNG\r\n\x1a\n"
MAP = """MAP
  NAME "armor"
  EXTENT -5 47 -1 49
  SIZE 400 400
  PROJECTION "init=epsg:4326" END
  OUTPUTFORMAT NAME "geojson" DRIVER "OGR/GEOJSON" MIMETYPE "application/json; subtype=geojson"
    FORMATOPTION "STORAGE=stream" FORMATOPTION "FORM=SIMPLE" END
  WEB METADATA
    "ows_title" "Cartes" "ows_onlineresource" "{origin}/wms?" "ows_srs" "EPSG:4326 EPSG:3857" "ows_enable_request" "*"
    "oga_onlineresource" "{origin}/ogc/armor/ogcapi" "wfs_getfeature_formatlist" "geojson,gml"
  END END
  LAYER
    NAME "parcs" TYPE POLYGON STATUS ON TEMPLATE "void"
    CONNECTIONTYPE OGR CONNECTION "{data}" DATA "parcs"
    PROJECTION "init=epsg:4326" END
    METADATA "ows_title" "Parcs" "oga_title" "Parcs" "gml_include_items" "all" "gml_featureid" "nom" END
    CLASS STYLE COLOR 0 120 0 END END
  END
END
"""

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="needs MapServer (Debian: apt install cgi-mapserver)"
)


def square(name: str, west: float) -> dict[str, object]:
    corners = [
        [west, 48.0],
        [west + 0.05, 48.0],
        [west + 0.05, 48.1],
        [west, 48.1],
        [west, 48.0],
    ]
    shape = {"type": "Polygon", "coordinates": [corners]}
    return {"type": "Feature", "properties": {"nom": name}, "geometry": shape}


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The program behind an HTTP server on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            script = f"/{parts.path.split('/')[1]}"
            environment = {
                "REQUEST_METHOD": "GET",
                "QUERY_STRING": parts.query,
                "SCRIPT_NAME": script,
                "HTTP_ACCEPT": self.headers.get("Accept", ""),
                "SERVER_NAME": "127.0.0.1",
                "SERVER_PORT": str(self.server.server_address[1]),
                "MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf"),
                "PATH": os.environ["PATH"],
            }
            if script == "/ogc":
                environment["PATH_INFO"] = parts.path.removeprefix(script)
            else:
                environment["MS_MAPFILE"] = str(folder / "armor.map")
            answer = subprocess.run(
                [str(PROGRAM)], env=environment, capture_output=True, check=True
            ).stdout
            head, _, body = answer.partition(b"\r\n\r\n")
            self.send_response(200)
            for line in head.decode().splitlines():
                self.send_header(*line.split(": ", 1))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        origin = f"http://127.0.0.1:{server.server_address[1]}"
        data = folder / "parcs.geojson"
        features = [square(*park) for park in PARKS]
        collection = {"type": "FeatureCollection", "name": "parcs"}
        data.write_text(json.dumps({**collection, "features": features}))
        (folder / "armor.map").write_text(MAP.format(origin=origin, data=data))
        (folder / "mapserver.conf").write_text(
            f'CONFIG ENV MS_MAP_NO_PATH "1" END MAPS ARMOR "{folder}/armor.map" END END\n'
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield origin
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path) as address:
        yield address


def read_layer(kind: MapServiceKind, url: str, version: str = "") -> ServiceLayer:
    """The layer of the parks, as the service says it to somebody who asks as the portal does."""
    service = MapService(kind, url)
    address = capabilities_url(service) + (f"&VERSION={version}" if version else "")
    is_json = kind is MapServiceKind.FEATURES
    accepted = "application/json" if is_json else "application/xml, text/xml"
    answer = httpx.get(address, headers={"Accept": accepted})
    layers = read_description(service, answer.content).layers
    [layer] = [one for one in layers if one.title == "Parcs"]
    assert layer.box is not None
    assert [round(side, 2) for side in layer.box] == [-3.0, 48.0, -2.85, 48.1]
    return layer


@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_pictures_of_a_wms_are_drawn(origin: str, version: str) -> None:
    layer = read_layer(MapServiceKind.WMS, f"{origin}/wms", version)

    assert layer.request is not None
    west, south, east, north = EAST_OF_BREST
    address = layer.request.url.format(west=west, south=south, east=east, north=north)
    picture = httpx.get(address)
    elsewhere = httpx.get(layer.request.url.format(west=0, south=0, east=9, north=9))

    assert layer.request.drawing is LayerDrawing.IMAGES
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(PNG)
    assert elsewhere.content.startswith(PNG)
    assert picture.content != elsewhere.content


@pytest.mark.parametrize("version", ["2.0.0", "1.1.0", "1.0.0"])
def test_features_of_a_wfs_are_longitude_first(origin: str, version: str) -> None:
    layer = read_layer(MapServiceKind.WFS, f"{origin}/wms", version)

    assert layer.request is not None
    features = httpx.get(layer.request.url).json()["features"]

    assert [one["properties"]["nom"] for one in features] == ["Landes", "Étang"]
    assert features[0]["geometry"]["coordinates"][0][0] == [-3.0, 48.0]


def test_features_of_an_ogc_api_are_read(origin: str) -> None:
    layer = read_layer(MapServiceKind.FEATURES, f"{origin}/ogc/armor/ogcapi")

    assert layer.request is not None
    features = httpx.get(layer.request.url).json()["features"]

    assert [one["properties"]["nom"] for one in features] == ["Landes", "Étang"]
    assert features[0]["geometry"]["coordinates"][0][0] == [-3.0, 48.0]
