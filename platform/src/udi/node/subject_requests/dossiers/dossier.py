"""The dossier of a request, for a complaint to an authority or a court: what was asked, written and decided, and when."""

import json
from collections.abc import Sequence

from msgspec import to_builtins

from udi.kit.keys import Signer
from udi.node.subject_requests.dossiers.signing import DOSSIER, KEYS_PATH
from udi.node.subject_requests.queries import EntryLine, SpaceRequest


def write_dossier(
    held: SpaceRequest, entries: Sequence[EntryLine], signer: Signer, origin: str
) -> bytes:
    """The dossier as JSON, in words and signed by the node at this origin (JWS); files stand in it by name and size."""
    document = _describe_request(held, entries)
    signature = signer.sign_document(
        {"dossier": document}, kind=DOSSIER, issuer=origin, audience=origin
    )
    signed = {"dossier": document, "jws": signature, "keys": f"{origin}{KEYS_PATH}"}
    return json.dumps(signed, ensure_ascii=False, indent=1).encode()


def _describe_request(
    held: SpaceRequest, entries: Sequence[EntryLine]
) -> dict[str, object]:
    row = held.request
    return {
        "number": row.number,
        "producer": held.space.name,
        "right": row.right,
        "channel": row.channel,
        "state": row.state,
        "received_at": row.received_at.isoformat(),
        "due_on": row.due_on.isoformat(),
        "extended": row.extended,
        "was_late": row.was_late,
        "asked": {
            "concerns": row.concerns,
            "known_by": row.known_by,
            "words": row.words,
            "name": row.person_name,
            "contact": row.person_contact,
        },
        "history": [_describe(entry) for entry in entries],
    }


def _describe(entry: EntryLine) -> dict[str, object]:
    return {
        "what": entry.row.kind,
        "by": entry.row.role,
        "at": entry.row.happened_at.isoformat(),
        "files": [{"name": file.name, "bytes": file.size} for file in entry.files],
        **to_builtins(entry.content),
    }
