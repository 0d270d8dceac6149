"""rudi-node-read reads a node: all its records, one of them, what is counted, what its own filters find."""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

import loopback  # noqa: F401 - before anything opens a socket
from rudi_node_read.rudi_node_reader import RudiNodeReader

report = {}
with contextlib.redirect_stdout(io.StringIO()):
    reader = RudiNodeReader(sys.argv[1])
    records = reader.metadata_list
    first = records[0]
    report["ids"] = [item["global_id"] for item in records]
    report["count"] = reader.metadata_count
    report["one"] = reader.connector.get_metadata_with_uuid(first["global_id"])[
        "global_id"
    ]
    report["typed"] = reader.connector.get_rudi_meta_with_uuid(
        first["global_id"]
    ).global_id
    report["filtered"] = [
        item["global_id"] for item in reader.filter_metadata({"theme": first["theme"]})
    ]
    report["themes"] = reader.connector.get_api("resources?count_by=theme")
    report["names"] = [
        reader.themes,
        reader.keywords,
        reader.organization_names,
        reader.contact_names,
    ]
    folder = tempfile.mkdtemp()
    report["downloaded"] = len(
        reader.download_files_for_metadata(first["global_id"], folder)["downloaded"]
    )
    report["sizes"] = [item.stat().st_size for item in Path(folder).iterdir()]
    report["asked"] = reader.connector.get_metadata_with_filter(
        {"theme": first["theme"]}
    )["total"]
print(json.dumps(report))
