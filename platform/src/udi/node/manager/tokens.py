"""The tokens that RUDI's clients are given for a key of a space: they want a JWT, and look at nothing of it but `exp`."""

from datetime import timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from udi.kit.credentials import InvalidSignatureError, SignedTokenKind
from udi.kit.errors import UnauthenticatedError
from udi.kit.keyring import Keyring, KeyringKey
from udi.node.spaces.keys import CHALLENGE

MANAGER = SignedTokenKind(
    typ="udi-manager+jwt",
    scope="manager",
    lifetime=timedelta(hours=1),
    single_use=False,
)
"""Its subject is the key for which it stands."""
PURPOSE = "token of a client of RUDI 1"
ALGORITHM = "HS256"


def make_token(keyring: Keyring, tenant: UUID, key_id: UUID) -> str:
    """A token that stands for a key, in this territory, for an hour."""
    claims = MANAGER.write(
        subject=str(key_id), issuer=str(tenant), audience=str(tenant)
    )
    return jwt.encode(
        {"alg": ALGORITHM, "typ": MANAGER.typ},
        claims,
        _key(keyring.current_key, tenant),
    )


def read_token(keyring: Keyring, tenant: UUID, token: str) -> UUID:
    """The key for which a token was made.

    Raises:
        UnauthenticatedError: it was not made here, or its hour is over.
    """
    for key in keyring.accepted_keys():
        try:
            decoded = jwt.decode(token, _key(key, tenant), algorithms=[ALGORITHM])
            signed = MANAGER.read(
                decoded.header, decoded.claims, issuer=str(tenant), audience=str(tenant)
            )
            return UUID(signed.subject)
        except (JoseError, InvalidSignatureError, ValueError, KeyError, TypeError):
            continue
    raise UnauthenticatedError(
        "This token was not issued here, or has expired.",
        remedy="Log in again.",
        headers=CHALLENGE,
    )


def _key(key: KeyringKey, tenant: UUID) -> OctKey:
    return OctKey.import_key(key.derive(PURPOSE, tenant))
