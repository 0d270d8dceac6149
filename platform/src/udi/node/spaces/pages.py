"""The node's front page."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.spaces.queries import list_spaces
from udi.ui.site import render


@get("/")
async def show_landing(
    request: Request[Any, Any, State],
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    actor: NamedDependency[Actor | None],
) -> Response[str]:
    """What this place is, and the way to one's own space."""
    spaces = await list_spaces(session, actor) if actor else []
    return render(
        request,
        "spaces/landing.html",
        spaces=[
            (space, bool(actor and actor.may_publish(space.slug))) for space in spaces
        ],
        portal=territory.links.get("portal", ""),
    )


routes: Sequence[ControllerRouterHandler] = [show_landing]
