"""Addresses that open one file for some minutes, without login or cookie: for a browser, DuckDB or QGIS.

The signature is HMAC-SHA-256 over method, territory, path, expiry and disposition, with a key of that territory alone.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import UUID

from udi.kit.clock import now
from udi.kit.credentials import SealedKind
from udi.kit.errors import ForbiddenError
from udi.kit.keyring import Keyring, KeyringKey

LIFETIME = timedelta(minutes=5)
PARAMETERS = ("disposition", "expires", "signature")
ATTACHMENT = "attachment"
METHODS = {"HEAD": "GET"}
"""What reads the headers of an answer is allowed whatever reads the answer."""
SIGNED_ADDRESS = SealedKind(name="signed address", purpose="signed address 1")
MOST_DIGITS = 12


def sign_path(
    keyring: Keyring,
    tenant: UUID,
    path: str,
    *,
    lifetime: timedelta = LIFETIME,
    method: str = "GET",
) -> str:
    """The path of a file, as it stands in an address, with what opens it until `lifetime` has passed."""
    expires = str(int((now() + lifetime).timestamp()))
    signature = _sign(keyring.current_key, method, tenant, path, expires, ATTACHMENT)
    return f"{path}?{urlencode(dict(zip(PARAMETERS, (ATTACHMENT, expires, signature), strict=True)))}"


class ExpiredLinkError(ForbiddenError):
    """A signed address was good, and its time is over."""


def is_signed(query: Mapping[str, str]) -> bool:
    """Whether an address claims to be signed."""
    return "signature" in query


def require_signature(
    keyring: Keyring, tenant: UUID, method: str, path: str, query: Mapping[str, str]
) -> datetime:
    """Check the signature of an address whose path is decoded; when it stops opening.

    Raises:
        ExpiredLinkError: it is too old.
        ForbiddenError: it was not made here for this, or was changed.
    """
    disposition, expires, signature = (query.get(name, "") for name in PARAMETERS)
    method = METHODS.get(method, method)
    candidates = [
        _sign(key, method, tenant, quote(path), expires, disposition)
        for key in keyring.accepted_keys()
    ]
    # Every key is compared, so that the time taken does not say which one nearly matched.
    good = [
        hmac.compare_digest(candidate.encode(), signature.encode("utf-8", "replace"))
        for candidate in candidates
    ]
    if (
        not any(good)
        or disposition != ATTACHMENT
        or not expires.isascii()
        or not expires.isdigit()
    ):
        raise ForbiddenError(
            "This link is incomplete, or was created for something else.",
            remedy="Ask the person who gave it to you for a new one.",
        )
    if len(expires) > MOST_DIGITS or int(expires) <= now().timestamp():
        raise ExpiredLinkError(
            "This link has expired.",
            remedy="Ask the person who gave it to you for a new one.",
        )
    return datetime.fromtimestamp(int(expires), now().tzinfo)


def _sign(
    key: KeyringKey,
    method: str,
    tenant: UUID,
    path: str,
    expires: str,
    disposition: str,
) -> str:
    message = "\n".join((method, str(tenant), path, expires, disposition)).encode()
    digest = hmac.digest(key.derive(SIGNED_ADDRESS.purpose, tenant), message, "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
