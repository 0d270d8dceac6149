"""The node's front page."""

from litestar import Response, get

from udi.node.spaces.queries import list_spaces
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session, Visitor
from udi.ui.site import render


@get("/")
async def show_landing(
    request: AnyRequest, session: Session, territory: CurrentTerritory, actor: Visitor
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


routes: Routes = [show_landing]
