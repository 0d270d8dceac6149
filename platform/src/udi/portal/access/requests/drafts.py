"""What people began to write before they logged in: kept for a day, a bounded number of them."""

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.portal.access.models import AccessDraft

KEPT = timedelta(days=1)
MOST_DRAFTS = 1000


async def count_drafts(session: AsyncSession) -> int:
    """How many wait."""
    return await session.scalar(select(func.count()).select_from(AccessDraft)) or 0


async def forget_drafts(session: AsyncSession) -> None:
    """Delete those whose time is over."""
    await session.execute(delete(AccessDraft).where(AccessDraft.begun_at < now() - KEPT))
