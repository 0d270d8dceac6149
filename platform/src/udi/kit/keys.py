"""Ed25519 signatures of a program (JWS: RFC 7515, 8037 and 9864) and the key set others check them with."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from udi.kit.clock import now

ALGORITHM = "Ed25519"
LEEWAY = timedelta(seconds=30)


class InvalidSignatureError(Exception):
    """A token is not signed by who it says, not for us, or out of date."""


@dataclass(frozen=True)
class Signer:
    """Signs with the first key of a set (a secret file holding a JWK set); publishes all its public halves."""

    keys: KeySet

    @classmethod
    def from_secret(cls, text: str) -> "Signer":
        return cls(KeySet.import_key_set(json.loads(text)))

    def sign(self, claims: dict[str, Any], *, lifetime: timedelta, issuer: str, audience: str) -> str:
        """A compact JWS of the claims, with `iss`, `aud`, `iat` and `exp`."""
        key = self.keys.keys[0]
        issued = now() - timedelta(seconds=10)
        body = {**claims, "iss": issuer, "aud": audience, "iat": _seconds(issued), "exp": _seconds(now() + lifetime)}
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, body, key, algorithms=[ALGORITHM])

    def public(self) -> dict[str, Any]:
        """The JWK set to publish."""
        return dict(self.keys.as_dict(private=False))


def new_secret() -> str:
    """A fresh JWK set with one Ed25519 private key, as text for a secret file."""
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    return json.dumps({"keys": [key.as_dict(private=True)]})


def verify(token: str, keys: Any, *, issuer: str, audience: str) -> dict[str, Any]:
    """The claims of a token signed by one of `keys`.

    Raises:
        InvalidSignatureError: signature, issuer, audience or time is wrong.
    """
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=[ALGORITHM])
        registry = jwt.JWTClaimsRegistry(
            leeway=int(LEEWAY.total_seconds()),
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        registry.validate(decoded.claims)
    except (JoseError, ValueError) as error:
        msg = f"The token is refused: {error}."
        raise InvalidSignatureError(msg) from error
    return dict(decoded.claims)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
