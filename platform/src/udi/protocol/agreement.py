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

from udi.kit.credentials import DocumentKind, SecretKind
from udi.protocol import kinds, shapes, terms
from udi.protocol.faults import Fault, InvalidDocument, without_repeats
from udi.protocol.policy import Requester
from udi.protocol.scan import LARGEST_WHOLE, LONGEST_TEXT, scan
from udi.protocol.terms import Purpose, Terms

LONGEST_NAME, LONGEST_REASON, MOST_CREDENTIALS = 500, 2_000, 100
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)

AGREEMENT_TYPE = DocumentKind(typ="udi-agreement+jwt")
STANDING_TYPE = DocumentKind(typ="udi-standing+jwt")
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


class State(StrEnum):
    """How an agreement stands for a node; that its time is over, a node sees by itself."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    GIVEN_UP = "given_up"


class Credential(Struct, frozen=True, kw_only=True):
    """What a project's machine shows: a secret of which only the digest is known here."""

    id: UUID
    sha256: str
    expires_at: datetime


class Standing(Struct, frozen=True, kw_only=True):
    """How an agreement stands: claims of the second JWS."""

    agreement: UUID
    agreement_sha256: str
    """Of the first JWS, as sent."""
    revision: int
    """Rises with each change of the agreement or of its credentials; never twice the same."""
    state: State
    closes_at: datetime | None = None
    """When a revocation with notice begins; it is `ACTIVE` until then."""
    reason: str = ""
    """Shown to whoever is refused."""
    credentials: tuple[Credential, ...] = ()


class InvalidAgreement(InvalidDocument):
    """What was sent is no agreement."""

    title = "This agreement cannot be read"


class InvalidStanding(InvalidDocument):
    """What was sent does not say how an agreement stands."""

    title = "The standing of this agreement cannot be read"


_PARTY = shapes.group(
    {"kind": shapes.choice(list(Requester)), "id": shapes.uuid}, {"name": shapes.text(LONGEST_NAME, blank=True)}
)
_AGREEMENT = shapes.group(
    {
        "id": shapes.uuid,
        "sub": shapes.uuid,
        "dataset": shapes.uuid,
        "dataset_title": shapes.text(LONGEST_NAME),
        "project": shapes.uuid,
        "project_title": shapes.text(LONGEST_NAME),
        "provider": _PARTY,
        "requester": _PARTY,
        "purpose": shapes.choice(list(Purpose)),
        "terms": terms.check,
        "starts_at": shapes.moment,
        "ends_at": shapes.moment,
        "text": shapes.by_language(LONGEST_TEXT, least=1),
        "page": shapes.url,
    }
)
_CREDENTIAL = shapes.group(
    {"id": shapes.uuid, "sha256": shapes.form(SHA256.fullmatch, kinds.BAD_DIGEST), "expires_at": shapes.moment}
)
_STANDING = shapes.group(
    {
        "agreement": shapes.uuid,
        "sub": shapes.uuid,
        "agreement_sha256": shapes.form(SHA256.fullmatch, kinds.BAD_DIGEST),
        "revision": shapes.whole(1, LARGEST_WHOLE),
        "state": shapes.choice(list(State)),
    },
    {
        "closes_at": shapes.moment,
        "reason": shapes.text(LONGEST_REASON, blank=True),
        "credentials": shapes.distinct(shapes.listed(_CREDENTIAL, MOST_CREDENTIALS), "id"),
    },
)


def fingerprint(said: str) -> str:
    """The SHA-256 by which a standing names its agreement (the JWS as sent) and a credential (its secret)."""
    return hashlib.sha256(said.encode()).hexdigest()


def read_agreement(claims: object) -> Agreement:
    """The agreement in the claims of its JWS. What a later release adds beside the terms is left aside.

    Raises:
        InvalidAgreement: with all its faults.
    """
    faults = list(_AGREEMENT(claims, ""))
    faults += [] if faults else _unlikely(cast("dict[str, Any]", claims))
    faults = without_repeats([*faults, *scan(claims)])
    if faults:
        raise InvalidAgreement(faults)
    said = cast("dict[str, Any]", claims)
    return Agreement(
        id=UUID(said["id"]),
        dataset=UUID(said["dataset"]),
        dataset_title=said["dataset_title"],
        project=UUID(said["project"]),
        project_title=said["project_title"],
        provider=_make_party(said["provider"]),
        requester=_make_party(said["requester"]),
        purpose=Purpose(said["purpose"]),
        terms=terms.make_terms(said["terms"]),
        starts_at=_moment(said["starts_at"]),
        ends_at=_moment(said["ends_at"]),
        text=dict(said["text"]),
        page=said["page"],
    )


def _unlikely(said: dict[str, Any]) -> Iterator[Fault]:
    if UUID(said["sub"]) != UUID(said["id"]):
        yield kinds.OTHER_SUBJECT.at("sub")
    for role in ("provider", "requester"):
        if said[role]["kind"] != Requester.PERSON and not (said[role].get("name") or "").strip():
            yield kinds.MISSING.at(f"{role}.name")
    purposes = said["terms"]["purposes"]
    if said["purpose"] not in purposes:
        yield kinds.OTHER_PURPOSE.at("purpose", value=said["purpose"], allowed=purposes)
    if _moment(said["starts_at"]) >= _moment(said["ends_at"]):
        yield kinds.ENDS_FIRST.at("ends_at")


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


def read_standing(claims: object) -> Standing:
    """The standing in the claims of its JWS. What a later release adds is left aside, but no state.

    Raises:
        InvalidStanding: with all its faults.
    """
    faults = list(_STANDING(claims, ""))
    said = cast("dict[str, Any]", claims)
    if not faults and UUID(said["sub"]) != UUID(said["agreement"]):
        faults.append(kinds.OTHER_SUBJECT.at("sub"))
    faults = without_repeats([*faults, *scan(claims)])
    if faults:
        raise InvalidStanding(faults)
    closes = said.get("closes_at")
    return Standing(
        agreement=UUID(said["agreement"]),
        agreement_sha256=said["agreement_sha256"],
        revision=said["revision"],
        state=State(said["state"]),
        closes_at=_moment(closes) if closes else None,
        reason=said.get("reason") or "",
        credentials=tuple(
            Credential(id=UUID(each["id"]), sha256=each["sha256"], expires_at=_moment(each["expires_at"]))
            for each in said.get("credentials") or ()
        ),
    )


def write_standing(standing: Standing) -> dict[str, Any]:
    """The claims of its JWS, to which signing adds `iss`, `aud` and `iat`."""
    document: dict[str, Any] = {
        "sub": str(standing.agreement),
        "agreement": str(standing.agreement),
        "agreement_sha256": standing.agreement_sha256,
        "revision": standing.revision,
        "state": standing.state.value,
        "closes_at": write_moment(standing.closes_at) if standing.closes_at else None,
        "reason": standing.reason,
        "credentials": [
            {"id": str(each.id), "sha256": each.sha256, "expires_at": write_moment(each.expires_at)}
            for each in standing.credentials
        ],
    }
    return {name: value for name, value in document.items() if value is not None}


def write_moment(moment: datetime) -> str:
    """An instant as agreements say it: in UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _moment(value: str) -> datetime:
    return cast("datetime", shapes.read_moment(value)).replace(microsecond=0)


def _make_party(said: dict[str, Any]) -> Party:
    return Party(kind=Requester(said["kind"]), id=UUID(said["id"]), name=said.get("name") or "")


def _write_party(party: Party) -> dict[str, str]:
    return {"kind": party.kind.value, "id": str(party.id), "name": party.name}
