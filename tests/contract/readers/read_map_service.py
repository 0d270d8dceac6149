"""GDAL's client of OGC API Features, which QGIS has too, opens the service at the address given: its layers, fields and places.

It follows the links that the service gives. The node forbids its own GDAL every address, by the environment that this
process inherits from the tests: it is dropped.
"""

import json
import os
import sys

for name in list(os.environ):
    if name.startswith(("CPL_", "GDAL_", "OGR_")):
        del os.environ[name]

from pyogrio import list_layers  # noqa: E402 - after the environment that it reads
from pyogrio.raw import read  # noqa: E402 - the same

address = f"OAPIF:{sys.argv[1]}"
facts, _, places, fields = read(address)
print(
    json.dumps(
        {
            "layers": [str(layer) for layer, _ in list_layers(address)],
            "fields": [str(name) for name in facts["fields"]],
            "places": len(places),
            "kind": facts["geometry_type"],
            "first": [str(column[0]) for column in fields],
        }
    )
)
