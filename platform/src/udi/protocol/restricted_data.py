"""What a record tells everybody of restricted data: nothing that is made of their cells, and no open licence.

Whoever knows a digest, an exact size, a number of rows or how a file is written tries values of the hidden cells until
one fits. RUDI asks a size and a digest of every file: a restricted one has those of no bytes at all, which is what
everybody may read of it. `docs/reference/agreements.md` says where the true ones are given. The address of a link or of a
service stays: its producer gives it as public, and no node guards what is elsewhere.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from udi.protocol.access import AccessRights
from udi.protocol.licences import LICENCES, RUDI_LICENCES, find_licence
from udi.protocol.rudi_names import METADATA
from udi.protocol.texts import Texts, read_texts, write_texts
from udi.protocol.vocabulary import MediaKind

Document = dict[str, Any]
NO_SIZE = 0
"""Of a file whose size is not published."""
NO_CHECKSUM = {"algo": "SHA-256", "hash": hashlib.sha256(b"").hexdigest()}
TERMS = "/access-policy"
"""End of the address of the terms under which a dataset is opened."""
TERMS_OF_AGREEMENT: Texts = {
    "fr": "Conditions de la convention, projet par projet",
    "en": "Terms of the agreement, project by project",
    "es": "Condiciones del acuerdo, proyecto por proyecto",
}
"""What stands in the place of a licence."""
FORMER_TERMS: Texts = {"es": "Condiciones del convenio, proyecto por proyecto"}
"""How the same was worded before: records that were stored or pushed then have it."""
FORMER_LICENCE: Texts = {
    "fr": "Ces données étaient ouvertes jusqu’au %(day)s, sous la licence « %(licence)s » : les copies faites jusque-là"
    " restent sous cette licence.",
    "en": "These data were open until %(day)s, under the licence “%(licence)s”: copies made until then stay under that"
    " licence.",
    "es": "Estos datos estuvieron abiertos hasta el %(day)s, con la licencia «%(licence)s»: las copias hechas hasta entonces"
    " siguen con esa licencia.",
}
"""What stays of the licence of data that were open before."""
PUBLIC_MEDIA_FIELDS = frozenset(
    (
        "media_type",
        "media_id",
        "media_name",
        "media_names",
        "media_caption",
        "media_role",
        "media_access",
        "media_visual",
        "media_dates",
        "connector",
        "file_type",
        "file_storage_status",
        "file_status_update",
        "api_documentation_url",
        "latency",
        "period",
    )
)
"""Fields of a file, a service or a series that say nothing of what is in it; every other is left out."""
PUBLIC_MEDIA_METADATA = frozenset(
    (
        "captions",
        "rights",
        "rights_statements",
        "endpoint",
        "format",
        "media_type",
        "status",
        "availability",
        "languages",
        "documentation",
    )
)
"""The same, of what DCAT-AP says of a distribution."""
FIELD_COUNT = "number_of_fields"


def address_of_terms(origin: str, dataset_id: UUID) -> str:
    """The page, on the portal of this origin, of the terms under which a dataset is opened."""
    return f"{origin}/data/{dataset_id}{TERMS}"


def is_terms_of_agreement(label: Texts) -> bool:
    """Whether this names the terms of an agreement, in all of the languages here or in some, as before there were more.

    The wording of a language is the present one or a former one.
    """
    wordings = TERMS_OF_AGREEMENT.items() | FORMER_TERMS.items()
    return bool(label) and label.items() <= wordings


def write_former_licence(code: str, day: date) -> Texts:
    """The sentence about the licence that data had until a day, by language."""
    licence = LICENCES[code]
    return {
        language: words % {"day": day.isoformat(), "licence": licence.name[language]}
        for language, words in FORMER_LICENCE.items()
    }


def is_restricted(document: Mapping[str, Any]) -> bool:
    """Whether a record, in RUDI's JSON, is about restricted data."""
    access = document.get("access_condition") or {}
    return bool((access.get("confidentiality") or {}).get("restricted_access"))


def is_placeholder(media: Document) -> bool:
    """Whether the size and the digest of a file are those of no bytes, which stand for «not published»."""
    checksum = media.get("checksum") or {}
    return (
        media.get("file_size") == NO_SIZE
        and checksum.get("hash") == NO_CHECKSUM["hash"]
    )


def conceal_document(document: Document, *, terms: str = "") -> Document:
    """A record, in RUDI's JSON, as everybody may read it; one of open data stays as it is.

    `terms` is the address of the terms of access, for a licence that is replaced; where it is not known, RUDI, which asks
    for an address, is given the one that means «restricted».
    """
    if not is_restricted(document):
        return document
    access = document["access_condition"]
    concealed = {
        **document,
        "available_formats": [
            _conceal_media(media) for media in document.get("available_formats") or ()
        ],
        "access_condition": {
            **access,
            "licence": _conceal_licence(access.get("licence") or {}, terms),
        },
    }
    size = document.get("dataset_size") or {}
    concealed.pop("dataset_size", None)
    if FIELD_COUNT in size:
        concealed["dataset_size"] = {FIELD_COUNT: size[FIELD_COUNT]}
    return concealed


def _conceal_media(media: Document) -> Document:
    public = {
        name: value for name, value in media.items() if name in PUBLIC_MEDIA_FIELDS
    }
    described = media.get(METADATA)
    metadata = {
        name: value
        for name, value in (described if isinstance(described, dict) else {}).items()
        if name in PUBLIC_MEDIA_METADATA
    }
    if metadata:
        public[METADATA] = metadata
    if media.get("media_type") == MediaKind.FILE:
        public |= {"file_size": NO_SIZE, "checksum": dict(NO_CHECKSUM)}
    return public


def _conceal_licence(licence: Document, terms: str) -> Document:
    """A licence that a producer wrote itself stays; those of open data give way to the terms of the agreement."""
    is_custom = licence.get("licence_type") == "CUSTOM"
    address = str(licence.get("custom_licence_uri") or "")
    label = read_texts(licence.get("custom_licence_label"))
    if is_custom and not is_terms_of_agreement(label) and not _is_open(address, label):
        return licence
    existing_address = address if is_terms_of_agreement(label) else ""
    return {
        "licence_type": "CUSTOM",
        "custom_licence_label": write_texts(TERMS_OF_AGREEMENT),
        "custom_licence_uri": terms or existing_address or AccessRights.RESTRICTED.uri,
    }


def _is_open(address: str, label: Texts) -> bool:
    """Whether a licence is one of open data, or of RUDI's eight, under another name."""
    return any(
        licence.is_open or licence.code in RUDI_LICENCES
        for wording in (address, *label.values())
        if (licence := find_licence(wording))
    )
