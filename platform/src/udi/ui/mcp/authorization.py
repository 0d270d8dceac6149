"""Who a program that reasons asks for: tokens of the identity service for `/mcp` alone (OAuth 2.1 of the protocol).

The document of RFC 9728 says where they are given, and a refusal names it.
"""

import base64
from collections.abc import Mapping
from typing import Any

from litestar import Response, get
from msgspec import DecodeError, json

from udi.kit.agent_tokens import (
    MCP_PATH,
    MEMBERSHIPS_SCOPE,
    Agent,
    MissingScopeError,
    agent_scope,
    read_agent,
    resource_of,
)
from udi.kit.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.kit.tokens import IdentityUnavailableError, InvalidTokenError
from udi.ui.dependencies import AnyRequest, CurrentTerritory
from udi.ui.locale import localise
from udi.ui.site import site_of

METADATA = "/.well-known/oauth-protected-resource"
AGENT = "udi.agent"
"""Of the scope of an inner call: who was identified at the door. No request from outside can say it."""
OURS = "udi-"
"""How the types begin of what portals and nodes sign: the operations judge these."""
PARTS = 3
HOUR = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


@get([METADATA, f"{METADATA}{MCP_PATH}"])
async def show_resource_metadata(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[dict[str, Any]]:
    """Where tokens for `/mcp` are given, and which scopes they need (RFC 9728)."""
    names = {
        f"resource_name#{language}": name for language, name in territory.name.items()
    }
    content = {
        "resource": resource_of(territory.origin),
        "authorization_servers": [site_of(request).services[SESSIONS].service.issuer],
        "scopes_supported": list_scopes(request, territory),
        "bearer_methods_supported": ["header"],
        "resource_name": localise(territory.name, territory.languages[0]),
        **names,
        "resource_documentation": f"{territory.origin}/api",
    }
    return Response(content, media_type="application/json", headers=HOUR)


def list_scopes(request: AnyRequest, territory: Territory) -> list[str]:
    """The scopes that a token for the tools of this program asks for."""
    client = site_of(request).services[SESSIONS].client_of(territory)
    return [agent_scope(client.id), MEMBERSHIPS_SCOPE]


def write_challenge(request: AnyRequest, territory: Territory, error: str = "") -> str:
    """The value of `WWW-Authenticate`: where to learn which token is needed (RFC 9728, section 5.1)."""
    fields = {
        "realm": "udi",
        "error": error,
        "resource_metadata": f"{territory.origin}{METADATA}{MCP_PATH}",
        "scope": " ".join(list_scopes(request, territory)),
    }
    pairs = ", ".join(f'{name}="{value}"' for name, value in fields.items() if value)
    return f"Bearer {pairs}"


async def find_agent(request: AnyRequest, territory: Territory) -> Agent | None:
    """For whom the caller asks, by a token of the identity service; None where it shows none.

    Raises:
        UnauthenticatedError: the token is for another address or another territory, too old, or nobody's.
        ForbiddenError: it was not given the scope.
        UnavailableError: it cannot be checked for now.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not _is_of_identity_service(token):
        return None
    try:
        return await read_agent(site_of(request).services[SESSIONS], territory, token)
    except MissingScopeError as error:
        raise ForbiddenError(
            "This token was not given the scope of this address.",
            remedy="Ask the identity service for a token with the scope that WWW-Authenticate names.",
            headers={
                "WWW-Authenticate": write_challenge(
                    request, territory, "insufficient_scope"
                )
            },
        ) from error
    except InvalidTokenError as error:
        raise UnauthenticatedError(
            "This token is refused at this address: %(reason)s.",
            remedy="Ask the identity service for one for this address: WWW-Authenticate names it.",
            values={"reason": str(error)},
            headers={
                "WWW-Authenticate": write_challenge(request, territory, "invalid_token")
            },
        ) from error
    except IdentityUnavailableError as error:
        raise UnavailableError(
            "It cannot be checked whether this token is valid: the identity service does not answer.",
            remedy="Send it again in a minute; nothing was changed.",
            headers={"Retry-After": "60"},
        ) from error


def _is_of_identity_service(token: str) -> bool:
    """Whether a token looks like one that the identity service signed, good or not."""
    if token.count(".") != PARTS - 1:
        return False
    header = token.partition(".")[0]
    try:
        content = json.decode(
            base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
        )
    except (DecodeError, ValueError, RecursionError):
        return True
    return not (
        isinstance(content, Mapping) and str(content.get("typ") or "").startswith(OURS)
    )


def agent_of(scope: Any) -> Agent | None:
    """For whom a program that reasons makes this call; None for any other request."""
    agent: Agent | None = scope.get(AGENT)
    return agent
