"""The nodes of a territory where people log in, each with its own page of what it knows of them."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.nodes.models import Node, NodeState
from udi.ui.own_data_pages import PATH, OtherPlace


async def list_places(
    session: AsyncSession, territory: Territory
) -> Sequence[OtherPlace]:
    """The hosted node, and the active nodes that speak as ours do; a node of RUDI has no accounts of this realm."""
    ours = or_(Node.hosted, Node.reports_inbox)
    query = select(Node).where(Node.state == NodeState.ACTIVE, Node.url != "", ours)
    places = {
        _origin(node.url): node.name
        for node in await session.scalars(query.order_by(Node.name))
    }
    if territory.links.get("node"):
        places.setdefault(territory.links["node"], territory.links["node"])
    return [OtherPlace(name, f"{origin}{PATH}") for origin, name in places.items()]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
