"""Reads of webhooks and of what was sent to them; each person has their own."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.notifications.models import Webhook, WebhookDelivery

MOST_SHOWN = 30


async def list_webhooks(session: AsyncSession, person: UUID) -> Sequence[Webhook]:
    """The webhooks of a person, the oldest first."""
    query = select(Webhook).where(Webhook.person_id == person)
    return (await session.scalars(query.order_by(Webhook.created_at, Webhook.id))).all()


async def count_webhooks(session: AsyncSession, person: UUID) -> int:
    """How many a person has."""
    return (
        await session.scalar(select(func.count()).where(Webhook.person_id == person))
        or 0
    )


async def get_webhook(session: AsyncSession, actor: Actor, webhook_id: UUID) -> Webhook:
    """One of the person's own webhooks, held until the transaction ends.

    Raises:
        NotFoundError: the person has none of this identifier.
    """
    conditions = (Webhook.id == webhook_id, Webhook.person_id == actor.person_id)
    webhook = await session.scalar(select(Webhook).where(*conditions).with_for_update())
    if webhook is None:
        raise NotFoundError("You have no such webhook, or not any more.")
    return webhook


async def list_deliveries(
    session: AsyncSession, webhook: Webhook
) -> Sequence[WebhookDelivery]:
    """The last messages of a webhook, the newest first."""
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    newest = query.order_by(
        WebhookDelivery.created_at.desc(), WebhookDelivery.id
    ).limit(MOST_SHOWN)
    return (await session.scalars(newest)).all()
