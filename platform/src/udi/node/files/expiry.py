"""Archives of spaces that may hold what is to be forgotten are given no more; the worker deletes them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.node.files.models import ArchiveState, SpaceArchive


async def expire_archives(
    session: AsyncSession, space_id: UUID, until: datetime
) -> list[str]:
    """Expire the archives of a space that were asked for until then; the keys of their objects."""
    query = select(SpaceArchive).where(
        SpaceArchive.space_id == space_id, SpaceArchive.requested_at <= until
    )
    archives = (await session.scalars(query.with_for_update())).all()
    for archive in archives:
        archive.state = ArchiveState.EXPIRED
    return [archive.key for archive in archives]
