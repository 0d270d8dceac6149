"""What an identity service of others says of itself, and whether it knows us: read before anything is applied.

OpenID Connect Discovery 1.0, section 4; SAML 2.0 metadata are read by Keycloak, which will have to reach them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from udi.kit.errors import ProvisionError
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError, exact_host
from udi.kit.web_addresses import origin_of
from udi.portal.identity.provision.admin import RealmAdmin, RefusedCallError
from udi.portal.tenants.toml.schema import ProviderPart

PATIENCE = 10
DISCOVERY = "/.well-known/openid-configuration"
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
ADDRESSES = (*NEEDED, "userinfo_endpoint", "end_session_endpoint")
ADDRESS = re.compile(
    r"(https://[A-Za-z0-9.-]+|http://localhost)(:[0-9]{1,5})?([/?#][!-~]*)?"
)
"""Where people or a secret may be led: encrypted, without a name and a password, nothing that would end a header."""
REFUSED_CLIENT = {"invalid_client", "unauthorized_client"}
"""Answers to a wrong secret (RFC 6749, 5.2); the second is Keycloak's."""


class ProviderError(ProvisionError):
    """An identity service of others does not answer as it should; `key` of its entry is what to correct."""

    def __init__(self, message: str, key: str = "issuer") -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True)
class ProviderMetadata:
    """Keycloak's configuration of a provider, where it logs people out, and the claims that it announces, if it does."""

    config: Mapping[str, str]
    logout_origin: str
    claims: frozenset[str] = field(default_factory=frozenset)


async def read_openid_metadata(
    part: ProviderPart, secret: str, private_hosts: Sequence[str] = ()
) -> ProviderMetadata:
    """The metadata of a provider that speaks OpenID Connect, which takes this secret.

    `private_hosts`: those that the operator lets be reached at private addresses, beside the issuer's own.

    Raises:
        ProviderError: it does not answer, is another one, or refuses the secret.
    """
    outgoing = OutgoingClient([*private_hosts, exact_host(part.issuer_url)])
    try:
        answer = await _request(outgoing, "GET", f"{part.issuer_url}{DISCOVERY}")
        metadata = _read_json(part, answer)
        await _try_secret(outgoing, part, str(metadata["token_endpoint"]), secret)
    finally:
        await outgoing.close()
    config = {
        "issuer": str(metadata["issuer"]),
        "authorizationUrl": str(metadata["authorization_endpoint"]),
        "tokenUrl": str(metadata["token_endpoint"]),
        "jwksUrl": str(metadata["jwks_uri"]),
        "useJwksUrl": "true",
        "validateSignature": "true",
    }
    if userinfo := metadata.get("userinfo_endpoint"):
        config["userInfoUrl"] = str(userinfo)
    logout = str(metadata.get("end_session_endpoint") or "")
    if logout:
        config["logoutUrl"] = logout
    if "S256" in (metadata.get("code_challenge_methods_supported") or ()):
        config |= {"pkceEnabled": "true", "pkceMethod": "S256"}
    claims = metadata.get("claims_supported") or ()
    return ProviderMetadata(
        config, origin_of(logout or part.issuer_url), frozenset(map(str, claims))
    )


async def check_saml_metadata(part: ProviderPart) -> None:
    """Ask for the metadata of a provider that speaks SAML.

    Raises:
        ProviderError: nothing answers, or something else than metadata.
    """
    outgoing = OutgoingClient([exact_host(part.issuer_url)])
    try:
        answer = await _request(outgoing, "GET", part.issuer_url)
    finally:
        await outgoing.close()
    if not answer.is_success or "EntityDescriptor" not in answer.text:
        msg = f"{part.issuer_url} has no SAML metadata."
        raise ProviderError(msg)


def read_saml_metadata(admin: RealmAdmin, part: ProviderPart) -> ProviderMetadata:
    """The metadata of a provider that speaks SAML, as Keycloak reads them.

    Raises:
        ProviderError: Keycloak does not reach them, or they have no certificate.
    """
    body = {"providerId": "saml", "fromUrl": part.issuer_url}
    try:
        # The realm of the installation is not there yet, perhaps.
        with admin.in_realm(admin.administrators_realm):
            config = admin.post("identity-provider/import-config", body).json()
    except RefusedCallError as error:
        msg = f"Keycloak cannot read the SAML metadata at {part.issuer_url}."
        raise ProviderError(msg) from error
    if not config.get("signingCertificate"):
        msg = f"The SAML metadata at {part.issuer_url} have no certificate that signs."
        raise ProviderError(msg)
    logout = str(config.get("singleLogoutServiceUrl") or part.issuer_url)
    _require_address(part, logout)
    return ProviderMetadata(config, origin_of(logout))


async def _request(
    outgoing: OutgoingClient, method: str, url: str, **more: Any
) -> httpx.Response:
    try:
        return await outgoing.request(method, url, patience=PATIENCE, **more)
    except (OutgoingError, RefusedAddressError) as error:
        msg = f"Nothing answers at {url}."
        raise ProviderError(msg) from error


def _read_json(part: ProviderPart, answer: httpx.Response) -> Mapping[str, Any]:
    try:
        metadata = answer.json() if answer.is_success else None
    except json.JSONDecodeError:
        metadata = None
    if not isinstance(metadata, dict) or any(not metadata.get(key) for key in NEEDED):
        msg = f"{part.issuer_url} has no metadata of OpenID Connect."
        raise ProviderError(msg)
    issuer = str(metadata.get("issuer") or "")
    if issuer.rstrip("/") != part.issuer_url:
        msg = f"What answers at {part.issuer_url} calls itself {issuer or 'nothing'}."
        raise ProviderError(msg)
    for address in (part.issuer_url, *map(metadata.get, ADDRESSES)):
        if address:
            _require_address(part, str(address))
    return metadata


def _require_address(part: ProviderPart, address: str) -> None:
    if ADDRESS.fullmatch(address) is None:
        msg = f"The metadata at {part.issuer_url} name {address!r}, which is no encrypted address."
        raise ProviderError(msg)


async def _try_secret(
    outgoing: OutgoingClient, part: ProviderPart, url: str, secret: str
) -> None:
    """Show the secret with a code that is none: who is refused for the code is known."""
    form = {
        "grant_type": "authorization_code",
        "code": "none",
        "redirect_uri": "https://localhost/",
        "client_id": part.client_id or "",
        "client_secret": secret,
    }
    answer = await _request(outgoing, "POST", url, data=form)
    try:
        error = answer.json().get("error")
    except (json.JSONDecodeError, AttributeError):
        error = None
    if error in REFUSED_CLIENT:
        msg = (
            f"{part.issuer_url} refuses the client «{part.client_id}» with this secret."
        )
        raise ProviderError(msg, "client_id")
