"""frictionless reads each Data Package given: whether it is valid, its title, and where its resources are."""

import json
import sys

import loopback  # noqa: F401 - before anything opens a socket
from frictionless import Package

contents_by_url = {}
for url in sys.argv[1:]:
    package = Package(url)
    contents_by_url[url] = {
        "title": package.title,
        "paths": [resource.path for resource in package.resources],
        "errors": [
            str(error) for error in Package.metadata_validate(package.to_descriptor())
        ],
        "licences": [licence.get("name", "") for licence in package.licenses],
    }
print(json.dumps(contents_by_url))
