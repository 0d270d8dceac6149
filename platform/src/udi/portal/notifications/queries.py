"""Reads of what is followed and of what changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.notifications.models import Change, Following, Subscription


async def list_followings(session: AsyncSession, person: UUID) -> Sequence[Following]:
    """What a person follows, the newest first."""
    query = select(Following).where(Following.person_id == person)
    return (
        await session.scalars(query.order_by(Following.created_at.desc(), Following.id))
    ).all()


async def count_followings(session: AsyncSession, person: UUID) -> int:
    """How many things a person follows."""
    return (
        await session.scalar(select(func.count()).where(Following.person_id == person))
        or 0
    )


async def find_following(
    session: AsyncSession, person: UUID, kind: str, target: str
) -> Following | None:
    """The following of a target by a person, or None."""
    same = (
        Following.person_id == person,
        Following.kind == kind,
        Following.target == target,
    )
    return await session.scalar(select(Following).where(*same))


async def get_following(
    session: AsyncSession, actor: Actor, following_id: UUID
) -> Following:
    """One of the person's own followings.

    Raises:
        NotFoundError: the person has none of this identifier.
    """
    conditions = (Following.id == following_id, Following.person_id == actor.person_id)
    following = await session.scalar(select(Following).where(*conditions))
    if following is None:
        raise NotFoundError("You do not follow this, or not any more.")
    return following


async def find_subscription(session: AsyncSession, person: UUID) -> Subscription | None:
    """How a person is notified, or None for who never followed anything."""
    return await session.scalar(
        select(Subscription).where(Subscription.person_id == person)
    )


async def list_changes(
    session: AsyncSession, since: datetime, until: datetime
) -> Sequence[Change]:
    """What changed in (since, until], in order of time."""
    query = select(Change).where(Change.at > since, Change.at <= until)
    return (await session.scalars(query.order_by(Change.at, Change.id))).all()
