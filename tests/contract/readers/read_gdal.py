"""GDAL, which QGIS reads with, opens the address given: its fields, how many places, and where the first is."""

import json
import sys

from pyogrio.raw import read

facts, _, places, fields = read(sys.argv[1])
print(
    json.dumps(
        {
            "fields": [str(name) for name in facts["fields"]],
            "places": len(places),
            "kind": facts["geometry_type"],
            "first": [str(column[0]) for column in fields],
        }
    )
)
