"""rudi-node-write writes into a node, as its own programs do: log in, create, send a file, read, change, delete."""

import contextlib
import io
import json
import sys
import tempfile
import time
import uuid
from pathlib import Path

import loopback  # noqa: F401 - before anything opens a socket
from rudi_node_write.connectors.rudi_node_auth import RudiNodeAuth
from rudi_node_write.rudi_node_writer import RudiNodeWriter
from rudi_node_write.utils.err import HttpError

node, user, key, organisation, sample = sys.argv[1:6]
report = {}


def refused(call, *arguments):
    """What the client says of a refusal."""
    try:
        return call(*arguments) or ""
    except HttpError as error:
        return str(error)


def write():
    writer = RudiNodeWriter(pm_url=node, auth=RudiNodeAuth(usr=user, pwd=key))
    client = writer.connector
    report["identified"] = bool(client.test_identified_connection())
    report["versions"] = [
        client.api_version,
        client.test_connection(),
        client.portal_url,
    ]
    report["elsewhere"] = refused(
        client.get_or_create_org_with_info, "City of Testville"
    )
    producer = client.get_or_create_org_with_info(organisation)
    contact = client.get_or_create_contact_with_info("Jo", "jo@example.org")
    report["contact_again"] = (
        client.get_contact_with_email("jo@example.org").contact_id == contact.contact_id
    )
    folder = Path(tempfile.mkdtemp())
    table = folder / "élections 2008.csv"
    table.write_text("bureau;voix\n1;12\n2;30\n")
    media = writer.post_local_file_and_media_info(str(table))
    report["before"] = [
        media.file_storage_status,
        client.get_media_with_uuid(media.media_id)["media_name"],
    ]
    meta = json.loads(Path(sample).read_text()) | {
        "global_id": str(uuid.uuid4()),
        "collection_tag": None,
        "producer": producer.to_json(),
        "contacts": [contact.to_json() | {"role": "author"}],
        "available_formats": [media.to_json()],
        "summary": [
            {
                "lang": "fr",
                "text": "Une ligne par bureau.",
                "html": "<p>Une ligne par bureau.</p>",
            }
        ],
        "purpose": [{"lang": "fr", "text": "Rendre compte"}],
        "extra_of_ours": {"kept": True},
    }
    # With the field names that the client's own types drop, in the words of its untyped call.
    report["put"] = client.put_catalog("resources", meta)
    report["id"], report["media"] = meta["global_id"], media.media_id
    metadata = client.get_metadata_with_uuid(meta["global_id"])
    metadata.resource_title = "Résultats & bureaux de Kerlévan"
    writer.put_metadata(metadata)
    client._force_clean_cache()
    again = client.get_catalog(f"resources/{meta['global_id']}")
    report["merged"] = again
    report["found"] = {
        "title": [
            record["global_id"]
            for record in client.search_metadata_with_filter({"theme": "citizenship"})
        ],
        "producer": [
            record["global_id"]
            for record in client.search_metadata_with_producer(organisation)
        ],
        "contact": len(client.metadata_list),
        "media": [
            record["global_id"]
            for record in client.search_metadata_with_media_name("élections 2008.csv")
        ],
        "keywords": [
            record["global_id"]
            for record in client.search_metadata_with_keywords(["Citoyenneté", "autre"])
        ],
        "local": writer.find_metadata_with_uuid(meta["global_id"]) is not None,
        "themes": client.used_themes,
        "count": client.metadata_count,
        "dates": [
            str(client.last_metadata_update_date),
            str(client.last_data_update_date),
        ],
        "organisations": client.organization_names,
        "contacts": client.contact_names,
        "media_names": client.media_names,
        "enums": len(client.themes),
    }
    report["downloaded"] = client.download_files_for_metadata(
        meta["global_id"], tempfile.mkdtemp()
    )
    table.write_text("bureau;voix\n1;12\n2;30\n3;5\n")
    renewed = writer.post_local_file_and_media_info(str(table), media_id=media.media_id)
    latest = client.get_metadata_with_uuid(meta["global_id"])
    latest.available_formats = [renewed]
    writer.put_metadata(latest)
    report["renewed"] = client.get_catalog(f"resources/{meta['global_id']}")[
        "available_formats"
    ][0]["file_size"]
    empty = folder / "vide.csv"
    empty.write_text("")
    report["empty"] = refused(writer.post_local_file_and_media_info, str(empty))
    remote = client.put_catalog(
        "resources",
        meta
        | {
            "global_id": str(uuid.uuid4()),
            "available_formats": [
                media.to_json()
                | {
                    "media_id": str(uuid.uuid4()),
                    "connector": {
                        "url": "https://example.org/x",
                        "interface_contract": "dwnl",
                    },
                }
            ],
        },
    )
    report["elsewhere_only"] = [
        entry["connector"]["url"] for entry in remote["available_formats"]
    ]
    client.del_catalog(f"resources/{remote['global_id']}")
    doomed = dict(meta, global_id=str(uuid.uuid4()), resource_title="À retirer")
    table.write_text("bureau;voix\n9;9\n")
    doomed["available_formats"] = [
        writer.post_local_file_and_media_info(str(table)).to_json()
    ]
    client.put_catalog("resources", doomed)
    report["deleted"] = (
        client.del_catalog(f"resources/{doomed['global_id']}")["global_id"]
        == doomed["global_id"]
    )
    client._force_clean_cache()
    report["gone"] = client.get_metadata_with_uuid(doomed["global_id"]) is None
    other = RudiNodeWriter(pm_url=node, auth=RudiNodeAuth(usr=user, pwd="udi_nothing"))
    report["stranger"] = refused(other.connector.get_catalog, "resources")


output = io.StringIO()
began = time.monotonic()
with contextlib.redirect_stdout(output):
    write()
print(json.dumps(report | {"seconds": round(time.monotonic() - began, 1)}))
