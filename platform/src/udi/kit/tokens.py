"""Tokens of the identity service: signed by one of its keys, by it, for us, still good (RFC 7519, RFC 8725)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from time import monotonic
from typing import Any

from joserfc import jwk, jws, jwt
from joserfc.errors import ClaimError, JoseError

from udi.kit.clock import now
from udi.kit.credentials import IdentityTokenKind

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
LEEWAY = 30
MOMENTS = ("exp", "iat", "nbf")
"""Claims that are compared with the clock of this machine."""
FRESH = timedelta(minutes=15).total_seconds()
MAX_AGE = timedelta(hours=24).total_seconds()
PAUSE = timedelta(seconds=5).total_seconds()

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]


class InvalidTokenError(Exception):
    """A token is not what it should be; the message says in what, without quoting it."""


class UntimelyTokenError(InvalidTokenError):
    """A token is over, or not valid yet, by the clock of this machine."""


class IdentityUnavailableError(Exception):
    """The identity service does not answer, or answers that it cannot."""

    refresh_token: str = ""
    """The new refresh token, where the answer had one: the former one is used up."""


class ClockDifferenceError(IdentityUnavailableError):
    """The identity service gives tokens that are over, or not valid yet, by the clock of this machine."""


class IssuerKeys:
    """The public keys of the identity service: fetched again when old or when a key is unknown, at most each 5 s.

    While the service is away, what is known is served for 24 hours. Ages are not of the clock, which may be set back.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._keys: dict[str, jwk.Key] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, kid: str) -> jwk.Key:
        """The key of this id.

        Raises:
            InvalidTokenError: the identity service has no such key.
            IdentityUnavailableError: the key is not known here and the service does not answer.
        """
        age = monotonic() - self._fetched_at
        if kid in self._keys and (
            age < FRESH or (self._lock.locked() and age < MAX_AGE)
        ):
            return self._keys[kid]
        try:
            await self.refresh()
        except IdentityUnavailableError:
            if kid not in self._keys or age >= MAX_AGE:
                raise
        if kid not in self._keys:
            msg = "signed by a key that the identity service does not have"
            raise InvalidTokenError(msg)
        return self._keys[kid]

    async def refresh(self) -> None:
        """Fetch the keys, unless this was just done.

        Raises:
            IdentityUnavailableError: the service does not answer, or did not a moment ago.
        """
        async with self._lock:
            if monotonic() - self._tried_at < PAUSE:
                if self._tried_at > self._fetched_at:
                    msg = "The identity service did not answer a moment ago."
                    raise IdentityUnavailableError(msg)
                return
            self._tried_at = monotonic()
            published = await self._fetch()
            self._keys = dict(_signing_keys(published))
            self._fetched_at = self._tried_at


def _signing_keys(published: Mapping[str, Any]) -> list[tuple[str, jwk.Key]]:
    try:
        usable = [
            key
            for key in published["keys"]
            if key.get("use", "sig") == "sig" and key.get("kid")
        ]
        return [(str(key["kid"]), jwk.import_key(key)) for key in usable]
    except (KeyError, TypeError, AttributeError, ValueError, JoseError) as error:
        msg = "The identity service published keys that cannot be read."
        raise IdentityUnavailableError(msg) from error


async def verify(
    token: str,
    keys: IssuerKeys,
    *,
    kind: IdentityTokenKind,
    issuer: str,
    audience: str = "",
) -> dict[str, Any]:
    """The claims of a token of the identity service, of this kind; `audience` empty: whoever it is for.

    Raises:
        InvalidTokenError: signature, issuer, audience or kind is wrong.
        UntimelyTokenError: its time is.
        IdentityUnavailableError: its key cannot be fetched.
    """
    try:
        header = jws.extract_compact(token.encode()).headers()
        if header.get("alg") not in ALGORITHMS or header.get("typ") != kind.typ:
            msg = "its algorithm or its kind is not accepted"
            raise InvalidTokenError(msg)
        key = await keys.get(str(header.get("kid")))
        claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        _validate(claims, issuer, audience)
        if kind.claim:
            require_claim_values(claims, typ=kind.claim)
    except (JoseError, ValueError, TypeError) as error:
        msg = f"{type(error).__name__}: {error}"
        raise InvalidTokenError(msg) from error
    return dict(claims)


def _validate(claims: dict[str, Any], issuer: str, audience: str) -> None:
    """Compare the claims of a token whose signature is good.

    Raises:
        JoseError: one is absent, or not the expected one.
        UntimelyTokenError: all that differs is the clock.
    """
    registry = _claims_registry(issuer, audience)
    try:
        registry.validate(claims)
    except ClaimError as error:
        moment = claims.get(error.claim)
        if error.claim not in MOMENTS or not isinstance(moment, int | float):
            raise
        difference = int(moment) - registry.now
        if difference < 0:
            words = f"it ended {-difference} s ago"
        else:
            words = f"it begins in {difference} s"
        msg = f"{words} by the clock of this machine"
        raise UntimelyTokenError(msg) from error


def _claims_registry(issuer: str, audience: str) -> jwt.JWTClaimsRegistry:
    for_us: dict[str, Any] = (
        {"aud": {"essential": True, "value": audience}} if audience else {}
    )
    return jwt.JWTClaimsRegistry(
        now=lambda: int(now().timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        exp={"essential": True},
        iat={"essential": True},
        **for_us,
    )


def require_claim_values(claims: Mapping[str, Any], **expected_claims: object) -> None:
    """Each claim has exactly this value.

    Raises:
        InvalidTokenError: one has not.
    """
    for name, value in expected_claims.items():
        if claims.get(name) != value:
            msg = f"its claim «{name}» is not the expected one"
            raise InvalidTokenError(msg)
