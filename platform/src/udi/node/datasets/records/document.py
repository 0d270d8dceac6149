"""A record as a client of RUDI wrote it, beside the answers of the form: what the one says of the other, and both in one."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from udi.node.datasets.descriptions.description import (
    FIELDS,
    LOCALE,
    TRANSLATED_FIELDS,
    Answers,
    clean_text,
    find_translations,
    is_restricted,
)
from udi.node.datasets.records.rudi_clients import AVAILABLE, as_version_4
from udi.protocol.access import AccessRights
from udi.protocol.languages import language_of
from udi.protocol.licence_terms import find_licence_code
from udi.protocol.rudi_names import METADATA
from udi.protocol.rules import dig, entries
from udi.protocol.texts import read_texts
from udi.ui.translated_texts import translated_name

Document = dict[str, Any]
FROM_ANSWERS = {
    "title": ("resource_title", "resource_titles"),
    "summary": ("synopsis", "summary"),
    "theme": ("theme",),
    "keywords": ("keywords",),
    "first_day": ("temporal_spread",),
    "last_day": ("temporal_spread",),
    "frequency": ("update_frequency",),
    "language": ("resource_languages",),
    "contact": ("contacts",),
    "area": ("geography",),
}
"""Which fields of a record an answer makes."""
RESTRICTED = ("access_condition", "confidentiality", "restricted_access")
COLLECTION = "collection_tag"
"""A record with this field is one of a trial: RUDI's nodes never send it to the portal."""
NODE_FIELDS = frozenset(
    (
        "metadata_status",
        "createdAt",
        "updatedAt",
        "publishedAt",
        "integration_error_id",
        "publication",
    )
)
"""What RUDI's nodes add to a record for their own use."""
DAY = len("2026-01-31")


def answers_of(document: Document) -> Answers:
    """What the answers of the form would be; empty where the record says nothing, or what the form does not offer."""
    texts = read_texts(document.get("summary"))
    locale = next(iter(texts), "fr")
    is_closed = bool(dig(document, *RESTRICTED))
    licence = "" if is_closed else find_licence_code(document)
    values = {
        "title": document.get("resource_title"),
        "summary": texts.get(locale),
        "theme": document.get("theme"),
        "keywords": ", ".join(map(str, document.get("keywords") or ())),
        "first_day": str(dig(document, "temporal_spread", "start_date") or "")[:DAY],
        "last_day": str(dig(document, "temporal_spread", "end_date") or "")[:DAY],
        "language": language_of(str((document.get("resource_languages") or ["fr"])[0])),
        "licence": licence,
        "access": AccessRights.RESTRICTED if is_closed else AccessRights.PUBLIC,
        "contact": next(
            (contact.get("email") for _, contact in entries(document, "contacts")), ""
        ),
    }
    answers = {name: clean_text(str(values.get(name) or "")) for name in FIELDS}
    by_language = {"title": read_texts(document.get("resource_titles"))}
    by_language["summary"] = texts
    translations = {
        translated_name(field, code): clean_text(text)
        for field in TRANSLATED_FIELDS
        for code, text in by_language[field].items()
        if code != locale
    }
    return {**answers, **translations, LOCALE: locale}


def merge_documents(
    document: Document, composed: Document, answers: Mapping[str, str]
) -> Document:
    """The record of a dataset that a client described: as it wrote it, but for what was answered since on the form.

    `composed` is the record of the answers alone; what the node knows of the file, of the producer and of dates is its.
    """
    recorded_answers = answers_of(document)
    new = {
        name
        for name in FIELDS
        if answers.get(name, "") != recorded_answers.get(name, "")
    } - {"access"}
    new |= {
        field
        for field in TRANSLATED_FIELDS
        if find_translations(answers, field)
        != find_translations(recorded_answers, field)
    }
    answered = {field for name in new for field in FROM_ANSWERS.get(name, ())}
    client_fields = {
        name: value
        for name, value in document.items()
        if name not in answered | NODE_FIELDS | {COLLECTION}
    }
    access = document.get("access_condition") or {}
    described = document.get("metadata_info") or {}
    licence = {}
    if "licence" in new:
        licence["licence"] = composed["access_condition"]["licence"]
    if is_restricted(answers) is not is_restricted(recorded_answers):
        licence["confidentiality"] = composed["access_condition"]["confidentiality"]
    return {
        **composed,
        **client_fields,
        "global_id": composed["global_id"],
        "producer": {**(document.get("producer") or {}), **composed["producer"]},
        "dataset_dates": {
            **composed["dataset_dates"],
            **_first_dates(document),
            **_update_date(composed),
        },
        "dataset_size": {
            **(document.get("dataset_size") or {}),
            **composed.get("dataset_size", {}),
        },
        "access_condition": {**composed["access_condition"], **access, **licence},
        "metadata_info": {
            **{
                name: value
                for name, value in described.items()
                if name != "metadata_provider"
            },
            **composed["metadata_info"],
        },
        "available_formats": _merge_media(
            document, composed.get("available_formats") or []
        ),
    }


def _first_dates(document: Document) -> Document:
    return {
        name: value
        for name, value in (document.get("dataset_dates") or {}).items()
        if value
    }


def _update_date(composed: Document) -> Document:
    return {"updated": composed["dataset_dates"]["updated"]}


def _merge_media(document: Document, composed: Sequence[Document]) -> list[Document]:
    """The file that is here, first, then what is elsewhere, as it was said; no file is here where none was composed."""
    every = [media for _, media in entries(document, "available_formats")]
    if not composed:
        return every
    ours = composed[0]
    about = next(
        (media for media in every if is_same_media(media, ours["media_id"])), {}
    )
    file_fields = {
        name: ours[name]
        for name in ("media_id", "media_type", "file_type", "file_size", "checksum")
    }
    connector = {**(about.get("connector") or {}), **ours["connector"]}
    of_file = {"file_columns", "file_tables"}
    described = {name: about[name] for name in about if name not in of_file}
    first = {
        **ours,
        **replace_periods(described, ours, about),
        **file_fields,
        "connector": connector,
        "file_storage_status": AVAILABLE,
    }
    return [
        first,
        *(media for media in every if not is_same_media(media, ours["media_id"])),
    ]


def forget_periods(document: Document, identifier: UUID) -> Document:
    """The same without the periods of a media."""
    media_list = [
        replace_periods(media) if is_same_media(media, identifier) else media
        for _, media in entries(document, "available_formats")
    ]
    return {**document, "available_formats": media_list}


def replace_periods(media: Document, *descriptions: Document) -> Document:
    """A media with the periods of the first of these descriptions of it that says any, or with none."""
    metadata = {
        name: value
        for name, value in (media.get(METADATA) or {}).items()
        if name != "periods"
    }
    for description in reversed(descriptions):
        if periods := (description.get(METADATA) or {}).get("periods"):
            metadata["periods"] = periods
    without = {name: value for name, value in media.items() if name != METADATA}
    return {**without, METADATA: metadata} if metadata else without


def is_same_media(media: Document, identifier: UUID | str) -> bool:
    """Whether a media of a record has this identifier, in the form that clients read or in ours."""
    media_id = str(media.get("media_id", "")).lower()
    return media_id in {str(identifier), as_version_4(identifier)}
