"""A producer's datasets change node: who published them may no more, the other may."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, NotFoundError
from udi.portal.audit import record
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.actions.checks import list_producer_ids
from udi.portal.nodes.models import Node
from udi.portal.nodes.queries import get_node
from udi.portal.organisations.models import Organisation


async def get_hosted_node(session: AsyncSession) -> Node:
    """The territory's hosted node.

    Raises:
        NotFoundError: it has none.
    """
    hosted = (await session.scalars(select(Node).where(Node.hosted))).one_or_none()
    if hosted is None:
        raise NotFoundError(
            "This territory has no hosted node.", remedy="Run `udi tenant apply`."
        )
    return hosted


async def get_own_node(
    session: AsyncSession, slug: str, producer: Organisation
) -> Node:
    """A node of the producer's own.

    Raises:
        NotFoundError: there is none of this name.
        ConflictError: it may not publish for this producer.
    """
    node = await get_node(session, slug)
    if node.hosted or producer.id not in await list_producer_ids(session, node):
        remedy = f"Invite it with `--producer {producer.slug}`."
        raise ConflictError(
            f"The node «{slug}» may not publish for {producer.name}.", remedy=remedy
        )
    return node


async def hand_over_datasets(
    session: AsyncSession, producer: Organisation, *, giver: Node, taker: Node
) -> int:
    """Let one node publish what another published for this producer; how many datasets. May be repeated."""
    mine = (Dataset.organisation_id == producer.id, Dataset.node_id == giver.id)
    moved = (
        await session.scalars(
            update(Dataset).where(*mine).values(node_id=taker.id).returning(Dataset.id)
        )
    ).all()
    if moved:
        record(
            session,
            None,
            "node.handed_over",
            taker.id,
            producer=producer.slug,
            datasets=len(moved),
        )
    return len(moved)
