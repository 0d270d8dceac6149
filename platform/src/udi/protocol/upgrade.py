"""Bringing a record of an older RUDI node to version 1.4.1, as a node does before it sends it.

Only what has one meaning is changed: an old theme label, digits between quotes, a field in its former place, fields
that never leave a node, `confidentiality` where an open licence answers for it. What is missing stays missing, and a
record that says anywhere that it is restricted or personal is never made open.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from udi.protocol import fault_kinds
from udi.protocol.faults import FaultCode, InvalidRecord
from udi.protocol.licences import RUDI_LICENCES, find_licence
from udi.protocol.rudi_names import COUNTERS
from udi.protocol.rules import dig, entries
from udi.protocol.scan import json_type, scan
from udi.protocol.themes import translate_theme
from udi.protocol.vocabulary import CURRENT_VERSION, DOWNLOAD, VERSIONS, MediaKind

Document = dict[str, Any]
DIGITS = re.compile(r"[0-9]{1,18}")
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NAIVE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?", re.ASCII)
NODE_ONLY = (
    "collection_tag",
    "metadata_status",
    "integration_error_id",
    "publishedAt",
    "createdAt",
    "updatedAt",
    "restricted_access",
    "_id",
    "__v",
)
NODE_ONLY_OF_MEDIA = ("file_storage_status", "file_status_update", "_id")
DATED = ("dataset_dates", "temporal_spread")
CONFIDENTIALITY = ("restricted_access", "gdpr_sensitive")
"""Fields of `confidentiality`, which older nodes wrote elsewhere in the record."""
CONFIDENTIALITY_PLACE = ("access_condition", "confidentiality")


def upgrade_record(data: object) -> Document:
    """A copy of the record in version 1.4.1, still to be validated; an unsupported version is left as it is.

    Raises:
        InvalidRecord: this is not an object, or it is too deep or too large to be walked (ERR-101).
    """
    if not isinstance(data, dict):
        raise InvalidRecord([fault_kinds.NOT_A_RECORD.at("", received=json_type(data))])
    unfit = [fault for fault in scan(data) if fault.code is FaultCode.BAD_DOCUMENT]
    if unfit:
        raise InvalidRecord(unfit)
    record: Document = _without_nulls(deepcopy(data))
    for step in STEPS:
        step(record)
    return record


def _drop_node_fields(record: Document) -> None:
    for name in NODE_ONLY:
        record.pop(name, None)
    for _, media in entries(record, "available_formats"):
        for name in NODE_ONLY_OF_MEDIA:
            media.pop(name, None)


def _translate_theme(record: Document) -> None:
    theme = record.get("theme")
    if isinstance(theme, str):
        record["theme"] = translate_theme(theme) or theme


def _convert_digits(record: Document) -> None:
    for _, media in entries(record, "available_formats"):
        for name in ("file_size", *COUNTERS):
            value = media.get(name)
            if isinstance(value, str) and DIGITS.fullmatch(value.strip()):
                media[name] = int(value)


def _move_encoding(record: Document) -> None:
    for _, media in entries(record, "available_formats"):
        encoding = dig(media, "checksum", "file_encoding")
        if isinstance(encoding, str):
            del media["checksum"]["file_encoding"]
            media.setdefault("file_encoding", encoding.removeprefix("charset="))


def _set_file_contracts(record: Document) -> None:
    for _, media in entries(record, "available_formats"):
        connector = media.get("connector")
        if media.get("media_type") == MediaKind.FILE and isinstance(connector, dict):
            connector.setdefault("interface_contract", DOWNLOAD)


def _localise_licence_labels(record: Document) -> None:
    licence = dig(record, "access_condition", "licence")
    label = dig(licence, "custom_licence_label")
    if isinstance(label, str):
        licence["custom_licence_label"] = [{"lang": "fr", "text": label}]


def _take_over_confidentiality(record: Document) -> None:
    """Data that are restricted or personal by a field in another place are so by `confidentiality`, and restricted."""
    misplaced = {name for name in CONFIDENTIALITY if _says_elsewhere(record, name)}
    access = record.get("access_condition")
    if not misplaced or not isinstance(access, dict):
        return
    confidentiality = access.setdefault("confidentiality", {})
    if isinstance(confidentiality, dict):
        confidentiality["restricted_access"] = True
        confidentiality.setdefault("gdpr_sensitive", False)
        confidentiality.update(dict.fromkeys(misplaced, True))


def _says_elsewhere(value: Any, name: str, place: tuple[str, ...] = ()) -> bool:
    """Whether a field of this name stands outside `confidentiality` with anything but false."""
    if isinstance(value, list):
        return any(_says_elsewhere(entry, name, place) for entry in value)
    if not isinstance(value, dict) or place == CONFIDENTIALITY_PLACE:
        return False
    return value.get(name, False) is not False or any(
        _says_elsewhere(entry, name, (*place, key)) for key, entry in value.items()
    )


def _infer_open_access(record: Document) -> None:
    """Before 1.3.0 nodes did not say `confidentiality`, and what they published under these licences was public."""
    access = record.get("access_condition")
    licence = dig(access, "licence")
    wording = dig(licence, "licence_label") or dig(licence, "custom_licence_uri")
    known = find_licence(wording) if isinstance(wording, str) else None
    if isinstance(access, dict) and known and known.code in RUDI_LICENCES:
        access.setdefault(
            "confidentiality", {"restricted_access": False, "gdpr_sensitive": False}
        )


def _complete_moments(record: Document) -> None:
    for holder in (
        *(record.get(name) for name in DATED),
        dig(record, "metadata_info", "metadata_dates"),
    ):
        for name, value in holder.items() if isinstance(holder, dict) else ():
            if isinstance(value, str) and DAY.fullmatch(value):
                holder[name] = f"{value}T00:00:00Z"
            elif isinstance(value, str) and NAIVE.fullmatch(value):
                holder[name] = f"{value}Z"


def _set_current_version(record: Document) -> None:
    info = record.get("metadata_info")
    if isinstance(info, dict) and info.get("api_version") in VERSIONS:
        info["api_version"] = CURRENT_VERSION
        info.pop("metadata_provider", None)


STEPS: tuple[Callable[[Document], None], ...] = (
    _take_over_confidentiality,
    _infer_open_access,
    _drop_node_fields,
    _translate_theme,
    _convert_digits,
    _move_encoding,
    _set_file_contracts,
    _localise_licence_labels,
    _complete_moments,
    _set_current_version,
)


def _without_nulls(value: Any) -> Any:
    # Nested no deeper than `scan` allows.
    if isinstance(value, dict):
        return {
            name: _without_nulls(item)
            for name, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
