"""Records as RUDI's Python clients can read them: their parsers refuse what is well-formed for everybody else."""

import mimetypes
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from udi.protocol.languages import language_of
from udi.protocol.vocabulary import MediaKind

Document = dict[str, Any]
ANY_FILE = "application/octet-stream"
AVAILABLE = "available"
OFFICE = "application/vnd.openxmlformats-officedocument."
READABLE_MEDIA_TYPES = frozenset(
    (
        "application/epub+zip",
        "application/geo+json",
        "application/gzip",
        "application/json",
        "application/ld+json",
        "application/msword",
        "application/pdf",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.text",
        f"{OFFICE}presentationml.presentation",
        f"{OFFICE}spreadsheetml.sheet",
        f"{OFFICE}wordprocessingml.document",
        "application/x-7z-compressed",
        "application/x-tar",
        "application/xml",
        "application/zip",
        "image/jpeg",
        "image/png",
        "image/tiff",
        "text/css",
        "text/csv",
        "text/html",
        "text/markdown",
        "text/plain",
        "text/xml",
        ANY_FILE,
    )
)
"""Media types that both clients know; a file of another type is a file of any type for them."""


def as_version_4(identifier: object) -> str:
    """An identifier with the mark of version 4 (RFC 9562, 5.4), the only one that they read; others stay as they are.

    Ids of datasets are of that version: only those that are made from a name change, and always in the same way.
    """
    try:
        number = UUID(str(identifier)).int
    except ValueError:
        return str(identifier)
    return str(UUID(int=number, version=4))


def adapt_for_clients(record: Document) -> Document:
    """The same record, or the part of one that was asked for, for their parsers."""
    shaped = {
        **record,
        **{
            name: shape(record[name])
            for name, shape in ADAPTERS.items()
            if record.get(name)
        },
    }
    described = record.get("metadata_info")
    if described and described.get("metadata_contacts"):
        shaped["metadata_info"] = {
            **described,
            "metadata_contacts": _contacts(described["metadata_contacts"]),
        }
    return shaped


def _contacts(contacts: Iterable[Document]) -> list[Document]:
    marked = (_with_version_4_id(contact, "contact_id") for contact in contacts)
    return [
        contact
        | ({"email": str(contact["email"]).lower()} if "email" in contact else {})
        for contact in marked
    ]


def _media(media: Document) -> Document:
    url = str((media.get("connector") or {}).get("url", ""))
    if not {"media_type", "media_id", "connector"} <= media.keys():
        return _with_version_4_id(media, "media_id")
    name = (
        media.get("media_name")
        or media.get("media_caption")
        or url.rpartition("/")[2]
        or "data"
    )
    shaped = {**_with_version_4_id(media, "media_id"), "media_name": name}
    if media["media_type"] != MediaKind.FILE:
        return shaped
    declared_type = str(
        media.get("file_type") or mimetypes.guess_type(str(name))[0]
    ).partition(";")[0]
    if declared_type.removesuffix("+crypt") in READABLE_MEDIA_TYPES:
        file_type = declared_type
    else:
        file_type = ANY_FILE
    return {"file_storage_status": AVAILABLE, **shaped, "file_type": file_type}


def _with_version_4_id(value: Document, name: str) -> Document:
    if name in value:
        return {**value, name: as_version_4(value[name])}
    return value


ADAPTERS: dict[str, Callable[[Any], Any]] = {
    "producer": lambda producer: _with_version_4_id(producer, "organization_id"),
    "contacts": _contacts,
    "available_formats": lambda media: [_media(media_format) for media_format in media],
    "resource_languages": lambda tags: [language_of(tag) for tag in tags],
}
