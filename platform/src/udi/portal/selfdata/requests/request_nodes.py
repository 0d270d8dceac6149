"""Which node takes the requests to a producer: the hosted one of the territory, for those that have none of their own.

A producer's own node has no login for people who ask yet: its producers keep the letter.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.models import Node, NodeProducer, NodeState


async def map_request_nodes(
    session: AsyncSession, organisation_ids: Sequence[UUID]
) -> Mapping[UUID, Node]:
    """The node that takes requests, by organisation; those that have none are left out."""
    usable = (Node.state == NodeState.ACTIVE, Node.url != "")
    hosted = select(Node).where(*usable, Node.hosted).order_by(Node.created_at).limit(1)
    node = await session.scalar(hosted)
    if node is None:
        return {}
    elsewhere = (
        select(NodeProducer.organisation_id)
        .join(
            Node,
            (Node.tenant_id == NodeProducer.tenant_id)
            & (Node.id == NodeProducer.node_id),
        )
        .where(
            *usable, ~Node.hosted, NodeProducer.organisation_id.in_(organisation_ids)
        )
    )
    at_own_nodes = set(await session.scalars(elsewhere))
    return {id_: node for id_ in organisation_ids if id_ not in at_own_nodes}


async def find_request_node(
    session: AsyncSession, organisation_id: UUID
) -> Node | None:
    """The node that takes requests to one organisation, if any does."""
    nodes = await map_request_nodes(session, [organisation_id])
    return nodes.get(organisation_id)
