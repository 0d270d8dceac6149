"""What people began to write before they logged in: kept for a day, a bounded number of each address."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.credentials import SecretKind
from udi.portal.access.models import AccessDraft

DRAFT_ADDRESS = SecretKind(name="address of a draft")
"""Of a request that somebody writes before they log in: its identifier."""
DRAFT_LIFETIME = timedelta(days=1)


async def delete_expired_drafts(session: AsyncSession) -> None:
    """Delete those whose time is over."""
    await session.execute(
        delete(AccessDraft).where(AccessDraft.started_at < now() - DRAFT_LIFETIME)
    )
