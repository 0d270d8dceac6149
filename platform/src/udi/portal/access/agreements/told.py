"""What a node is told of agreements, as the portal sends it or as the node asks for it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.access.agreements.notary import Notary
from udi.portal.access.agreements.revisions import read_standing
from udi.portal.access.models import AccessAgreement
from udi.portal.nodes.models import Node

MOST_LISTED = 500


async def seal(session: AsyncSession, notary: Notary, agreement: AccessAgreement, node: Node) -> dict[str, str]:
    """What a node is told of one agreement: it, and how it stands, both signed."""
    standing = await read_standing(session, agreement)
    return {"agreement": agreement.jws, "standing": notary.seal_standing(standing, node)}


async def list_for_node(
    session: AsyncSession, notary: Notary, node: Node, *, after: int, limit: int
) -> tuple[list[dict[str, str]], int]:
    """What changed for a node since a revision, in their order; and the last revision that is said, or `after`."""
    own = (AccessAgreement.node_id == node.id, AccessAgreement.revision > after)
    query = select(AccessAgreement).where(*own).order_by(AccessAgreement.revision).limit(limit)
    found: Sequence[AccessAgreement] = (await session.scalars(query)).all()
    items = [await seal(session, notary, each, node) for each in found]
    return items, max((each.revision for each in found), default=after)


async def count_untold(session: AsyncSession) -> int:
    """How many agreements stand otherwise than their node was told."""
    untold: Any = select(func.count()).where(AccessAgreement.delivered < AccessAgreement.revision)
    return int(await session.scalar(untold) or 0)
