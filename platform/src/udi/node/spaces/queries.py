"""Reads of spaces, and who may act in one."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.node.spaces.models import Space


async def list_spaces(session: AsyncSession, actor: Actor) -> list[Space]:
    """The spaces of the organisations the person belongs to, by name."""
    query = select(Space).where(Space.slug.in_(actor.memberships)).order_by(Space.name)
    return list((await session.scalars(query)).all())


async def get_space(session: AsyncSession, actor: Actor, slug: str, *, lock: bool = False) -> Space:
    """The space where the person publishes; `lock` holds it until the transaction ends.

    Raises:
        NotFoundError: there is none, or the person does not belong to its organisation.
        ForbiddenError: the person belongs to it and may not publish.
    """
    query = select(Space).where(Space.slug == slug)
    space = await session.scalar(query.with_for_update() if lock else query)
    if space is None:
        raise NotFoundError
    allow_publishing(actor, space)
    return space


def allow_publishing(actor: Actor, space: Space) -> None:
    """Refuse whoever may not publish in this space.

    Raises:
        NotFoundError: the person does not belong to its organisation.
        ForbiddenError: the person belongs to it and may not publish.
    """
    if space.slug not in actor.memberships:
        raise NotFoundError
    if not actor.may_publish(space.slug):
        raise ForbiddenError(
            "You belong to %(name)s, but publishing needs the right «publisher».",
            remedy="Ask a person who manages %(name)s to give it to you: %(email)s.",
            values={"name": space.name, "email": space.email},
        )
