"""Which node takes the requests to a producer: its own, else the hosted one of the territory."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.models import Node, NodeProducer, NodeState


async def map_request_nodes(
    session: AsyncSession, organisation_ids: Sequence[UUID]
) -> Mapping[UUID, Node]:
    """The node that takes requests, by organisation; those that have none are left out.

    An own node is asked first. It takes requests where it is one of ours, which is known by its calls: a node of RUDI
    takes none.
    """
    usable = (Node.state == NodeState.ACTIVE, Node.url != "")
    own_nodes = (
        select(NodeProducer.organisation_id, Node)
        .join(
            Node,
            (Node.tenant_id == NodeProducer.tenant_id)
            & (Node.id == NodeProducer.node_id),
        )
        .where(
            *usable,
            Node.reports_inbox,
            ~Node.hosted,
            NodeProducer.organisation_id.in_(organisation_ids),
        )
        .order_by(Node.created_at.desc(), Node.id)
    )
    nodes: dict[UUID, Node] = {}
    hosted = select(Node).where(*usable, Node.hosted).order_by(Node.created_at).limit(1)
    hosted_node = await session.scalar(hosted)
    if hosted_node is not None:
        nodes = dict.fromkeys(organisation_ids, hosted_node)
    for organisation_id, node in await session.execute(own_nodes):
        nodes[organisation_id] = node
    return nodes


async def find_request_node(
    session: AsyncSession, organisation_id: UUID
) -> Node | None:
    """The node that takes requests to one organisation, if any does."""
    nodes = await map_request_nodes(session, [organisation_id])
    return nodes.get(organisation_id)
