"""The kinds of credential: each that exists is a constant of the module that makes it.

`tests/contract/test_credentials.py` finds these constants and shows each kind at every address of both programs.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from udi.kit.clock import now

LEEWAY = timedelta(seconds=30)
"""By how much clocks may differ."""
LONGEST_JTI = 200


class InvalidSignatureError(Exception):
    """A token is not signed by who it says, not for us, or out of date."""


@dataclass(frozen=True)
class SignedToken:
    """What a token that was verified says: about what, which token it is, until when."""

    subject: str
    jti: str
    expires_at: datetime
    claims: Mapping[str, Any] = field(default_factory=dict)
    """All its claims, for kinds that say more than their subject."""


@dataclass(frozen=True, kw_only=True)
class SignedTokenKind:
    """A token signed by a program of ours (`kit.keys`): who takes it names its kind, and no other passes."""

    typ: str
    """The header `typ` (RFC 8725, 3.11)."""
    scope: str
    """What it lets its bearer do."""
    lifetime: timedelta
    single_use: bool = True

    def write(self, *, subject: str, issuer: str, audience: str) -> dict[str, Any]:
        """The claims of a new token about a subject, with an identifier of its own (`jti`)."""
        issued_at = now() - timedelta(seconds=10)
        return {
            "iss": issuer,
            "aud": audience,
            "sub": subject,
            "scope": self.scope,
            "jti": str(uuid4()),
            "iat": int(issued_at.timestamp()),
            "exp": int((now() + self.lifetime).timestamp()),
        }

    def read(
        self,
        header: Mapping[str, Any],
        claims: Mapping[str, Any],
        *,
        issuer: str,
        audience: str,
    ) -> SignedToken:
        """What a token says whose signature is good. Each claim must be there: absence refuses.

        Raises:
            InvalidSignatureError: kind, issuer, audience, scope or time is wrong, or something is missing.
        """
        expected = {
            "typ": self.typ,
            "iss": issuer,
            "aud": audience,
            "scope": self.scope,
        }
        require_claims({**claims, "typ": header.get("typ")}, expected)
        subject = claims.get("sub")
        jti = claims.get("jti")
        ends = claims.get("exp")
        if not (
            isinstance(subject, str)
            and subject
            and isinstance(jti, str)
            and 0 < len(jti) <= LONGEST_JTI
        ):
            msg = "It does not say which token it is, or about what."
            raise InvalidSignatureError(msg)
        if not isinstance(ends, int):
            msg = "It does not say until when it is good."
            raise InvalidSignatureError(msg)
        self._require_present(ends)
        return SignedToken(subject, jti, datetime.fromtimestamp(ends, UTC), claims)

    def _require_present(self, ends: int) -> None:
        """Compare the end of a token with the clock of this machine; the message gives the difference, since a clock may be wrong.

        Raises:
            InvalidSignatureError: it is over, or would last longer than its kind.
        """
        remaining = ends - now().timestamp()
        leeway = LEEWAY.total_seconds()
        longest = self.lifetime.total_seconds()
        if remaining <= -leeway:
            msg = f"It has been out of date for {-remaining:.0f} s by the clock of this machine."
            raise InvalidSignatureError(msg)
        if remaining > longest + leeway:
            msg = f"It would last {remaining - longest:.0f} s longer than its kind by the clock of this machine."
            raise InvalidSignatureError(msg)


def require_claims(claims: Mapping[str, Any], expected: Mapping[str, str]) -> None:
    """Each claim has exactly this value.

    Raises:
        InvalidSignatureError: one has not.
    """
    mismatches = [name for name, value in expected.items() if claims.get(name) != value]
    if mismatches:
        msg = f"It has another {', '.join(mismatches)}."
        raise InvalidSignatureError(msg)


@dataclass(frozen=True, kw_only=True)
class SignedDocumentKind:
    """A signed document without an end: evidence, which opens nothing."""

    typ: str


@dataclass(frozen=True, kw_only=True)
class SecretKind:
    """A random text that is shown once; what is kept is its SHA-256."""

    name: str
    prefix: str = ""

    def generate(self) -> str:
        """A new one: 256 bits after the prefix."""
        return self.prefix + secrets.token_urlsafe(32)

    def matches(self, text: str) -> bool:
        """Whether a text may be one, by its prefix."""
        return text.startswith(self.prefix)

    def digest(self, text: str) -> bytes:
        """What is kept of one."""
        return sha256(text.encode()).digest()

    def hexdigest(self, text: str) -> str:
        """The same, in hexadecimal digits."""
        return self.digest(text).hex()


@dataclass(frozen=True, kw_only=True)
class SealedKind:
    """What is authenticated by a key of its own (HMAC), which is derived for one purpose."""

    name: str
    purpose: str
    """From which the key is derived: another purpose, another key."""


@dataclass(frozen=True, kw_only=True)
class IdentityTokenKind:
    """A token that the identity service signs: the `typ` of its header, and that of its claims."""

    name: str
    typ: str = "JWT"
    claim: str = ""


CredentialKind = (
    SignedTokenKind | SignedDocumentKind | SecretKind | SealedKind | IdentityTokenKind
)
