"""OWSLib reads an OGC API – Records: its collections, all its records page by page, and one question."""

import json
import sys

import loopback  # noqa: F401 - before anything opens a socket
from owslib.ogcapi.records import Records

base, limit = sys.argv[1], int(sys.argv[2])
service = Records(base)
[collection] = service.records()
seen, offset = [], 0
while True:
    page = service.collection_items(collection, limit=limit, offset=offset)
    seen += [record["id"] for record in page["features"]]
    offset += limit
    if not any(link["rel"] == "next" for link in page["links"]):
        break
near = service.collection_items(collection, bbox=[-4, 47, -2, 49], limit=100)
found = service.collection_items(collection, q="velos", limit=100)
print(
    json.dumps(
        {
            "conformance": service.conformance()["conformsTo"],
            "api": sorted(service.api()["paths"]),
            "title": service.collection(collection)["title"],
            "seen": seen,
            "one": service.collection_item(collection, seen[0])["properties"]["title"],
            "near": near["numberMatched"],
            "words": found["numberMatched"],
        }
    )
)
