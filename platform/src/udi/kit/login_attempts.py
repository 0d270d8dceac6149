"""A login under way, without a row: the state carries where to go back, sealed with a key that only the browser holds.

State, nonce and PKCE verifier all come from that key, so that several tabs can log in at once.
"""

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta

from udi.kit.clock import now
from udi.kit.credentials import SealedKind, SecretKind

LOGIN_KEY = SecretKind(name="key of a login")
LOGIN_STATE = SealedKind(name="state of a login", purpose="state")
LIFETIME = timedelta(hours=1)
KEY_LENGTH = 43


class InvalidLoginAttemptError(Exception):
    """A state that this browser did not begin with, or long ago."""


@dataclass(frozen=True)
class LoginAttempt:
    """What is sent to the identity service, and where to go afterwards."""

    state: str
    nonce: str
    verifier: str
    back: str
    level: int = 0
    """Of the login that is asked."""


def new_key() -> str:
    """A key for a browser's cookie: 256 bits."""
    return LOGIN_KEY.generate()


def is_key(value: str | None) -> bool:
    """Whether a cookie holds such a key."""
    return value is not None and len(value) == KEY_LENGTH


def begin_attempt(key: str, back: str, level: int = 0) -> LoginAttempt:
    """A new attempt of the browser that holds the key."""
    body = _encode(
        json.dumps(
            [int(now().timestamp()), secrets.token_urlsafe(12), back, level]
        ).encode()
    )
    return _attempt(key, f"{body}.{_seal(key, LOGIN_STATE.purpose, body)}", back, level)


def resume_attempt(key: str | None, state: str) -> LoginAttempt:
    """The attempt that a state belongs to.

    Raises:
        InvalidLoginAttemptError: another browser began it, or more than an hour ago.
    """
    body, _, seal = state.partition(".")
    if (
        key is None
        or not is_key(key)
        or not hmac.compare_digest(seal.encode(), _seal(key, "state", body).encode())
    ):
        raise InvalidLoginAttemptError
    try:
        began, _, back, level = json.loads(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        )
    except (binascii.Error, ValueError) as error:
        raise InvalidLoginAttemptError from error
    if not 0 <= now().timestamp() - began + 1 <= LIFETIME.total_seconds():
        raise InvalidLoginAttemptError
    return _attempt(key, state, back, level)


def _attempt(key: str, state: str, back: str, level: int) -> LoginAttempt:
    return LoginAttempt(
        state, _seal(key, "nonce", state), _seal(key, "verifier", state), back, level
    )


def _seal(key: str, purpose: str, text: str) -> str:
    return _encode(hmac.digest(key.encode(), f"{purpose}:{text}".encode(), "sha256"))


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
