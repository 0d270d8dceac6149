"""ckanapi reads a CKAN: every package by its list and by its search, and what is not there."""

import json
import sys

import loopback  # noqa: F401 - before anything opens a socket
import ckanapi

ckan = ckanapi.RemoteCKAN(sys.argv[1])
rows = int(sys.argv[2])
identifiers = []
start = 0
while page := ckan.action.package_search(rows=rows, start=start)["results"]:
    identifiers += [package["id"] for package in page]
    start += rows
try:
    ckan.action.package_show(id="nothing-here")
    missing = ""
except ckanapi.NotFound as error:
    missing = str(error)
got = ckanapi.RemoteCKAN(sys.argv[1], get_only=True)
print(
    json.dumps(
        {
            "listed": ckan.action.package_list(),
            "found": identifiers,
            "title": got.action.package_show(id=identifiers[0])["title"],
            "producers": got.action.organization_list(),
            "missing": missing,
        }
    )
)
