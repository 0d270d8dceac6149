"""What ends of notifications when somebody leaves: their webhooks rest until they come back and start them again."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.identity.departures import Departure
from udi.portal.notifications.models import Webhook, WebhookState
from udi.portal.notifications.webhooks.actions import pause_webhook


async def pause_webhooks(session: AsyncSession, departure: Departure) -> int:
    """Pause the webhooks of somebody whose account is gone; how many."""
    if not departure.gone:
        return 0
    active = (
        Webhook.person_id == departure.person.id,
        Webhook.state == WebhookState.ACTIVE,
    )
    webhooks = (await session.scalars(select(Webhook).where(*active))).all()
    for webhook in webhooks:
        await pause_webhook(session, webhook)
    return len(webhooks)
