"""Tokens that the identity service gives to programs that reason, for one person (OAuth 2.1, RFC 9728, RFC 8707).

Each program that has tools is a resource of its own: its tokens carry its address as audience, and its scope.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from udi.kit.clock import now
from udi.kit.credentials import IdentityTokenKind
from udi.kit.erased_accounts import AccountErasedError, reject_erased
from udi.kit.identity import Actor, read_memberships, without_factor
from udi.kit.oidc import Login
from udi.kit.sessions import Sessions, save_person
from udi.kit.tenancy import Territory
from udi.kit.tokens import InvalidTokenError, verify

MCP_PATH = "/mcp"
"""Of the Model Context Protocol, in each program."""
AGENT_TOKEN = IdentityTokenKind(
    name="access token of a program that reasons", claim="Bearer"
)
MEMBERSHIPS_SCOPE = "organization:*"
"""With which a token says of which organisations its person is."""
SEEN_AGAIN = timedelta(days=1)
"""After which a person who comes by such programs only is noted as seen again."""


class MissingScopeError(InvalidTokenError):
    """The token is for this address, and was not given the scope."""


@dataclass(frozen=True)
class Agent:
    """A program that reasons, and the person for whom it does."""

    client_id: str
    actor: Actor
    """With exactly their rights, as the token says them."""
    expires_at: datetime


def resource_of(origin: str) -> str:
    """The address that is the audience of these tokens, of the program at an origin."""
    return f"{origin}{MCP_PATH}"


def agent_scope(client_id: str) -> str:
    """The scope that gives a token for the tools of a program, which logs people in as this client."""
    return f"{client_id}-mcp"


def agent_client_id(slug: str) -> str:
    """How the identity service calls the programs of others that ask for a territory's tools."""
    return f"{slug}-mcp"


async def read_agent(sessions: Sessions, territory: Territory, token: str) -> Agent:
    """Who is behind a token, whose person is written down as at a login.

    Raises:
        MissingScopeError: it was not given the scope of this program.
        InvalidTokenError: it is for another address, too old, a machine's, or not of our identity service.
        IdentityUnavailableError: its key cannot be fetched.
    """
    service = sessions.service
    claims = await verify(
        token,
        service.keys,
        kind=AGENT_TOKEN,
        issuer=service.issuer,
        audience=resource_of(territory.origin),
    )
    scopes = str(claims.get("scope") or "").split()
    if agent_scope(sessions.client_of(territory).id) not in scopes:
        msg = "it was not given the scope of this address"
        raise MissingScopeError(msg)
    if not claims.get("sid") or not claims.get("sub"):
        msg = "it is nobody's"
        raise InvalidTokenError(msg)
    login = _read_login(claims, service.issuer)
    try:
        actor = await _identify(sessions, territory, login)
    except AccountErasedError as error:
        msg = "the account was deleted"
        raise InvalidTokenError(msg) from error
    return Agent(str(claims.get("azp") or ""), actor, login.access_expires_at)


def _read_login(claims: dict[str, Any], issuer: str) -> Login:
    acr = str(claims.get("acr") or "")
    return Login(
        issuer=issuer,
        subject=str(claims["sub"]),
        name=str(claims.get("name") or claims.get("preferred_username") or ""),
        email=str(claims.get("email") or ""),
        email_verified=claims.get("email_verified") is True,
        locale=str(claims.get("locale") or ""),
        level=int(acr) if acr.isdecimal() and acr.isascii() and len(acr) == 1 else 0,
        organisations=claims.get("organization"),
        access_expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        authenticated_at=datetime.fromtimestamp(claims["iat"], UTC),
    )


async def _identify(sessions: Sessions, territory: Territory, login: Login) -> Actor:
    """The person of a token, with what it says that they may do.

    Raises:
        AccountErasedError: their account was deleted.
    """
    tables = sessions.tables
    moment = now()
    query = select(tables.person.id).where(
        tables.person.issuer == login.issuer,
        tables.person.subject == login.subject,
        tables.person.last_login_at > moment - SEEN_AGAIN,
        *(getattr(tables.person, name).is_(None) for name in tables.cleared_on_login),
    )
    async with sessions.database.session(territory.id) as session:
        person_id = await session.scalar(query)
        if person_id is None:
            person_id = await save_person(
                session, tables, login, last_login_at=moment, **tables.cleared_on_login
            )
        elif tables.erased_account is not None:
            await reject_erased(session, tables.erased_account, login.subject)
    moderator, memberships = read_memberships(login.organisations, territory.slug)
    actor = Actor(
        person_id,
        login.name,
        login.email,
        territory.slug,
        moderator=moderator,
        memberships=memberships,
        email_verified=login.email_verified,
        confirmed_at=login.authenticated_at,
        level=login.level,
    )
    if sessions.requires_second_factor(territory):
        return without_factor(actor)
    return actor
