"""Acts that decide: they wait while it cannot be known whether whoever does them still may."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from litestar.handlers import BaseRouteHandler

from udi.kit.clock import now
from udi.kit.confirmation import is_confirmation_fresh
from udi.kit.errors import LoginTooOldError, UnavailableError
from udi.kit.identity import Actor
from udi.kit.sessions import SESSIONS
from udi.ui.rate_limits import Connection

Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]
RECENT = timedelta(minutes=15)
TRIES = 6
PAUSE = 0.5
"""How often, and after how many seconds, a session is read again that another request is having confirmed."""


def require_confirmation(*steps: str, parameter: str = "event") -> Guard:
    """A guard of a route that decides; with `steps`, only where the named parameter of its path is one of them.

    Raises:
        UnavailableError: the identity service has not confirmed for ten minutes what this person may do.
    """

    async def require_confirmed(
        connection: Connection, _handler: BaseRouteHandler
    ) -> None:
        if steps and connection.path_params.get(parameter) not in steps:
            return
        _require_recent(connection)
        for _ in range(TRIES):
            is_authenticated, confirmed_at = _confirmation(connection)
            if not is_authenticated or is_confirmation_fresh(confirmed_at):
                return
            if "bearer" in connection.scope["state"]:
                break
            await asyncio.sleep(PAUSE)
            connection.scope["state"][
                "actor"
            ] = await connection.app.state.site.find_actor(connection)
        raise UnavailableError(
            "The identity service does not answer: it cannot be checked that you still may do this.",
            remedy="Try again in a few minutes; nothing was changed. Reading goes on.",
            headers={"Retry-After": "60"},
        )

    return require_confirmed


def _require_recent(connection: Connection) -> None:
    """Where the operator wants it, somebody who decides in a browser proved who they are a moment ago."""
    state = connection.scope["state"]
    actor: Actor | None = state.get("actor")
    sessions = connection.app.state.site.services[SESSIONS]
    if (
        actor is None
        or "bearer" in state
        or not sessions.requires_second_factor(state["login_scope"])
    ):
        return
    path = urlsplit(connection.headers.get("referer", "")).path or "/my-space"
    if actor.lacks_factor:
        raise _with_login_url(
            LoginTooOldError("Your rights need your second factor."),
            f"factor=true&back={quote(path)}",
        )
    if actor.authenticated_at is not None and now() - actor.authenticated_at <= RECENT:
        return
    raise _with_login_url(
        LoginTooOldError("You logged in more than fifteen minutes ago."),
        f"fresh=true&back={quote(path)}",
    )


def _with_login_url(error: LoginTooOldError, query: str) -> LoginTooOldError:
    error.page = f"/login?{query}"
    return error


def _confirmation(connection: Connection) -> tuple[bool, datetime | None]:
    """Whether somebody acts, and when it was confirmed what they may do; nobody is for the handler to refuse."""
    state = connection.scope["state"]
    who: Any = state.get("bearer") or state.get("actor")
    return who is not None, who.confirmed_at if who else None
