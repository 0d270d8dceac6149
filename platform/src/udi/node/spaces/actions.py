"""Writes of spaces."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
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


async def set_limits(
    session: AsyncSession,
    slug: str,
    *,
    quota_bytes: int | None = None,
    requests_per_minute: int | None = None,
    jobs_at_once: int | None = None,
    uploads_at_once: int | None = None,
) -> Space:
    """Give a space limits of its own; 0 brings back the installation's, and what is not given stays.

    Raises:
        NotFoundError: no space has this slug.
    """
    space = await session.scalar(select(Space).where(Space.slug == slug).with_for_update())
    if space is None:
        raise NotFoundError("No producer has this slug.", remedy="See `udi producer list`.")
    if quota_bytes is not None:
        space.quota_bytes = quota_bytes
    own = {
        "requests_per_minute": requests_per_minute, "jobs_at_once": jobs_at_once, "uploads_at_once": uploads_at_once,
    }  # fmt: skip
    for name, value in own.items():
        if value is not None:
            setattr(space, name, value or None)
    await session.flush()
    return space
