"""rudi-node-read reads a node: all its records, one of them, what is counted, what its own filters find."""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

import loopback  # noqa: F401 - before anything opens a socket
from rudi_node_read.rudi_node_reader import RudiNodeReader

found = {}
with contextlib.redirect_stdout(io.StringIO()):
    reader = RudiNodeReader(sys.argv[1])
    records = reader.metadata_list
    first = records[0]
    found["ids"] = [each["global_id"] for each in records]
    found["count"] = reader.metadata_count
    found["one"] = reader.connector.get_metadata_with_uuid(first["global_id"])[
        "global_id"
    ]
    found["typed"] = reader.connector.get_rudi_meta_with_uuid(
        first["global_id"]
    ).global_id
    found["filtered"] = [
        each["global_id"] for each in reader.filter_metadata({"theme": first["theme"]})
    ]
    found["themes"] = reader.connector.get_api("resources?count_by=theme")
    found["names"] = [
        reader.themes,
        reader.keywords,
        reader.organization_names,
        reader.contact_names,
    ]
    folder = tempfile.mkdtemp()
    found["downloaded"] = len(
        reader.download_files_for_metadata(first["global_id"], folder)["downloaded"]
    )
    found["sizes"] = [each.stat().st_size for each in Path(folder).iterdir()]
    found["asked"] = reader.connector.get_metadata_with_filter(
        {"theme": first["theme"]}
    )["total"]
print(json.dumps(found))
