"""QGIS itself, without a window: it opens the map service of a table, asks it for a box, and reads other forms of the table.

Arguments: the origin of the node, then paths there: of the service (OGC API Features), of files.
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
    QgsApplication,
    QgsFeatureRequest,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

SOUTH = QgsRectangle(-4.3, 48.0, -4.15, 48.1095)
"""Holds the first ten places of each year."""


class Gateway(BaseHTTPRequestHandler):
    """QGIS resolves no name under .localhost: it asks this address, which asks the node, and puts itself into the links."""

    node = ""

    def do_GET(self) -> None:
        host = urlsplit(self.node).netloc
        connection = HTTPConnection("127.0.0.1", urlsplit(self.node).port)
        headers = {"Host": host, "Accept": self.headers.get("Accept", "*/*")}
        connection.request("GET", self.path, headers=headers)
        answer = connection.getresponse()
        gateway_url = f"http://127.0.0.1:{self.server.server_port}"
        content = answer.read().replace(self.node.encode(), gateway_url.encode())
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
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


def main(node: str, service: str, *files: str) -> None:
    Gateway.node = node
    gateway = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    gateway_url = f"http://127.0.0.1:{gateway.server_port}"
    QgsApplication.setPrefixPath(str(PREFIX), True)
    application = QgsApplication([], False)
    application.initQgis()
    layers = {
        "service": QgsVectorLayer(f"url='{gateway_url}{service}' typename='data' pagingEnabled='true'", "data", "OAPIF"),
    }  # fmt: skip
    for path in files:
        name = path.rpartition(".")[2]
        layers[name] = QgsVectorLayer(f"/vsicurl/{node}{path}", "data", "ogr")
    print(json.dumps({name: describe(layer) for name, layer in layers.items()}))
    layers.clear()
    application.exitQgis()


main(*sys.argv[1:])
