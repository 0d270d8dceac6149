"""What a portal tells a node of an agreement: the agreement itself, which never changes, and how it stands now.

Both are JWS signed with the portal's Ed25519 key. The first is what both sides accepted; the second is sent at each change,
and a node keeps the one of the highest revision: an older one that is sent again changes nothing.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from udi.protocol.policy import Requester
from udi.protocol.terms import Purpose, Terms

AGREEMENT_TYPE, STANDING_TYPE = "udi-agreement+jwt", "udi-standing+jwt"
"""`typ` of the two JWS (RFC 8725, 3.11)."""
CREDENTIAL_PREFIX = "udi_project_"
"""With which the secret of a project's credential begins; a node knows only its SHA-256, in hexadecimal digits."""


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
    """The words that both accepted, by language: made of all the rest by `plain.write_agreement`."""
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
