"""What an archive holds of what people follow. Their webhooks are in none: they hold secrets."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.notifications.digests import SEND_DIGEST
from udi.portal.notifications.models import (
    Change,
    Digest,
    Following,
    Subscription,
    Webhook,
    WebhookDelivery,
)
from udi.settings import Settings

CARRIED = (
    ArchivedTable(Change),
    ArchivedTable(Following),
    ArchivedTable(Subscription),
    ArchivedTable(Digest),
)
LEFT_OUT = (
    ExcludedTable(
        Webhook,
        "secrets of webhooks are those of this installation: their owners make new ones elsewhere",
    ),
    ExcludedTable(WebhookDelivery, "what was sent to webhooks goes with them"),
)


async def requeue_digests(session: AsyncSession) -> int:
    """Queue again the digests that were on their way; how many."""
    waiting = (
        await session.scalars(select(Digest.id).where(Digest.done_at.is_(None)))
    ).all()
    for digest in waiting:
        await jobs.enqueue(session, SEND_DIGEST, {"digest": str(digest)})
    return len(waiting)


async def resume_import(session: AsyncSession, _settings: Settings) -> None:
    """Queue the digests that were on their way."""
    await requeue_digests(session)
