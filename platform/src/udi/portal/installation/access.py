"""Who opens the pages of the installation: its operators, on its own host."""

from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ForbiddenError,
    LoginTooOldError,
    NotFoundError,
    UnauthenticatedError,
)
from udi.kit.identity import Actor
from udi.kit.tenancy import INSTALLATION_ID, INSTALLATION_SLUG
from udi.ui.dependencies import AnyRequest, Member
from udi.ui.site import site_of


async def provide_operator(request: AnyRequest) -> Actor:
    """The operator who asks.

    Raises:
        NotFoundError: this is not the installation's own host.
        UnauthenticatedError: nobody is logged in.
        LoginTooOldError: the second factor was not shown, which the installation requires.
        ForbiddenError: the person is no operator.
    """
    state = request.scope["state"]
    scope = state.get("login_scope")
    if scope is None or scope.slug != INSTALLATION_SLUG:
        raise NotFoundError
    actor: Actor | None = state.get("actor")
    if actor is None:
        raise UnauthenticatedError("Log in to see this page.")
    if actor.lacks_factor:
        error = LoginTooOldError("Your rights need your second factor.")
        error.page = "/login?factor=true&back=/installation"
        raise error
    if not actor.moderator:
        raise ForbiddenError(
            "This page is for the operators of the installation.",
            remedy="Whoever has a terminal there can add you: `udi operator add`.",
        )
    return actor


async def provide_installation_session(
    request: AnyRequest, operator: Member
) -> AsyncIterator[AsyncSession]:
    """One transaction among the rows of the installation itself: it sees no row of any territory."""
    database = site_of(request).database
    async with database.session(
        INSTALLATION_ID, role="app", person=operator.person_id
    ) as session:
        yield session
