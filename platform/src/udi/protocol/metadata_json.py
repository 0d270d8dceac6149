"""What DCAT-AP says and RUDI has no field for, as the object `dcat` of RUDI's JSON; and from records of before it."""

from typing import Any, TypeVar

import msgspec

from udi.protocol import rudi_names
from udi.protocol.frequencies import CODES
from udi.protocol.structures import Agent, MediaMetadata, Metadata, NamedResource

Document = dict[str, Any]
M = TypeVar("M", Metadata, MediaMetadata)
HARVESTED = "harvested"
"""Under this name of a record's `extra` is what its source wrote and no field can hold."""
FORMER_TEXTS = ("version", "access")
FORMER_LISTS = ("themes", "hvd_categories", "applicable_legislation", "documentation")
FORMER_RESOURCES = {"places": "places", "themes_other": "subjects"}


def write_metadata(metadata: Metadata | MediaMetadata) -> Document:
    """Only what is said: fields without a value are left out."""
    document: Document = _without_empty_values(msgspec.to_builtins(metadata))
    return document


def read_metadata(document: Document) -> Metadata:
    """That of a record in RUDI's JSON; of records harvested before it had a field, what their source wrote."""
    metadata = _convert(document.get(rudi_names.METADATA), Metadata)
    former = document.get(HARVESTED)
    if metadata == Metadata() and isinstance(former, dict):
        return _read_former(former)
    return metadata


def read_frequency(document: Document) -> str:
    """The code of a record; harvested ones of before it had a field keep it among what their source wrote."""
    harvested = document.get(HARVESTED)
    earlier = harvested.get("frequency") if isinstance(harvested, dict) else None
    code = str(document.get("update_frequency") or earlier or "")
    return code if code in CODES else ""


def read_media_metadata(document: Document) -> MediaMetadata:
    """That of a file, a service or a series in RUDI's JSON."""
    return _convert(document.get(rudi_names.METADATA), MediaMetadata)


def _convert(value: object, kind: type[M]) -> M:
    """What was written by `write_metadata`; nothing where something else stands there."""
    if not isinstance(value, dict):
        return kind()
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return kind()


def _read_former(harvested: Document) -> Metadata:
    fields: Document = {
        name: harvested[name]
        for name in (*FORMER_LISTS, *FORMER_TEXTS, "version_notes")
        if harvested.get(name)
    }
    for name, ours in FORMER_RESOURCES.items():
        fields[ours] = [
            {"uri": uri, "label": label} for uri, label in harvested.get(name) or ()
        ]
    provenance = harvested.get("provenance")
    publisher = harvested.get("publisher")
    metadata = _convert(fields, Metadata)
    return msgspec.structs.replace(
        metadata,
        provenance=(provenance,) if isinstance(provenance, dict) else (),
        conforms_to=tuple(map(_resource, harvested.get("conforms_to") or ())),
        publisher=_read_former_publisher(publisher)
        if isinstance(publisher, dict)
        else None,
    )


def _resource(text: object) -> NamedResource:
    words = str(text)
    if words.startswith(("http://", "https://", "urn:")):
        return NamedResource(uri=words)
    return NamedResource(label=words)


def _read_former_publisher(publisher: Document) -> Agent:
    name = publisher.get("name")
    return Agent(
        name=name if isinstance(name, dict) else {},
        uri=str(publisher.get("uri") or ""),
        identifier=str(publisher.get("id") or ""),
    )


def _without_empty_values(value: Any) -> Any:
    if isinstance(value, dict):
        members = {name: _without_empty_values(item) for name, item in value.items()}
        return {
            name: item
            for name, item in members.items()
            if item not in (None, "", [], {}, ())
        }
    if isinstance(value, list | tuple):
        return [_without_empty_values(item) for item in value]
    return value
