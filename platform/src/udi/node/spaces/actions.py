"""Writes of spaces."""

from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import SPACE
from udi.kit.errors import ConflictError, NotFoundError, field_error
from udi.node.audit import record_audit_event
from udi.node.spaces.models import Space
from udi.protocol.space import SpaceRequest

DEFAULT_QUOTA = 20 * 10**9
FIRST_QUOTA = 5 * 10**9
"""Of a space opened by the portal, as for an organisation of a territory's files that says none."""


async def apply_space(
    session: AsyncSession,
    *,
    slug: str,
    organisation_id: UUID,
    name: str,
    email: str,
    quota_bytes: int | None = None,
) -> Space:
    """Create the space of an organisation or bring it up to date; a quota given once stays until another is given."""
    space = await session.scalar(
        select(Space).where(Space.slug == slug).with_for_update()
    )
    if space is None:
        space = Space(id=uuid4(), slug=slug, quota_bytes=DEFAULT_QUOTA)
        session.add(space)
        record_audit_event(
            session, None, "space.opened", space.id, organisation=str(organisation_id)
        )
    space.organisation_id = organisation_id
    space.name = name
    space.email = email
    if quota_bytes is not None:
        space.quota_bytes = quota_bytes
    await session.flush()
    return space


async def open_space(session: AsyncSession, space_request: SpaceRequest) -> Space:
    """Open the space that a portal asks for, or bring its name and mail address up to date. May be repeated.

    Raises:
        InvalidError: its slug is none.
        ConflictError: the slug is another organisation's space, or the organisation has one of another slug.
    """
    if not SPACE.fullmatch(space_request.slug):
        raise field_error(
            "slug",
            "This is not a short name.",
            "Small letters, digits, hyphens.",
        )
    same = (Space.slug == space_request.slug) | (
        Space.organisation_id == space_request.organisation_id
    )
    existing = (
        await session.scalars(select(Space).where(same).with_for_update())
    ).all()
    if any(
        (space.slug, space.organisation_id)
        != (space_request.slug, space_request.organisation_id)
        for space in existing
    ):
        raise ConflictError(
            "This short name is another organisation’s, or the organisation has a space already."
        )
    return await apply_space(
        session,
        slug=space_request.slug,
        organisation_id=space_request.organisation_id,
        name=space_request.name,
        email=space_request.email,
        quota_bytes=None if existing else FIRST_QUOTA,
    )


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
    space = await session.scalar(
        select(Space).where(Space.slug == slug).with_for_update()
    )
    if space is None:
        raise NotFoundError(
            "No producer has this slug.", remedy="See `udi producer list`."
        )
    if quota_bytes is not None:
        space.quota_bytes = quota_bytes
    limits = {
        "requests_per_minute": requests_per_minute,
        "jobs_at_once": jobs_at_once,
        "uploads_at_once": uploads_at_once,
    }
    for name, value in limits.items():
        if value is not None:
            setattr(space, name, value or None)
    changes = {
        name: value
        for name, value in {"quota_bytes": quota_bytes, **limits}.items()
        if value is not None
    }
    record_audit_event(session, None, "space.limits_set", space.id, **changes)
    await session.flush()
    return space
