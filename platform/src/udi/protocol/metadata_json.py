"""What DCAT-AP says and RUDI has no field for, as the object `dcat` of RUDI's JSON; and from records of before it."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import msgspec

from udi.protocol import rudi_names
from udi.protocol.frequencies import CODES
from udi.protocol.structures import Agent, MediaMetadata, Metadata
from udi.protocol.validators import add_scheme, is_url

Document = dict[str, Any]
M = TypeVar("M", Metadata, MediaMetadata)
PAIR = 2
EMPTY: tuple[Any, ...] = (None, "", [], {}, ())
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
    described = document.get(rudi_names.METADATA)
    former = document.get(HARVESTED)
    if not isinstance(described, dict) and not isinstance(former, dict):
        return Metadata()  # of most records, which RUDI's fields hold whole
    metadata = _convert(described, Metadata)
    if metadata == Metadata() and isinstance(former, dict):
        metadata = _convert(_read_former(former), Metadata)
    return msgspec.structs.replace(
        metadata,
        publisher=_public_agent(metadata.publisher) if metadata.publisher else None,
        creators=tuple(map(_public_agent, metadata.creators)),
        rights_holders=tuple(map(_public_agent, metadata.rights_holders)),
        contact_points=tuple(
            msgspec.structs.replace(point, url=read_link(point.url))
            for point in metadata.contact_points
        ),
        landing_page=read_link(metadata.landing_page),
        documentation=_read_links(metadata.documentation),
    )


def read_frequency(document: Document) -> str:
    """The code of a record; harvested ones of before it had a field keep it among what their source wrote."""
    harvested = document.get(HARVESTED)
    earlier = harvested.get("frequency") if isinstance(harvested, dict) else None
    code = str(document.get("update_frequency") or earlier or "")
    return code if code in CODES else ""


def read_media_metadata(document: Document) -> MediaMetadata:
    """That of a file, a service or a series in RUDI's JSON."""
    described = document.get(rudi_names.METADATA)
    if not isinstance(described, dict):
        return MediaMetadata()
    metadata = _convert(described, MediaMetadata)
    return msgspec.structs.replace(
        metadata,
        access_url=read_link(metadata.access_url),
        endpoint=read_link(metadata.endpoint),
        documentation=_read_links(metadata.documentation),
    )


def _public_agent(agent: Agent) -> Agent:
    """The mail address of a person is told to nobody."""
    return msgspec.structs.replace(
        agent,
        url=read_link(agent.url),
        email="" if agent.is_person else agent.email,
    )


def read_link(address: str) -> str:
    """An address that pages may lead to, with its scheme; empty for any other that is stored."""
    return add_scheme(address) if is_url(address) else ""


def _read_links(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(link for link in map(read_link, addresses) if link)


def _convert(value: object, kind: type[M]) -> M:
    """What was written by `write_metadata`, less what has another shape; nothing where something else stands there."""
    if not isinstance(value, dict):
        return kind()
    try:
        return msgspec.convert(_without_empty_values(value), kind, strict=False)
    except msgspec.ValidationError:
        return _convert_valid_parts(value, kind)


def _convert_valid_parts(value: Document, kind: type[M]) -> M:
    """The same where something has another shape."""

    def is_valid(candidate: Any) -> bool:
        try:
            msgspec.convert(candidate, kind, strict=False)
        except msgspec.ValidationError:
            return False
        return True

    return msgspec.convert(_keep_valid(value, is_valid) or {}, kind, strict=False)


def _keep_valid(value: Any, is_valid: Callable[[Any], bool]) -> Any:
    """A value less its nulls and those of its members and entries that are not valid alone; None where nothing is left."""
    value = _without_empty_values(value)
    if value in EMPTY:
        return None
    if is_valid(value):
        return value
    valid_part: Any = None
    if isinstance(value, dict):
        members = {
            name: _keep_valid(member, partial(_is_valid_member, is_valid, name))
            for name, member in value.items()
        }
        valid_part = {name: part for name, part in members.items() if part is not None}
    elif isinstance(value, list):
        entries = (_keep_valid(entry, lambda part: is_valid([part])) for entry in value)
        valid_part = [entry for entry in entries if entry is not None]
    return valid_part if valid_part and is_valid(valid_part) else None


def _is_valid_member(is_valid: Callable[[Any], bool], name: str, member: Any) -> bool:
    return is_valid({name: member})


def _read_former(harvested: Document) -> Document:
    fields: Document = {
        name: harvested[name]
        for name in (*FORMER_LISTS, *FORMER_TEXTS, "version_notes")
        if harvested.get(name)
    }
    for name, ours in FORMER_RESOURCES.items():
        fields[ours] = [
            {"uri": pair[0], "label": pair[1]}
            for pair in _list_entries(harvested.get(name))
            if isinstance(pair, list) and len(pair) == PAIR
        ]
    fields["provenance"] = [harvested.get("provenance")]
    fields["conforms_to"] = list(
        map(_resource, _list_entries(harvested.get("conforms_to")))
    )
    publisher = harvested.get("publisher")
    if isinstance(publisher, dict):
        fields["publisher"] = {
            "name": publisher.get("name"),
            "uri": publisher.get("uri"),
            "identifier": publisher.get("id"),
        }
    return fields


def _list_entries(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _resource(text: object) -> Document:
    words = str(text)
    if words.startswith(("http://", "https://", "urn:")):
        return {"uri": words}
    return {"label": words}


def _without_empty_values(value: Any) -> Any:
    if isinstance(value, dict):
        members = {name: _without_empty_values(item) for name, item in value.items()}
        return {name: item for name, item in members.items() if item not in EMPTY}
    if isinstance(value, list | tuple):
        entries = map(_without_empty_values, value)
        return [entry for entry in entries if entry not in EMPTY]
    return value
