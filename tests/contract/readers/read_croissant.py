"""mlcroissant reads each address given: the errors and warnings it has, and the name it finds."""

import json
import sys

import loopback  # noqa: F401 - before anything opens a socket
import mlcroissant as mlc

contents_by_url = {}
for url in sys.argv[1:]:
    dataset = mlc.Dataset(url)
    issues = dataset.metadata.ctx.issues
    contents_by_url[url] = {
        "name": dataset.metadata.name,
        "files": [file.content_url for file in dataset.metadata.file_objects],
        "errors": sorted(issues.errors),
        "warnings": sorted(issues.warnings),
    }
print(json.dumps(contents_by_url))
