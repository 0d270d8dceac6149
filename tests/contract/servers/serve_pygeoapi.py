"""A real pygeoapi on loopback with the records of a file: `serve_pygeoapi.py PORT RECORDS WORKPLACE`.

RECORDS is a JSON list of records of OGC API - Records. Prints `ready` once it answers; runs in the environment of
`pygeoapi.txt`.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

PAGE = 10
LANGUAGE = "en-US"
CRS = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def settings(port: int, database: Path) -> dict[str, Any]:
    """What pygeoapi reads as its configuration."""
    where = {"name": "Tests", "url": f"http://127.0.0.1:{port}"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": where["url"], "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8", "languages": [LANGUAGE], "limits": {"default_items": PAGE, "max_items": PAGE},
            "map": {"url": "http://127.0.0.1/", "attribution": "none"}, "gzip": False, "pretty_print": False,
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "Catalogue", "description": "Records of tests", "keywords": ["tests"], "keywords_type": "theme",
                "terms_of_service": "none", "url": where["url"],
            },
            "license": {"name": "CC0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"},
            "provider": where,
            "contact": {"name": "Tests", "email": "tests@records.example", "url": where["url"]},
        },
        "resources": {
            "catalogue": {
                "type": "collection", "title": "Catalogue", "description": "Records of tests", "keywords": ["tests"],
                "links": [], "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": CRS}},
                "providers": [
                    {
                        "type": "record", "name": "TinyDBCatalogue", "data": str(database), "id_field": "externalId",
                        "time_field": "created", "title_field": "title", "editable": True,
                    }
                ],
            }
        },
    }  # fmt: skip


def main(port: int, records: Path, workplace: Path) -> None:
    """Load, then serve until stopped."""
    import tinydb  # noqa: PLC0415 - only where pygeoapi is
    import yaml  # noqa: PLC0415 - the same

    database, configuration, description = (
        workplace / name for name in ("records.db", "config.yml", "openapi.yml")
    )
    with tinydb.TinyDB(database) as document_store:
        document_store.insert_multiple(json.loads(records.read_text()))
    configuration.write_text(yaml.safe_dump(settings(port, database)))
    os.environ |= {
        "PYGEOAPI_CONFIG": str(configuration),
        "PYGEOAPI_OPENAPI": str(description),
    }
    from pygeoapi.openapi import generate_openapi_document  # noqa: PLC0415 - reads the environment as it is imported
    from pygeoapi.util import yaml_load  # noqa: F401, PLC0415

    with configuration.open() as file:
        description.write_text(generate_openapi_document(file, "yaml"))
    from pygeoapi.flask_app import APP  # noqa: PLC0415 - the same
    from werkzeug.serving import make_server  # noqa: PLC0415 - the same

    server = make_server("127.0.0.1", port, APP, threaded=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
