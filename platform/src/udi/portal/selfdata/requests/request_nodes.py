"""Which node takes the requests to a producer: the hosted one of the territory, for those that have a space there.

A producer's own node has no login for people who ask yet: its producers keep the letter.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.models import Node, NodeProducer, NodeState
from udi.portal.organisations.models import Organisation


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
    candidates = [id_ for id_ in organisation_ids if id_ not in at_own_nodes]
    if node.spaces is not None:
        candidates = await _keep_held(session, candidates, node.spaces)
    return dict.fromkeys(candidates, node)


async def _keep_held(
    session: AsyncSession, organisation_ids: Sequence[UUID], slugs: Sequence[str]
) -> list[UUID]:
    """Those of these organisations that are named by their slug."""
    query = select(Organisation.id).where(
        Organisation.id.in_(organisation_ids), Organisation.slug.in_(slugs)
    )
    held = set(await session.scalars(query))
    return [id_ for id_ in organisation_ids if id_ in held]


async def find_request_node(
    session: AsyncSession, organisation_id: UUID
) -> Node | None:
    """The node that takes requests to one organisation, if any does."""
    nodes = await map_request_nodes(session, [organisation_id])
    return nodes.get(organisation_id)
