"""Writes of spaces."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.node.spaces.models import Space

DEFAULT_QUOTA = 20 * 10**9


async def apply_space(
    session: AsyncSession, *, slug: str, organisation_id: UUID, name: str, email: str, quota_bytes: int | None = None
) -> Space:
    """Create the space of an organisation or bring it up to date; a quota given once stays until another is given."""
    space = await session.scalar(select(Space).where(Space.slug == slug).with_for_update())
    if space is None:
        space = Space(slug=slug, quota_bytes=DEFAULT_QUOTA)
        session.add(space)
    space.organisation_id, space.name, space.email = organisation_id, name, email
    if quota_bytes is not None:
        space.quota_bytes = quota_bytes
    await session.flush()
    return space
