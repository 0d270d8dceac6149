"""The nodes of a territory where people log in, each with its own page of what it knows of them."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.nodes.models import Node, NodeState
from udi.ui.own_data_pages import PATH, OtherPlace

AWAY_AFTER = timedelta(minutes=10)
"""A node asks something each minute; of many territories that are quiet, every four or five, and one time may fail."""


async def list_places(
    session: AsyncSession, territory: Territory
) -> Sequence[OtherPlace]:
    """The hosted node, and the active nodes that speak as ours do; a node of RUDI has no accounts of this realm."""
    ours = or_(Node.hosted, Node.reports_inbox)
    query = select(Node).where(Node.state == NodeState.ACTIVE, Node.url != "", ours)
    places = [
        OtherPlace(node.name, f"{_origin(node.url)}{PATH}", is_away=is_away(node))
        for node in await session.scalars(query.order_by(Node.name))
    ]
    hosted = territory.links.get("node")
    addresses = {place.address for place in places}
    if hosted and f"{hosted}{PATH}" not in addresses:
        places.append(OtherPlace(hosted, f"{hosted}{PATH}"))
    return places


def is_away(node: Node) -> bool:
    """Whether a node was not heard lately."""
    return node.last_seen_at is None or node.last_seen_at < now() - AWAY_AFTER


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
