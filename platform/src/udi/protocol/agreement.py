"""What a portal tells a node of an agreement: the agreement itself, which never changes, and how it stands now.

Both are JWS signed with the portal's Ed25519 key. The first is what both sides accepted; the second is sent at each change,
and a node keeps the one of the highest revision: an older one that is sent again changes nothing.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from msgspec import Struct

from udi.kit.credentials import SecretKind, SignedDocumentKind
from udi.protocol import fault_kinds, terms, validators
from udi.protocol.faults import Fault, InvalidDocument, without_repeats
from udi.protocol.policy import Requester
from udi.protocol.scan import LARGEST_WHOLE, LONGEST_TEXT, scan
from udi.protocol.terms import Purpose, Terms

LONGEST_NAME = 500
LONGEST_REASON = 2_000
MOST_CREDENTIALS = 100
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)

AGREEMENT_TYPE = SignedDocumentKind(typ="udi-agreement+jwt")
AGREEMENT_STATUS_TYPE = SignedDocumentKind(typ="udi-agreement-status+jwt")
PROJECT_CREDENTIAL = SecretKind(name="project credential", prefix="udi_project_")
"""A node knows only its SHA-256, in hexadecimal digits."""


class Party(Struct, frozen=True, kw_only=True):
    """One side: the producer, or who leads the project. `name` is empty for a person, whose name nodes do not need."""

    kind: Requester
    id: UUID
    name: str = ""


class Agreement(Struct, frozen=True, kw_only=True):
    """What both accepted: claims of the first JWS, beside `iss`, `aud` (origin of the node), `sub` (its `id`), `iat`."""

    id: UUID
    dataset: UUID
    dataset_title: str
    project: UUID
    project_title: str
    provider: Party
    requester: Party
    purpose: Purpose
    """The one, among those of the terms, that the project said."""
    terms: Terms
    starts_at: datetime
    ends_at: datetime
    text: dict[str, str]
    """The words that both accepted, by language: made of all the rest by `plain.write_text`."""
    page: str
    """Where it is shown on the portal."""


class AgreementValidity(StrEnum):
    """How an agreement stands for a node; that its time is over, a node sees by itself."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    GIVEN_UP = "given_up"


class AgreementCredential(Struct, frozen=True, kw_only=True):
    """What a project's machine shows: a secret of which only the digest is known here."""

    id: UUID
    sha256: str
    expires_at: datetime


class AgreementStatus(Struct, frozen=True, kw_only=True):
    """How an agreement stands: claims of the second JWS."""

    agreement: UUID
    agreement_sha256: str
    """Of the first JWS, as sent."""
    revision: int
    """Rises with each change of the agreement or of its credentials; never twice the same."""
    state: AgreementValidity
    closes_at: datetime | None = None
    """When a revocation with notice begins; it is `ACTIVE` until then."""
    reason: str = ""
    """Shown to whoever is refused."""
    credentials: tuple[AgreementCredential, ...] = ()


class InvalidAgreement(InvalidDocument):
    """What was sent is no agreement."""

    title = "This agreement cannot be read"


class InvalidAgreementStatus(InvalidDocument):
    """What was sent does not say how an agreement stands."""

    title = "The status of this agreement cannot be read"


_PARTY = validators.group(
    {"kind": validators.choice(list(Requester)), "id": validators.uuid},
    {"name": validators.text(LONGEST_NAME, blank=True)},
)
_AGREEMENT = validators.group(
    {
        "id": validators.uuid,
        "sub": validators.uuid,
        "dataset": validators.uuid,
        "dataset_title": validators.text(LONGEST_NAME),
        "project": validators.uuid,
        "project_title": validators.text(LONGEST_NAME),
        "provider": _PARTY,
        "requester": _PARTY,
        "purpose": validators.choice(list(Purpose)),
        "terms": terms.check_terms,
        "starts_at": validators.moment,
        "ends_at": validators.moment,
        "text": validators.by_language(LONGEST_TEXT, least=1),
        "page": validators.url,
    }
)
_CREDENTIAL = validators.group(
    {
        "id": validators.uuid,
        "sha256": validators.matching_text(SHA256.fullmatch, fault_kinds.BAD_DIGEST),
        "expires_at": validators.moment,
    }
)
_STATUS = validators.group(
    {
        "agreement": validators.uuid,
        "sub": validators.uuid,
        "agreement_sha256": validators.matching_text(
            SHA256.fullmatch, fault_kinds.BAD_DIGEST
        ),
        "revision": validators.integer(1, LARGEST_WHOLE),
        "state": validators.choice(list(AgreementValidity)),
    },
    {
        "closes_at": validators.moment,
        "reason": validators.text(LONGEST_REASON, blank=True),
        "credentials": validators.distinct_list(
            validators.list_of(_CREDENTIAL, MOST_CREDENTIALS), "id"
        ),
    },
)


def fingerprint(text: str) -> str:
    """The SHA-256 by which a status names its agreement (the JWS as sent) and a credential (its secret)."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_agreement(claims: object) -> Agreement:
    """The agreement in the claims of its JWS. What a later release adds beside the terms is left aside.

    Raises:
        InvalidAgreement: with all its faults.
    """
    faults = list(_AGREEMENT(claims, ""))
    faults += [] if faults else _check_consistency(cast("dict[str, Any]", claims))
    faults = without_repeats([*faults, *scan(claims)])
    if faults:
        raise InvalidAgreement(faults)
    document = cast("dict[str, Any]", claims)
    return Agreement(
        id=UUID(document["id"]),
        dataset=UUID(document["dataset"]),
        dataset_title=document["dataset_title"],
        project=UUID(document["project"]),
        project_title=document["project_title"],
        provider=_make_party(document["provider"]),
        requester=_make_party(document["requester"]),
        purpose=Purpose(document["purpose"]),
        terms=terms.make_terms(document["terms"]),
        starts_at=_parse_moment(document["starts_at"]),
        ends_at=_parse_moment(document["ends_at"]),
        text=dict(document["text"]),
        page=document["page"],
    )


def _check_consistency(document: dict[str, Any]) -> Iterator[Fault]:
    if UUID(document["sub"]) != UUID(document["id"]):
        yield fault_kinds.OTHER_SUBJECT.at("sub")
    for role in ("provider", "requester"):
        if (
            document[role]["kind"] != Requester.PERSON
            and not (document[role].get("name") or "").strip()
        ):
            yield fault_kinds.MISSING.at(f"{role}.name")
    purposes = document["terms"]["purposes"]
    if document["purpose"] not in purposes:
        yield fault_kinds.OTHER_PURPOSE.at(
            "purpose", value=document["purpose"], allowed=purposes
        )
    if _parse_moment(document["starts_at"]) >= _parse_moment(document["ends_at"]):
        yield fault_kinds.ENDS_FIRST.at("ends_at")


def write_agreement(agreement: Agreement) -> dict[str, Any]:
    """The claims of its JWS, to which signing adds `iss`, `aud` and `iat`; moments are cut to the second."""
    return {
        "sub": str(agreement.id),
        "id": str(agreement.id),
        "dataset": str(agreement.dataset),
        "dataset_title": agreement.dataset_title,
        "project": str(agreement.project),
        "project_title": agreement.project_title,
        "provider": _write_party(agreement.provider),
        "requester": _write_party(agreement.requester),
        "purpose": agreement.purpose.value,
        "terms": terms.write_terms(agreement.terms),
        "starts_at": write_moment(agreement.starts_at),
        "ends_at": write_moment(agreement.ends_at),
        "text": dict(agreement.text),
        "page": agreement.page,
    }


def read_agreement_status(claims: object) -> AgreementStatus:
    """The status in the claims of its JWS. What a later release adds is left aside, but no state.

    Raises:
        InvalidAgreementStatus: with all its faults.
    """
    faults = list(_STATUS(claims, ""))
    document = cast("dict[str, Any]", claims)
    if not faults and UUID(document["sub"]) != UUID(document["agreement"]):
        faults.append(fault_kinds.OTHER_SUBJECT.at("sub"))
    faults = without_repeats([*faults, *scan(claims)])
    if faults:
        raise InvalidAgreementStatus(faults)
    closes = document.get("closes_at")
    return AgreementStatus(
        agreement=UUID(document["agreement"]),
        agreement_sha256=document["agreement_sha256"],
        revision=document["revision"],
        state=AgreementValidity(document["state"]),
        closes_at=_parse_moment(closes) if closes else None,
        reason=document.get("reason") or "",
        credentials=tuple(
            AgreementCredential(
                id=UUID(credential["id"]),
                sha256=credential["sha256"],
                expires_at=_parse_moment(credential["expires_at"]),
            )
            for credential in document.get("credentials") or ()
        ),
    )


def write_agreement_status(agreement_status: AgreementStatus) -> dict[str, Any]:
    """The claims of its JWS, to which signing adds `iss`, `aud` and `iat`."""
    document: dict[str, Any] = {
        "sub": str(agreement_status.agreement),
        "agreement": str(agreement_status.agreement),
        "agreement_sha256": agreement_status.agreement_sha256,
        "revision": agreement_status.revision,
        "state": agreement_status.state.value,
        "closes_at": write_moment(agreement_status.closes_at)
        if agreement_status.closes_at
        else None,
        "reason": agreement_status.reason,
        "credentials": [
            {
                "id": str(credential.id),
                "sha256": credential.sha256,
                "expires_at": write_moment(credential.expires_at),
            }
            for credential in agreement_status.credentials
        ],
    }
    return {name: value for name, value in document.items() if value is not None}


def write_moment(moment: datetime) -> str:
    """An instant as agreements say it: in UTC, to the second."""
    return (
        moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    )


def _parse_moment(value: str) -> datetime:
    return cast("datetime", validators.read_moment(value)).replace(microsecond=0)


def _make_party(party: dict[str, Any]) -> Party:
    return Party(
        kind=Requester(party["kind"]),
        id=UUID(party["id"]),
        name=party.get("name") or "",
    )


def _write_party(party: Party) -> dict[str, str]:
    return {"kind": party.kind.value, "id": str(party.id), "name": party.name}
