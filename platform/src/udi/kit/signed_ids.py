"""Identifiers that only we can have given: signed, so that nobody finds another by trying; they say nothing of a person."""

import base64
import binascii
import hmac
from uuid import UUID

LENGTH = 32
SIGNED = 16
"""Bytes of a token, of which the first are the identifier."""


def sign_id(key: bytes, tenant: UUID, id_: UUID) -> str:
    """An identifier of a territory as a token that stands in an address."""
    return (
        base64.urlsafe_b64encode(id_.bytes + _sign(key, tenant, id_))
        .decode()
        .rstrip("=")
    )


def read_signed_id(key: bytes, tenant: UUID, token: str) -> UUID | None:
    """The identifier of a token; None where it is none of this territory."""
    try:
        raw = base64.b64decode(
            f"{token}{'=' * (-len(token) % 4)}", altchars=b"-_", validate=True
        )
    except (ValueError, binascii.Error):
        return None
    if len(raw) != LENGTH:
        return None
    id_ = UUID(bytes=raw[:SIGNED])
    if hmac.compare_digest(raw[SIGNED:], _sign(key, tenant, id_)):
        return id_
    return None


def _sign(key: bytes, tenant: UUID, id_: UUID) -> bytes:
    return hmac.digest(key, tenant.bytes + id_.bytes, "sha256")[:SIGNED]
