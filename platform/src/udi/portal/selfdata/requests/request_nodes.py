"""Which node takes the requests to a producer: its own, or the hosted one of the territory for those that have a space there.

A producer's own node takes them once it has a login for people who ask: it tells so each minute. Until then, and for nodes
of another make, the producer keeps the letter. Of several own nodes, people are led to one that was heard lately.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.web_addresses import travels_in_clear
from udi.portal.nodes.models import Node, NodeProducer, NodeState
from udi.portal.nodes.places import is_away
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata.requests.models import SubjectRequest

USABLE = (Node.state == NodeState.ACTIVE, Node.url != "")


async def map_request_nodes(
    session: AsyncSession, organisation_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Node]]:
    """The nodes that take requests, by organisation, the oldest first; organisations that have none are left out."""
    own_nodes = await _list_own_nodes(session, organisation_ids)
    nodes: dict[UUID, list[Node]] = {}
    for id_, own_node, takes in own_nodes:
        if takes:
            nodes.setdefault(id_, []).append(own_node)
    at_own_nodes = {id_ for id_, _, _ in own_nodes}
    candidates = [id_ for id_ in organisation_ids if id_ not in at_own_nodes]
    hosted = select(Node).where(*USABLE, Node.hosted).order_by(Node.created_at).limit(1)
    node = await session.scalar(hosted)
    if node is None:
        return nodes
    if node.spaces is not None:
        candidates = await _keep_held(session, candidates, node.spaces)
    return nodes | {id_: [node] for id_ in candidates}


async def list_at_own_nodes(
    session: AsyncSession, organisation_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Which of these organisations publish from a node of their own."""
    own_nodes = await _list_own_nodes(session, organisation_ids)
    return frozenset(id_ for id_, _, _ in own_nodes)


async def _list_own_nodes(
    session: AsyncSession, organisation_ids: Sequence[UUID]
) -> list[tuple[UUID, Node, bool]]:
    """Each of these organisations with each of its own nodes, the oldest first, and whether that node takes its requests."""
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
        .order_by(Node.created_at, Node.id)
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
    session: AsyncSession, request: SubjectRequest
) -> Node | None:
    """The node to which a draft is led, if any takes it: that of before, else the oldest of those that were heard lately.

    A node that is not heard may have what the person wrote already, and tells of it later: another would have it twice.
    """
    nodes = await map_request_nodes(session, [request.organisation_id])
    takers = nodes.get(request.organisation_id, ())
    if request.written_at is not None:
        takers = [node for node in takers if node.id == request.node_id]
    return min(
        takers,
        key=lambda node: (node.id != request.node_id, is_away(node)),
        default=None,
    )
