"""QGIS itself, without a window: it opens the map service at the address given, asks it for a box, and reads other forms of the same table.

Arguments: the service (OGC API Features), then the addresses of its GeoJSON and of its CSV.
"""

import json
import os
import sys
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

for name in list(os.environ):
    if name.startswith(("CPL_", "GDAL_", "OGR_")):
        del os.environ[name]
PREFIX = Path(os.environ.get("QGIS_PREFIX_PATH", "/usr"))
sys.path.append(str(PREFIX / "lib/python3/dist-packages"))

from qgis.core import (  # noqa: E402 - after the environment that it reads
    Qgis,
    QgsApplication,
    QgsFeatureRequest,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
    QgsWkbTypes,
)

SOUTH = QgsRectangle(-4.3, 48.0, -4.15, 48.15)
"""Holds the first ten places."""


class Proxy(BaseHTTPRequestHandler):
    """Names under .localhost are not resolved everywhere: all of them are this machine."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        connection = HTTPConnection("127.0.0.1", parts.port)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("GET", path, headers=dict(self.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name not in {"connection", "content-length"}:
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def describe(layer: QgsVectorLayer) -> dict[str, object]:
    """What a person would see of a layer: its kind, fields, places and first row; those of a box by its own request."""
    places = list(layer.getFeatures())
    in_box = layer.getFeatures(QgsFeatureRequest().setFilterRect(SOUTH))
    return {
        "valid": layer.isValid(),
        "error": layer.error().message(),
        "system": layer.crs().authid(),
        "kind": QgsWkbTypes.displayString(layer.wkbType()),
        "fields": [field.name() for field in layer.fields()],
        "types": [field.typeName() for field in layer.fields()],
        "places": len(places),
        "in box": len(list(in_box)),
        "first": [str(value) for value in places[0].attributes()] if places else [],
        "where": places[0].geometry().asWkt(1) if places else "",
    }


def main(service: str, geojson: str, table: str) -> None:
    QgsApplication.setPrefixPath(str(PREFIX), True)
    application = QgsApplication([], False)
    application.setOrganizationName("tests")
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    settings = QgsSettings()
    settings.setValue("proxy/proxyEnabled", True)
    settings.setValue("proxy/proxyType", "HttpProxy")
    settings.setValue("proxy/proxyHost", "127.0.0.1")
    settings.setValue("proxy/proxyPort", str(proxy.server_port))
    application.initQgis()
    layers = {
        "service": QgsVectorLayer(f"url='{service}' typename='data' pagingEnabled='true'", "data", "OAPIF"),
        "geojson": QgsVectorLayer(f"/vsicurl/{geojson}", "data", "ogr"),
        "csv": QgsVectorLayer(f"/vsicurl/{table}", "data", "ogr"),
    }  # fmt: skip
    read = {name: describe(layer) for name, layer in layers.items()}
    print(json.dumps({"version": Qgis.QGIS_VERSION, **read}))
    layers.clear()
    application.exitQgis()


main(*sys.argv[1:])
