"""Reads of spaces, and who may act in one or on one of its datasets."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.node.spaces.models import DatasetRight, DatasetRole, Sealing, Space


class DatasetPermission(StrEnum):
    """What somebody wants of a dataset; each includes those before it."""

    READ = "read"
    CHANGE = "change"
    PUBLISH = "publish"


GIVES = {
    DatasetRole.READER: {DatasetPermission.READ},
    DatasetRole.EDITOR: {DatasetPermission.READ, DatasetPermission.CHANGE},
}
"""Who may publish for the space may do everything with each of its datasets."""


async def list_spaces(session: AsyncSession, actor: Actor) -> list[Space]:
    """The spaces of the organisations the person belongs to, by name."""
    query = select(Space).where(Space.slug.in_(actor.memberships)).order_by(Space.name)
    return list((await session.scalars(query)).all())


async def list_all_spaces(session: AsyncSession) -> list[Space]:
    """Every space of the territory, by name; of a producer's own node, those of its producer."""
    return list((await session.scalars(select(Space).order_by(Space.name))).all())


async def get_space(
    session: AsyncSession, actor: Actor, slug: str, *, lock: bool = False
) -> Space:
    """The space where the person publishes; `lock` holds it until the transaction ends.

    Raises:
        NotFoundError: there is none, or the person does not belong to its organisation.
        ForbiddenError: the person belongs to it and may not publish.
    """
    query = select(Space).where(Space.slug == slug)
    space = await session.scalar(query.with_for_update() if lock else query)
    if space is None:
        raise NotFoundError
    require_publisher(actor, space)
    return space


async def get_space_by_slug(session: AsyncSession, slug: str) -> Space:
    """The space of a producer, for the operator.

    Raises:
        NotFoundError: there is none.
    """
    space: Space | None = await session.scalar(select(Space).where(Space.slug == slug))
    if space is None:
        raise NotFoundError(
            f"No space is called «{slug}».", remedy="See `udi producer list`."
        )
    return space


async def list_sealed_spaces(session: AsyncSession) -> list[Space]:
    """The spaces of the territory whose files are kept encrypted, by name."""
    query = select(Space).where(Space.sealing != Sealing.OPEN).order_by(Space.slug)
    return list((await session.scalars(query)).all())


def require_publisher(actor: Actor, space: Space) -> None:
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


async def get_members_space(session: AsyncSession, actor: Actor, slug: str) -> Space:
    """The space of an organisation to which the person belongs, whatever they may do there.

    Raises:
        NotFoundError: there is none, or the person does not belong to it.
    """
    space = await session.scalar(select(Space).where(Space.slug == slug))
    if space is None or space.slug not in actor.memberships:
        raise NotFoundError
    return space


async def lock_space(session: AsyncSession, space: Space) -> None:
    """Hold a space until the transaction ends, so that two uploads do not fill the same place."""
    await session.execute(
        select(Space.id).where(Space.id == space.id).with_for_update()
    )


async def list_permissions(
    session: AsyncSession, actor: Actor, space: Space, dataset_id: UUID
) -> frozenset[str]:
    """What the person may do with a dataset of this space; nothing for a stranger, whatever was given before."""
    if space.slug not in actor.memberships:
        return frozenset()
    if actor.may_publish(space.slug):
        return frozenset(DatasetPermission)
    conditions = (
        DatasetRight.dataset_id == dataset_id,
        DatasetRight.person_id == actor.person_id,
    )
    role = await session.scalar(select(DatasetRight.role).where(*conditions))
    if role:
        return frozenset(GIVES[DatasetRole(role)])
    return frozenset()


async def require_dataset_permission(
    session: AsyncSession,
    actor: Actor,
    space: Space,
    dataset_id: UUID,
    to: DatasetPermission,
) -> None:
    """Refuse whoever may not do this with a dataset of this space.

    Raises:
        NotFoundError: the person does not belong to its organisation.
        ForbiddenError: the person belongs to it and may not.
    """
    if space.slug not in actor.memberships:
        raise NotFoundError
    allowed = await list_permissions(session, actor, space, dataset_id)
    if to in allowed:
        return
    values = {"name": space.name, "email": space.email}
    if not allowed:
        raise ForbiddenError(
            "You belong to %(name)s, but this dataset is not shared with you.",
            remedy="Ask a person who publishes for %(name)s to share it with you: %(email)s.",
            values=values,
        )
    if to is DatasetPermission.CHANGE:
        raise ForbiddenError(
            "You may read this dataset, but not change it.",
            remedy="Ask a person who publishes for %(name)s to let you change it: %(email)s.",
            values=values,
        )
    raise ForbiddenError(
        "This needs the right to publish for %(name)s.",
        remedy="Ask a person who publishes for %(name)s to do it: %(email)s.",
        values=values,
    )
