"""Which node takes the requests to a producer: its own, or the hosted one of the territory for those that have a space there.

A producer's own node takes them once it has a login for people who ask: it tells so each minute. Until then, and for nodes
of another make, the producer keeps the letter.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.web_addresses import travels_in_clear
from udi.portal.nodes.models import Node, NodeProducer, NodeState
from udi.portal.organisations.models import Organisation

USABLE = (Node.state == NodeState.ACTIVE, Node.url != "")


async def map_request_nodes(
    session: AsyncSession, organisation_ids: Sequence[UUID]
) -> Mapping[UUID, Node]:
    """The node that takes requests, by organisation; those that have none are left out."""
    own_nodes = await _list_own_nodes(session, organisation_ids)
    nodes = {id_: node for id_, node, takes in own_nodes if takes}
    at_own_nodes = {id_ for id_, _, _ in own_nodes}
    candidates = [id_ for id_ in organisation_ids if id_ not in at_own_nodes]
    hosted = select(Node).where(*USABLE, Node.hosted).order_by(Node.created_at).limit(1)
    node = await session.scalar(hosted)
    if node is None:
        return nodes
    if node.spaces is not None:
        candidates = await _keep_held(session, candidates, node.spaces)
    return nodes | dict.fromkeys(candidates, node)


async def list_at_own_nodes(
    session: AsyncSession, organisation_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Which of these organisations publish from a node of their own."""
    own_nodes = await _list_own_nodes(session, organisation_ids)
    return frozenset(id_ for id_, _, _ in own_nodes)


async def _list_own_nodes(
    session: AsyncSession, organisation_ids: Sequence[UUID]
) -> list[tuple[UUID, Node, bool]]:
    """Each of these organisations with each of its own nodes, the oldest last, and whether that node takes its requests."""
    query = (
        select(Organisation.id, Organisation.slug, Node)
        .join(
            NodeProducer,
            (NodeProducer.tenant_id == Organisation.tenant_id)
            & (NodeProducer.organisation_id == Organisation.id),
        )
        .join(
            Node,
            (Node.tenant_id == NodeProducer.tenant_id)
            & (Node.id == NodeProducer.node_id),
        )
        .where(*USABLE, ~Node.hosted, Organisation.id.in_(organisation_ids))
        .order_by(Node.created_at.desc(), Node.id)
    )
    return [
        (id_, node, _takes_requests(node, slug))
        for id_, slug, node in await session.execute(query)
    ]


def _takes_requests(node: Node, slug: str) -> bool:
    """Whether people may be led to an own node with a request to this producer: nothing that they write may travel in clear."""
    has_space = slug in (node.spaces or ())
    return node.takes_subject_requests and has_space and not travels_in_clear(node.url)


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
