"""The tokens that RUDI's clients are given for a key of a space: they want a JWT, and look at nothing of it but `exp`."""

from datetime import timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from udi.kit.clock import now
from udi.kit.errors import UnauthenticatedError
from udi.node.files.ring import Ring, RingKey
from udi.node.spaces.keys import CHALLENGE

PURPOSE = "token of a client of RUDI 1"
ALGORITHM = "HS256"
LIFETIME = timedelta(hours=1)


def make_token(ring: Ring, tenant: UUID, key_id: UUID, *, lifetime: timedelta = LIFETIME) -> str:
    """A token that stands for a key, in this territory, for an hour."""
    ends = int((now() + lifetime).timestamp())
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, {"sub": str(key_id), "exp": ends}, _key(ring.leading, tenant))


def read_token(ring: Ring, tenant: UUID, token: str) -> UUID:
    """The key for which a token was made.

    Raises:
        UnauthenticatedError: it was not made here, or its hour is over.
    """
    for key in ring.accepted():
        try:
            claims = jwt.decode(token, _key(key, tenant), algorithms=[ALGORITHM]).claims
            if int(claims["exp"]) > now().timestamp():
                return UUID(str(claims["sub"]))
        except (JoseError, ValueError, KeyError, TypeError):
            continue
    raise UnauthenticatedError(
        "This token was not made here, or its hour is over.", remedy="Log in again.", headers=CHALLENGE
    )


def _key(key: RingKey, tenant: UUID) -> OctKey:
    return OctKey.import_key(key.derive(PURPOSE, tenant))
