"""Programs that show a token to the API: the person whose it is, and what it may do; or the node that reads what is open."""

from collections.abc import Callable
from dataclasses import replace

from litestar.handlers import BaseRouteHandler

from udi.kit.agent_tokens import Agent
from udi.kit.confirmation import is_confirmation_valid
from udi.kit.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.kit.tokens import IdentityUnavailableError, InvalidTokenError
from udi.portal.identity.credentials.machines import read_machine_token
from udi.portal.identity.credentials.tokens import (
    API_TOKEN,
    FOR_AGENTS,
    Bearer,
    UnknownTokenError,
    authenticate_bearer,
)
from udi.ui.mcp.authorization import agent_of
from udi.ui.rate_limits import Connection, count_request


async def identify_bearer(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Find whose token this is, where there is one.

    Nodes show the one that they push with: it opens nothing more, and is no reason to refuse what is open to all.

    Raises:
        UnauthenticatedError: it is nobody's, or its time is over.
    """
    state = connection.scope["state"]
    if (agent := agent_of(connection.scope)) is not None:
        state["bearer"] = agent_bearer(agent)
        state["token_of"] = agent.actor.person_id
        return
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return
    if (territory := state.get("territory")) is None:
        raise UnknownTokenError
    if not API_TOKEN.matches(token):
        state["token_of"] = await _machine_client(connection, territory, token)
        return
    async with connection.app.state.site.database.session(territory.id) as session:
        state["bearer"] = bearer = await authenticate_bearer(
            session, token, territory.slug
        )
    state["token_of"] = bearer.actor.person_id


def agent_bearer(agent: Agent) -> Bearer:
    """The person for whom a program asks by a token of the identity service: it reads what they may read."""
    actor = replace(agent.actor, moderator=False, memberships={})
    return Bearer(
        actor,
        agent.actor,
        agent.client_id,
        FOR_AGENTS,
        agent.expires_at,
        agent.actor.confirmed_at,
    )


async def _machine_client(
    connection: Connection, territory: Territory, token: str
) -> str | None:
    """The client of a machine's token; None while the identity service is away, which closes nothing that is open."""
    service = connection.app.state.site.services[SESSIONS].service
    try:
        return await read_machine_token(service, token, audience=territory.origin)
    except InvalidTokenError as error:
        raise UnknownTokenError from error
    except IdentityUnavailableError:
        return None


def require_scope(scope: str) -> Callable[[Connection], Bearer]:
    """What provides the bearer to a handler, where their token has this scope.

    Raises:
        UnauthenticatedError: there is no token.
        ForbiddenError: it was not given this scope.
    """

    def provide(request: Connection) -> Bearer:
        bearer: Bearer | None = request.scope["state"].get("bearer")
        if bearer is None:
            raise UnauthenticatedError(
                "This address needs one of your tokens.",
                remedy="Create one on «my space», and send it in the header Authorization, after the word Bearer.",
                headers={"WWW-Authenticate": 'Bearer realm="udi"'},
            )
        if not is_confirmation_valid(bearer.confirmed_at):
            raise UnavailableError(
                "The identity service has not answered for an hour: it is not known whether this token is still valid.",
                remedy="Send the same request again in a minute; what is open needs no token.",
                headers={"Retry-After": "60"},
            )
        if scope not in bearer.scopes:
            raise ForbiddenError(
                "This token was not given the right «%(scope)s».",
                remedy="Create a token that has it, on «my space».",
                values={"scope": scope},
                headers={
                    "WWW-Authenticate": f'Bearer realm="udi", error="insufficient_scope", scope="{scope}"'
                },
            )
        return bearer

    return provide


async def admit_program(connection: Connection, handler: BaseRouteHandler) -> None:
    """A token, where there is one, is good, and nobody asks too much."""
    await identify_bearer(connection, handler)
    await count_request(connection, handler)


PROGRAMS = [admit_program]
"""Guards of every address of the API: one, since each costs every request."""
