"""Keeping what the node knows of memberships in step with people's tokens."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.node.identity.models import Membership


async def replace_memberships(session: AsyncSession, actor: Actor) -> None:
    """Replace a person's memberships by those just read from their token."""
    await session.execute(
        delete(Membership).where(Membership.person_id == actor.person_id)
    )
    session.add_all(
        Membership(
            person_id=actor.person_id, organisation_slug=slug, groups=sorted(groups)
        )
        for slug, groups in actor.memberships.items()
    )
    await session.flush()
