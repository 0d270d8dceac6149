"""OWSLib reads an OGC API – Records: its collections, all its records by counting and by following `next`, and one question."""

import json
import sys
from urllib.parse import parse_qsl, urlsplit

import loopback  # noqa: F401 - before anything opens a socket
from owslib.ogcapi.records import Records

base = sys.argv[1]
limit = int(sys.argv[2])
service = Records(base)
[collection] = service.records()
seen = []
offset = 0
while True:
    page = service.collection_items(collection, limit=limit, offset=offset)
    seen += [record["id"] for record in page["features"]]
    offset += limit
    if not any(link["rel"] == "next" for link in page["links"]):
        break
followed = []
page = service.collection_items(collection, limit=limit)
while True:
    followed += [record["id"] for record in page["features"]]
    after = [link["href"] for link in page["links"] if link["rel"] == "next"]
    if not after:
        break
    page = service.collection_items(
        collection, **dict(parse_qsl(urlsplit(after[0]).query))
    )
near = service.collection_items(collection, bbox=[-4, 47, -2, 49], limit=100)
matches = service.collection_items(collection, q="velos", limit=100)
print(
    json.dumps(
        {
            "conformance": service.conformance()["conformsTo"],
            "api": sorted(service.api()["paths"]),
            "title": service.collection(collection)["title"],
            "seen": seen,
            "followed": followed,
            "one": service.collection_item(collection, seen[0])["properties"]["title"],
            "near": near["numberMatched"],
            "words": matches["numberMatched"],
        }
    )
)
