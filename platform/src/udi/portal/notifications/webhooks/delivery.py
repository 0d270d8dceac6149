"""Delivering one message: signed, to the address as it is now, again and again for three days, then the webhook stops."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.notifications.emails import write_webhook_stopped_email
from udi.portal.notifications.models import (
    Webhook,
    WebhookDelivery,
    WebhookDeliveryState,
    WebhookState,
)
from udi.portal.notifications.queries import find_subscription
from udi.portal.notifications.webhooks import WEBHOOK_CLIENT
from udi.portal.notifications.webhooks.actions import DELIVER, TEST, stop_webhook
from udi.portal.notifications.webhooks.signatures import headers
from udi.ui.emails import person_recipient
from udi.ui.site import Site

log = structlog.get_logger()
NOTIFY_STOPPED = "say_webhook_stopped"
RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""How long after each attempt that failed the next one comes."""
PATIENCE = 15.0
LONGEST_ANSWER = 16 * 1024
GONE = 410
UNREACHABLE = "unreachable"
ADDRESS = "address"


async def attempt_delivery(
    site: Site, territory: Territory, delivery_id: UUID, attempt: int
) -> None:
    """Make one attempt, unless it was made, or the webhook is not called any more."""
    async with site.database.session(territory.id, role="worker") as session:
        row = await _find(session, delivery_id, attempt)
    if row is None:
        return
    delivery, webhook = row
    answer = await _post(site.services[WEBHOOK_CLIENT], webhook, delivery)
    async with site.database.session(territory.id, role="worker") as session:
        again = await _find(session, delivery_id, attempt, lock=True)
        if again is not None:
            await _note(session, *again, answer)
    log.info(
        "webhook called", delivery=str(delivery_id), attempt=attempt, answer=answer
    )


async def _find(
    session: AsyncSession, delivery_id: UUID, attempt: int, *, lock: bool = False
) -> tuple[WebhookDelivery, Webhook] | None:
    waiting = (
        WebhookDelivery.id == delivery_id,
        WebhookDelivery.state == WebhookDeliveryState.WAITING,
        WebhookDelivery.attempts == attempt,
    )
    called = select(WebhookDelivery, Webhook).join(
        Webhook, Webhook.id == WebhookDelivery.webhook_id
    )
    query = called.where(*waiting, Webhook.state == WebhookState.ACTIVE)
    row = (
        await session.execute(query.with_for_update() if lock else query)
    ).one_or_none()
    if row is None:
        return None
    return (row.WebhookDelivery, row.Webhook)


async def _post(
    outgoing: OutgoingClient, webhook: Webhook, delivery: WebhookDelivery
) -> str:
    """The status answered, or why there is none. Nothing of the answer is kept, and a redirect is not followed."""
    signed = headers(webhook, f"msg_{delivery.id.hex}", now(), delivery.body)
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await outgoing.request(
                "POST",
                webhook.url,
                headers=signed,
                content=delivery.body.encode(),
                limit=LONGEST_ANSWER,
            )
    except RefusedAddressError:
        return ADDRESS
    except OutgoingError as error:
        if error.status:
            return str(error.status)
        return UNREACHABLE
    except (TimeoutError, httpx.InvalidURL):
        return UNREACHABLE
    return str(answer.status_code)


async def _note(
    session: AsyncSession, delivery: WebhookDelivery, webhook: Webhook, answer: str
) -> None:
    delivery.attempts += 1
    delivery.answer = answer
    delivery.tried_at = now()
    delivery.next_at = None
    if answer.startswith("2"):
        delivery.state = WebhookDeliveryState.DELIVERED
    elif answer == str(GONE):
        delivery.state = WebhookDeliveryState.FAILED
        await _stop(session, webhook, "gone")
    elif delivery.type == TEST:
        delivery.state = WebhookDeliveryState.FAILED
    elif delivery.attempts > len(RETRY_DELAYS):
        delivery.state = WebhookDeliveryState.FAILED
        await _stop(session, webhook, "failing")
    else:
        delay = RETRY_DELAYS[delivery.attempts - 1]
        delivery.next_at = now() + delay
        payload = {"delivery": str(delivery.id), "attempt": delivery.attempts}
        await jobs.enqueue(session, DELIVER, payload, delay=delay)


async def _stop(session: AsyncSession, webhook: Webhook, reason: str) -> None:
    await stop_webhook(session, webhook, WebhookState.STOPPED, reason)
    payload = {"webhook": str(webhook.id), "at": now().isoformat(timespec="seconds")}
    await jobs.enqueue(session, NOTIFY_STOPPED, payload)


async def notify_stopped(
    site: Site, territory: Territory, webhook_id: UUID, at: str
) -> None:
    """Tell its owner by mail that a webhook stopped, unless it was started again meanwhile.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        webhook = await session.get(Webhook, (territory.id, webhook_id))
        if webhook is None or webhook.state != WebhookState.STOPPED:
            return
        person = await session.get_one(Person, (territory.id, webhook.person_id))
        subscription = await find_subscription(session, person.id)
    if not person.email:
        return
    if subscription:
        language = subscription.language
    else:
        language = territory.languages[0]
    recipient = person_recipient(territory, person, language)
    mail = write_webhook_stopped_email(site, territory, webhook, recipient, at=at)
    await site.send_email(territory, mail)
