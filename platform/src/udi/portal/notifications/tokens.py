"""The token of an address that unsubscribes: the identifier of a subscription, signed; it says nothing of a person."""

import base64
import binascii
import hmac
from uuid import UUID

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.settings import Settings

LENGTH, SIGNED = 32, 16
"""Bytes of a token, of which the first are the identifier."""


def unsubscribe_token(settings: Settings, territory: Territory, subscription: UUID) -> str:
    """The token of a subscription of this territory."""
    return base64.urlsafe_b64encode(subscription.bytes + _sign(settings, territory, subscription)).decode().rstrip("=")


def read_unsubscribe_token(settings: Settings, territory: Territory, token: str) -> UUID:
    """The subscription of a token.

    Raises:
        NotFoundError: it is none of this territory.
    """
    try:
        raw = base64.b64decode(f"{token}{'=' * (-len(token) % 4)}", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) == LENGTH:
        subscription = UUID(bytes=raw[:SIGNED])
        if hmac.compare_digest(raw[SIGNED:], _sign(settings, territory, subscription)):
            return subscription
    raise NotFoundError(
        "This address to unsubscribe is not whole, or is another territory’s.",
        remedy="Copy it whole from the mail; or log in and choose “never” in “What I follow”.",
    )


def _sign(settings: Settings, territory: Territory, subscription: UUID) -> bytes:
    key = settings.derived_key("portal", "unsubscribe")
    return hmac.digest(key, territory.id.bytes + subscription.bytes, "sha256")[:SIGNED]
