"""One of RUDI's two clients reads a whole catalogue, page by page, and makes objects of its own of every record."""

import contextlib
import importlib
import io
import json
import sys
import time

import loopback  # noqa: F401 - before anything opens a socket

which, node, *login = sys.argv[1:]
began = time.monotonic()
with contextlib.redirect_stdout(io.StringIO()):
    if which == "write":
        from rudi_node_write.connectors.rudi_node_auth import RudiNodeAuth
        from rudi_node_write.rudi_node_writer import RudiNodeWriter

        client = RudiNodeWriter(
            pm_url=node, auth=RudiNodeAuth(usr=login[0], pwd=login[1])
        )
    else:
        from rudi_node_read.rudi_node_reader import RudiNodeReader

        client = RudiNodeReader(node)
    if which == "write":
        records = client.connector.metadata_list
    else:
        records = client.metadata_list
    if which == "write":
        count = client.connector.metadata_count
    else:
        count = client.metadata_count
    parser = importlib.import_module(
        f"rudi_node_{which}.rudi_types.rudi_meta"
    ).RudiMetadata
    parsed_ids = [parser.from_json(record).global_id for record in records]
summary = {
    "ids": sorted(record["global_id"] for record in records),
    "count": count,
    "typed": len(parsed_ids),
}
print(json.dumps(summary | {"seconds": round(time.monotonic() - began, 1)}))
