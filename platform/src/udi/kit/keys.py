"""Ed25519 signatures of a program (JWS: RFC 7515, 8037 and 9864) and the key set others check them with."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from joserfc.jws import JWSRegistry

from udi.kit.clock import now
from udi.kit.credentials import (
    InvalidSignatureError,
    SignedDocumentKind,
    SignedToken,
    SignedTokenKind,
    require_claims,
)
from udi.kit.service_registry import ServiceKey

ALGORITHM = "Ed25519"
LONG_AGO = datetime.fromtimestamp(0, UTC)
PUBLICATION_DELAY = timedelta(minutes=10)
"""How long a new key is published before it signs, so that whoever kept the old set has read it again."""
RETENTION = timedelta(days=1)
"""How long a replaced key stays published for tokens: far longer than any of them lives."""
DOCUMENT_RETENTION = timedelta(days=366 * 11)
"""How long for documents: the longest agreement lasts ten years. Its private half is gone by then."""
DOCUMENTS_ONLY = "documents_only"
"""Member of a published key with which no token is signed any more."""


class _DocumentRegistry(JWSRegistry):
    """Documents hold the words of a whole agreement."""

    max_payload_length = 1_000_000


_DOCUMENTS = _DocumentRegistry(algorithms=[ALGORITHM])


@dataclass(frozen=True)
class Signer:
    """Signs with a key of a set (a secret file holding a JWK set, newest first); publishes all its public halves."""

    read: Callable[[], KeySet]

    @classmethod
    def from_secret(cls, text: str) -> "Signer":
        keys = _import_keys(text)
        return cls(lambda: keys)

    @classmethod
    def from_file(cls, path: Path) -> "Signer":
        """Follows the file: a rotation needs no restart."""
        return cls(_KeyFile(path))

    def sign(
        self,
        kind: SignedTokenKind,
        *,
        subject: str,
        issuer: str,
        audience: str,
        further_claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A compact JWS of this kind about a subject; further claims never replace those of the kind."""
        key = signing_key(self.read())
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": kind.typ}
        kind_claims = kind.write(subject=subject, issuer=issuer, audience=audience)
        claims = {**(further_claims or {}), **kind_claims}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def sign_document(
        self,
        claims: dict[str, Any],
        *,
        kind: SignedDocumentKind,
        issuer: str,
        audience: str,
    ) -> str:
        """A compact JWS of something that stays true: with `iss`, `aud` and `iat`, without `exp`.

        It is no token: `verify` refuses it, as `verify_document` refuses tokens and documents of another kind.
        """
        key = signing_key(self.read())
        body = {**claims, "iss": issuer, "aud": audience, "iat": _seconds(now())}
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": kind.typ}
        return jwt.encode(header, body, key, registry=_DOCUMENTS)

    def public_keys(self) -> dict[str, Any]:
        """The JWK set to publish."""
        return dict(self.read().as_dict(private=False))


SIGNER = ServiceKey[Signer]("signer", "tenants")


class _KeyFile:
    """The set of a file, read again when the file changes; what was known stays while it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = path.stat().st_mtime_ns
        self._keys = _import_keys(path.read_text())

    def __call__(self) -> KeySet:
        with suppress(OSError, ValueError, JoseError):
            stamp = self._path.stat().st_mtime_ns
            if stamp != self._stamp:
                self._keys = _import_keys(self._path.read_text())
                self._stamp = stamp
        return self._keys


def _import_keys(text: str) -> KeySet:
    return KeySet.import_key_set(json.loads(text))


def signing_key(keys: KeySet) -> Any:
    """The newest key that was published long enough; the oldest one while none was."""
    able = [key for key in keys.keys if key.is_private]
    published_keys = [key for key in able if made_at(key) <= now() - PUBLICATION_DELAY]
    if published_keys:
        return published_keys[0]
    return able[-1]


def made_at(key: Any) -> datetime:
    """When a key was drawn; long ago when it does not say."""
    return datetime.fromtimestamp(int(key.as_dict(private=False).get("iat", 0)), UTC)


@dataclass(frozen=True)
class KeyAge:
    """A key of a set: which, since when, and whether it is the one that signs."""

    id: str
    made_at: datetime
    signs: bool


def key_ages(path: Path) -> list[KeyAge]:
    """The keys of a secret file, newest first; one that does not say its age is as old as the file.

    Raises:
        ValueError: the file holds no set of keys.
    """
    try:
        keys = _import_keys(path.read_text())
        signing = signing_key(keys)
    except (JoseError, KeyError, IndexError, TypeError) as error:
        msg = f"{path} holds no set of keys."
        raise ValueError(msg) from error
    modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    ages = [(key, made_at(key)) for key in keys.keys]
    return [
        KeyAge(
            str(key.kid),
            created_at if created_at > LONG_AGO else modified_at,
            key is signing,
        )
        for key, created_at in ages
    ]


def new_secret() -> str:
    """A fresh JWK set with one Ed25519 private key, as text for a secret file."""
    return json.dumps({"keys": [_generate_key()]})


def rotate_keys(text: str) -> str:
    """The set of a secret file with a new key before the others.

    Of those that were replaced a day ago or more the public half stays, which checks documents and no token.
    """
    keys = _import_keys(text)
    remaining_keys: list[dict[str, Any]] = [keys.keys[0].as_dict(private=True)]
    for newer, key in zip(keys.keys, keys.keys[1:], strict=False):
        replaced = now() - made_at(newer)
        if replaced < RETENTION and key.is_private:
            remaining_keys.append(key.as_dict(private=True))
        elif replaced < DOCUMENT_RETENTION:
            remaining_keys.append({**key.as_dict(private=False), DOCUMENTS_ONLY: True})
    return json.dumps({"keys": [_generate_key(), *remaining_keys]})


def remove_replaced_keys(text: str) -> str:
    """The set of a secret file with the key that signs and those that wait: what others signed is refused at once."""
    keys = _import_keys(text)
    signing = keys.keys.index(signing_key(keys))
    return json.dumps(
        {"keys": [key.as_dict(private=True) for key in keys.keys[: signing + 1]]}
    )


def _generate_key() -> dict[str, Any]:
    parameters: Any = {"use": "sig", "alg": ALGORITHM, "iat": _seconds(now())}
    return dict(
        OKPKey.generate_key("Ed25519", parameters, auto_kid=True).as_dict(private=True)
    )


def verify(
    token: str, keys: Any, *, kind: SignedTokenKind, issuer: str, audience: str
) -> SignedToken:
    """What a token of this kind says, when one of `keys` signed it.

    Raises:
        InvalidSignatureError: signature, kind, issuer, audience, scope or time is wrong, or something is missing.
    """
    try:
        decoded = jwt.decode(token, _token_keys(keys), algorithms=[ALGORITHM])
    except (JoseError, ValueError, KeyError, TypeError) as error:
        msg = f"The token is refused: {error}."
        raise InvalidSignatureError(msg) from error
    return kind.read(decoded.header, decoded.claims, issuer=issuer, audience=audience)


def _token_keys(keys: Any) -> KeySet:
    return KeySet.import_key_set(
        {"keys": [key for key in keys["keys"] if not key.get(DOCUMENTS_ONLY)]}
    )


def verify_document(
    token: str, keys: Any, *, kind: SignedDocumentKind, issuer: str, audience: str
) -> dict[str, Any]:
    """The claims of a document of this kind that was signed by one of `keys`; no time makes it wrong.

    Raises:
        InvalidSignatureError: signature, kind, issuer or audience is wrong.
    """
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(keys), registry=_DOCUMENTS)
    except (JoseError, ValueError, TypeError) as error:
        msg = f"The document is refused: {error}."
        raise InvalidSignatureError(msg) from error
    expected = {"typ": kind.typ, "iss": issuer, "aud": audience}
    require_claims({**decoded.claims, "typ": decoded.header.get("typ")}, expected)
    return dict(decoded.claims)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
