"""The security stream of the log: who was refused or showed something forged, from where, at which route.

A line has `stream=security`. It names a person by their identifier in this installation, a credential by a keyed digest
(the same credential has the same one), an origin by its address, of IPv6 by the network of one household.
"""

import hmac
from dataclasses import dataclass
from typing import Any

import structlog
from litestar.connection import ASGIConnection
from litestar.types import Scope

from udi.kit.credentials import InvalidSignatureError
from udi.kit.rates import network_of
from udi.kit.tokens import InvalidTokenError
from udi.settings import ProgramName, Settings
from udi.ui.rate_limits import address_of

log = structlog.get_logger()
REFUSAL = "refusal"
LOGIN_FAILURE = "login_failure"
"""Names in the state of a request: the error that it was answered with; why a login failed."""
STATUSES = {401: "credential refused", 403: "refused", 429: "too many"}
FORGED = "forged"
LOGIN_REFUSED = "login refused"
PURPOSE = "security log"
DIGEST = 16
"""Signs of a digest that are written."""


@dataclass(frozen=True)
class SecurityLog:
    """Writes the lines of one program."""

    settings: Settings
    program: ProgramName

    def log_refusal(self, scope: Scope, status: int, labels: dict[str, str]) -> None:
        """Write a line about a request that was refused; nothing about any other."""
        state = scope["state"]
        error = state.get(REFUSAL)
        cause = getattr(error, "__cause__", None)
        reason = getattr(error, "slug", "")
        what = STATUSES.get(status)
        if LOGIN_FAILURE in state:
            what = LOGIN_REFUSED
            reason = state[LOGIN_FAILURE]
        elif isinstance(cause, (InvalidSignatureError, InvalidTokenError)):
            what = FORGED
            reason = _explain(cause)
        if what is None:
            return
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
        log.warning(
            "security",
            stream="security",
            what=what,
            reason=reason,
            who=_identify(state),
            credential=self._digest(connection),
            origin=network_of(address_of(connection)),
            status=status,
            **labels,
        )

    def _digest(self, connection: ASGIConnection[Any, Any, Any, Any]) -> str:
        """A digest of the credential that was shown in the header; empty where none was."""
        credential = connection.headers.get("authorization", "")
        if not credential:
            return ""
        key = self.settings.derived_key(self.program, PURPOSE)
        return hmac.digest(key, credential.encode(), "sha256").hex()[:DIGEST]


def _explain(cause: BaseException) -> str:
    """What is wrong with a token: in our own words, or the type of what a library found.

    A library's words repeat what stands in the token, which whoever forges it chooses.
    """
    library_error = cause.__cause__
    if library_error is None:
        return str(cause)
    return type(library_error).__name__


def _identify(state: Any) -> str:
    """The identifier of the person, or the name of the machine, whose credential was good; empty where nobody's was."""
    bearer = state.get("bearer")
    actor = bearer.actor if bearer else state.get("actor")
    if actor is not None:
        return str(actor.person_id)
    return str(state.get("token_of") or "")
