"""The identity service (a Keycloak realm) as our programs use it.

OpenID Connect: code flow with PKCE, refresh, RP-initiated and back-channel logout; the issuer's mark of RFC 9207.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Literal
from urllib.parse import urlencode

import httpx

from udi.kit.credentials import IdentityTokenKind, SecretKind
from udi.kit.http import OutgoingClient, OutgoingError, exact_host
from udi.kit.tenancy import Territory
from udi.kit.tokens import (
    ClockDifferenceError,
    IdentityUnavailableError,
    InvalidTokenError,
    IssuerKeys,
    UntimelyTokenError,
    require_claim_values,
    verify,
)
from udi.settings import SUBJECTS_CLIENT, ProgramName, Settings

CLIENT_SECRET = SecretKind(name="secret of a client")
"""Of a program or a machine: only the identity service takes it."""
ID_TOKEN = IdentityTokenKind(name="identity token", claim="ID")
ACCESS_TOKEN = IdentityTokenKind(name="access token of a person", claim="Bearer")
MACHINE_TOKEN = IdentityTokenKind(name="access token of a machine", claim="Bearer")
LOGOUT_TOKEN = IdentityTokenKind(name="logout token", typ="logout+jwt")
SCOPE = "openid organization:*"
SUBJECTS_SCOPE = "openid"
SUBJECTS_PATH = "/subjects"
PROVIDER_CLAIM = "identity_provider"
"""In our identity tokens: alias of the identity service of others that a login came through."""
Prompt = Literal["", "none", "login"]
PATIENCE = 5.0
QUIET = timedelta(seconds=15).total_seconds()
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class IdentityRefusedError(Exception):
    """The identity service refuses; `code` is OAuth's (RFC 6749, section 5.2)."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code


@dataclass(frozen=True)
class IdentityClient:
    """A program of one territory, as the identity service knows it; `origin` is also the audience of its tokens."""

    id: str
    secret: str
    origin: str
    path: str = ""
    """What the addresses of its login begin with."""
    scope: str = SCOPE
    """What it asks for of whoever logs in."""

    @property
    def callback(self) -> str:
        """Where the identity service sends people back."""
        return f"{self.origin}{self.path}/login/callback"


def client_id(program: ProgramName, slug: str) -> str:
    """How the identity service calls a program of a territory."""
    return f"{slug}-{program}"


def node_client_id(slug: str, node: str) -> str:
    """How it calls a node of a territory, as a machine."""
    return f"{slug}-node-{node}"


def login_client_id(slug: str, node: str) -> str:
    """How it calls a producer's own node, where people log in."""
    return f"{node_client_id(slug, node)}-login"


def subjects_client_id(slug: str) -> str:
    """How it calls the node of a territory where people read answers about themselves."""
    return f"{slug}-subjects"


def own_subjects_client_id(slug: str, node: str) -> str:
    """How it calls a producer's own node where people do."""
    return f"{node_client_id(slug, node)}-subjects"


def subjects_client(settings: Settings, slug: str, origin: str) -> IdentityClient:
    """The second client of a node, which knows people by identifiers of its own (OpenID Connect Core, 8.1).

    It asks for no name, no address and no membership. The secret of a producer's own node came with its invitation.

    Raises:
        MissingSecretError: the node's key, or that secret, is absent.
    """
    if settings.own_node:
        name = own_subjects_client_id(slug, settings.node_name)
        secret = settings.secret(f"{SUBJECTS_CLIENT}{slug}")
    else:
        name = subjects_client_id(slug)
        secret = settings.client_secret("node", name)
    return IdentityClient(name, secret, origin, SUBJECTS_PATH, SUBJECTS_SCOPE)


def territory_client(
    settings: Settings, program: ProgramName, territory: Territory
) -> IdentityClient:
    """A program of a territory, with its secret; that of a producer's own node came with its invitation.

    Raises:
        MissingSecretError: the program's key is absent.
    """
    if program == "node" and settings.own_node:
        name = login_client_id(territory.slug, settings.node_name)
        return IdentityClient(
            name, settings.secret(f"node_login_{territory.slug}"), territory.origin
        )
    name = client_id(program, territory.slug)
    return IdentityClient(name, settings.client_secret(program, name), territory.origin)


@dataclass(frozen=True)
class Login:
    """Who logged in, as the identity service says it, with what makes the login last."""

    issuer: str
    subject: str
    name: str
    email: str
    access_expires_at: datetime
    email_verified: bool = False
    locale: str = ""
    sid: str = ""
    level: int = 0
    """`acr`: 1 for a password, 2 with a second factor."""
    authenticated_at: datetime | None = None
    """`auth_time`: when the person last proved who they are."""
    provider: str = ""
    """Alias of the identity service of others that the login came through; empty: none."""
    organisations: object = None
    """The claim `organization` of the access token, as received."""
    realm_roles: frozenset[str] = frozenset()
    """Roles of the realm that the access token carries."""
    id_token: str = ""
    refresh_token: str = ""


@dataclass(frozen=True)
class LogoutNotice:
    """What a logout token announces: the end of one session (`sid`), or of all those of a person (`sid` empty)."""

    client_id: str
    issuer: str
    subject: str
    sid: str
    jti: str
    expires_at: datetime


class IdentityService:
    """One realm; shared by every request of a process."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.issuer
        inside = f"{settings.keycloak_internal_url}/realms/{settings.identity_realm}"
        self._public, self._inside = (
            f"{realm}/protocol/openid-connect" for realm in (self.issuer, inside)
        )
        # The operator names this address: it may be a private one.
        self._outgoing = OutgoingClient([exact_host(inside)])
        self.keys = IssuerKeys(self._fetch_keys)
        self._quiet_until = monotonic()

    async def close(self) -> None:
        """Close the connections."""
        await self._outgoing.close()

    def login_url(
        self,
        client: IdentityClient,
        *,
        state: str,
        nonce: str,
        verifier: str,
        language: str,
        level: int = 0,
        prompt: Prompt = "",
        provider: str = "",
    ) -> str:
        """Where the browser goes to log in; `level` 2 asks for a second factor.

        `prompt` (OpenID Connect Core, 3.1.2.1): `login` asks for the password again, `none` asks nothing.
        `provider` is the alias of an identity service of others, which the browser is led on to.
        """
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
            .decode()
            .rstrip("=")
        )
        query = {
            "client_id": client.id,
            "redirect_uri": client.callback,
            "response_type": "code",
            "scope": client.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "ui_locales": language,
            **({"claims": json.dumps(_level_claims(level))} if level else {}),
            **({"prompt": prompt} if prompt else {}),
            **({"kc_idp_hint": provider} if provider else {}),
        }
        return f"{self._public}/auth?{urlencode(query)}"

    def logout_url(self, client: IdentityClient, *, id_token: str) -> str:
        """Where the browser goes to end its session at the identity service; it comes back to the home page."""
        query = {
            "client_id": client.id,
            "post_logout_redirect_uri": f"{client.origin}/",
        }
        return f"{self._public}/logout?{urlencode(query | ({'id_token_hint': id_token} if id_token else {}))}"

    async def exchange(
        self, client: IdentityClient, *, code: str, nonce: str, verifier: str
    ) -> Login:
        """The login behind a code.

        Raises:
            IdentityUnavailableError, IdentityRefusedError, InvalidTokenError
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.callback,
        }
        return await self._login(
            client, {**form, "code_verifier": verifier}, nonce=nonce
        )

    async def refresh(self, client: IdentityClient, refresh_token: str) -> Login:
        """The same login with the rights of this moment. Not asked again for a while after an unanswered question.

        Raises:
            IdentityUnavailableError, IdentityRefusedError, InvalidTokenError
        """
        if monotonic() < self._quiet_until:
            msg = "The identity service did not answer a moment ago."
            raise IdentityUnavailableError(msg)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "scope": client.scope,
        }
        return await self._login(client, form)

    async def machine_token(self, client_id: str, secret: str) -> Mapping[str, Any]:
        """The token of a machine for its own credential, as the identity service gives it.

        Raises:
            IdentityUnavailableError, IdentityRefusedError
        """
        return await self._token(
            client_id, secret, {"grant_type": "client_credentials"}
        )

    async def read_logout_token(self, token: str) -> LogoutNotice:
        """What a back-channel logout token announces (OpenID Connect Back-Channel Logout 1.0, section 2.6).

        Whether it was seen before, and whether its client is ours, is for the caller to check.

        Raises:
            InvalidTokenError, IdentityUnavailableError
        """
        claims = await verify(token, self.keys, kind=LOGOUT_TOKEN, issuer=self.issuer)
        events = claims.get("events")
        sid = claims.get("sid")
        subject = claims.get("sub")
        if (
            not isinstance(events, Mapping)
            or LOGOUT_EVENT not in events
            or "nonce" in claims
        ):
            raise InvalidTokenError("it announces no logout")
        if not (
            isinstance(claims.get("aud"), str)
            and claims.get("jti")
            and (sid or subject)
        ):
            raise InvalidTokenError("it does not say whose session ends")
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        return LogoutNotice(
            claims["aud"],
            self.issuer,
            str(subject or ""),
            str(sid or ""),
            str(claims["jti"]),
            expires_at,
        )

    async def _login(
        self,
        client: IdentityClient,
        form: Mapping[str, str],
        *,
        nonce: str | None = None,
    ) -> Login:
        granted = await self._token(client.id, client.secret, form)
        try:
            return await self._read_login(client, granted, nonce)
        except ClockDifferenceError as error:
            error.refresh_token = str(granted.get("refresh_token") or "")
            raise

    async def _read_login(
        self, client: IdentityClient, granted: Mapping[str, Any], nonce: str | None
    ) -> Login:
        id_token = str(granted.get("id_token"))
        access_token = str(granted.get("access_token"))
        person = await self._verify_fresh(id_token, ID_TOKEN, client.id)
        require_claim_values(
            person, azp=client.id, **({"nonce": nonce} if nonce else {})
        )
        rights = await self._verify_fresh(access_token, ACCESS_TOKEN, client.origin)
        require_claim_values(rights, azp=client.id, sub=person.get("sub"))
        return Login(
            issuer=self.issuer,
            subject=str(person["sub"]),
            name=str(person.get("name") or person.get("preferred_username") or ""),
            email=str(person.get("email") or ""),
            email_verified=person.get("email_verified") is True,
            locale=str(person.get("locale") or ""),
            sid=str(person.get("sid") or ""),
            level=_read_level(person.get("acr")),
            authenticated_at=_read_moment(person.get("auth_time")),
            provider=str(person.get(PROVIDER_CLAIM) or ""),
            organisations=rights.get("organization"),
            realm_roles=_read_roles(rights.get("realm_access")),
            id_token=id_token,
            refresh_token=str(granted.get("refresh_token") or ""),
            access_expires_at=datetime.fromtimestamp(rights["exp"], UTC),
        )

    async def _verify_fresh(
        self, token: str, kind: IdentityTokenKind, audience: str
    ) -> dict[str, Any]:
        """The claims of a token that the identity service has just given: what is untimely in it is a clock.

        Raises:
            ClockDifferenceError, IdentityUnavailableError, InvalidTokenError
        """
        try:
            return await verify(
                token, self.keys, kind=kind, issuer=self.issuer, audience=audience
            )
        except UntimelyTokenError as error:
            msg = f"The clocks of the identity service and of this machine differ: of a token that it has just given, {error}."
            raise ClockDifferenceError(msg) from error

    async def _token(
        self, client_id: str, secret: str, form: Mapping[str, str]
    ) -> Mapping[str, Any]:
        answer = await self._call(
            "POST", "token", {**form, "client_id": client_id, "client_secret": secret}
        )
        body = _json(answer)
        if answer.is_success:
            return body
        raise IdentityRefusedError(
            str(body.get("error", "unknown")), str(body.get("error_description", ""))
        )

    async def _fetch_keys(self) -> Mapping[str, Any]:
        answer = await self._call("GET", "certs")
        return _json(answer)

    async def _call(
        self, method: str, what: str, form: Mapping[str, str] | None = None
    ) -> httpx.Response:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._outgoing.request(
                    method, f"{self._inside}/{what}", data=form
                )
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise OutgoingError(  # noqa: TRY301 - counted with the failures of the network
                    "it answers that it cannot", status=answer.status_code
                )
        except (OutgoingError, TimeoutError) as error:
            self._quiet_until = monotonic() + QUIET
            msg = f"The identity service does not answer ({type(error).__name__})."
            raise IdentityUnavailableError(msg) from error
        self._quiet_until = monotonic()
        return answer


def _level_claims(level: int) -> dict[str, Any]:
    """The claims that ask for a level of login (OpenID Connect Core, 5.5.1.1)."""
    return {"id_token": {"acr": {"essential": True, "values": [str(level)]}}}


def _read_level(acr: object) -> int:
    if isinstance(acr, str) and acr.isascii() and acr.isdigit() and len(acr) == 1:
        return int(acr)
    return 0


def _read_roles(claim: object) -> frozenset[str]:
    """The roles of Keycloak's claim `realm_access`; a claim of another shape gives none."""
    roles = claim.get("roles") if isinstance(claim, Mapping) else None
    if isinstance(roles, list):
        return frozenset(str(role) for role in roles)
    return frozenset()


def _read_moment(seconds: object) -> datetime | None:
    if isinstance(seconds, int) and seconds > 0:
        return datetime.fromtimestamp(seconds, UTC)
    return None


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, Mapping):
        msg = f"The identity service answers {answer.status_code} without JSON."
        raise IdentityUnavailableError(msg)
    return body
