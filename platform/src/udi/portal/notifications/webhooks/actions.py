"""Writes of webhooks: make, test, replace the secret, pause, resume, delete."""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.notifications.models import (
    Change,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryState,
    WebhookState,
)
from udi.portal.notifications.webhooks.queries import count_webhooks
from udi.portal.notifications.webhooks.signatures import new_secret

DELIVER = "deliver_webhook"
MOST_WEBHOOKS = 10
LONGEST_URL = 500
BOTH_SIGN = timedelta(hours=24)
TEST = "test"
DELIVERY_RETENTION = timedelta(days=30)
"""How long what was sent is kept."""


async def check_address(outgoing: OutgoingClient, url: str) -> str:
    """The address, if a program that is told may be there; it is checked again at each message.

    Raises:
        InvalidError: it is no address, not encrypted, unknown, or not on the public internet; the reason is named.
    """
    url = url.strip()
    try:
        if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
            raise _refused(
                "This is not an address.", "Write it whole: https://example.org/hook."
            )
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise _refused(
                "This address holds a name, a password or a “#”.", "Leave them out."
            )
        if parts.scheme != "https" and not (
            parts.scheme == "http" and outgoing.is_private(url)
        ):
            raise _refused(
                "This address is not encrypted.", "Write one that begins with https://."
            )
        await outgoing.check(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise _refused(
            "This is not an address.", "Write it whole: https://example.org/hook."
        ) from error
    except RefusedAddressError as error:
        raise _refused(
            "This address is not on the public internet, or has an unusual port.",
            "Use a public name, and the port 443 or 8443.",
        ) from error
    except OutgoingError as error:
        raise _refused("This name is not known.", "Check how it is written.") from error
    return url


def _refused(reason: str, remedy: str) -> InvalidError:
    return InvalidError(
        "This webhook cannot be made.",
        refusals=[Refusal("url", reason, remedy, "refused-address")],
    )


async def create_webhook(
    session: AsyncSession,
    actor: Actor,
    *,
    url: str,
    everything: bool,
    readings: bool = False,
    projects: bool = False,
) -> Webhook:
    """Tell a checked address what changes, from now on.

    Args:
        readings: also of those of the sources the person looks after.
        projects: also what becomes of the data that projects of the person read.

    Raises:
        ConflictError: the person has as many as one may.
    """
    if await count_webhooks(session, actor.person_id) >= MOST_WEBHOOKS:
        raise ConflictError(
            "You have %(most)s webhooks already, which is the maximum.",
            remedy="Delete one, then try again.",
            values={"most": MOST_WEBHOOKS},
        )
    webhook = Webhook(
        person_id=actor.person_id,
        url=url,
        everything=everything,
        readings=readings,
        projects=projects,
        secret=new_secret(),
        state=WebhookState.ACTIVE,
        created_at=now(),
    )
    session.add(webhook)
    await session.flush()
    return webhook


async def send_test(
    session: AsyncSession, territory: Territory, webhook: Webhook
) -> WebhookDelivery:
    """Send a message that tells of nothing, to see whether it arrives.

    Raises:
        ConflictError: the webhook is not active.
    """
    if webhook.state != WebhookState.ACTIVE:
        raise ConflictError(
            "This webhook is not active.", remedy="Start it again, then send the test."
        )
    data = {
        "id": str(webhook.id),
        "title": "Test",
        "url": territory.origin,
        "api_url": f"{territory.origin}/api/v1",
    }
    return await queue_delivery(session, webhook, uuid.uuid4(), TEST, now(), data)


async def queue_change(
    session: AsyncSession, territory: Territory, webhook: Webhook, change: Change
) -> WebhookDelivery:
    """Tell a webhook of a change, in the transaction that notes it as told."""
    origin = territory.origin
    kind = f"{change.kind}.{change.event}"
    data = {
        "id": str(change.subject_id),
        "title": change.title,
        "url": f"{origin}{change.path}",
        "api_url": f"{origin}{change.api_path}",
    }
    return await queue_delivery(session, webhook, change.id, kind, change.at, data)


async def queue_delivery(
    session: AsyncSession,
    webhook: Webhook,
    change_id: UUID,
    kind: str,
    at: datetime,
    data: dict[str, Any],
) -> WebhookDelivery:
    """Write the message once and for all, and queue its first attempt."""
    body = json.dumps(
        {"type": kind, "timestamp": at.isoformat(), "data": data},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    delivery = WebhookDelivery(
        person_id=webhook.person_id,
        webhook_id=webhook.id,
        change_id=change_id,
        type=kind,
        title=str(data["title"]),
        body=body,
        state=WebhookDeliveryState.WAITING,
        attempts=0,
        created_at=now(),
        next_at=now(),
    )
    session.add(delivery)
    await session.flush()
    await jobs.enqueue(session, DELIVER, {"delivery": str(delivery.id), "attempt": 0})
    return delivery


async def queue_for_projects(
    session: AsyncSession,
    people: Select[UUID | None],
    change_id: UUID,
    kind: str,
    at: datetime,
    data: dict[str, Any],
) -> None:
    """Write a message to each webhook of these people that is told of the data of projects, and has it not yet."""
    notified = select(WebhookDelivery.webhook_id).where(
        WebhookDelivery.change_id == change_id
    )
    query = (
        select(Webhook)
        .where(
            Webhook.projects,
            Webhook.state == WebhookState.ACTIVE,
            Webhook.person_id.in_(people),
            Webhook.id.not_in(notified),
        )
        .order_by(Webhook.id)
    )
    for webhook in (await session.scalars(query)).all():
        await queue_delivery(session, webhook, change_id, kind, at, data)


async def replace_secret(session: AsyncSession, webhook: Webhook) -> None:
    """A new secret; for a day, the one before signs too."""
    webhook.former_secret = webhook.secret
    webhook.former_until = now() + BOTH_SIGN
    webhook.secret = new_secret()
    await session.flush()


async def pause_webhook(session: AsyncSession, webhook: Webhook) -> None:
    """Call it no more until it is started again; what waited is given up."""
    await stop_webhook(session, webhook, WebhookState.PAUSED, "")


async def stop_webhook(
    session: AsyncSession, webhook: Webhook, state: WebhookState, reason: str
) -> None:
    """Call it no more; what waited is given up."""
    webhook.state = state
    webhook.reason = reason
    waiting = (
        WebhookDelivery.webhook_id == webhook.id,
        WebhookDelivery.state == WebhookDeliveryState.WAITING,
    )
    given_up = (
        update(WebhookDelivery)
        .where(*waiting)
        .values(state=WebhookDeliveryState.FAILED, next_at=None)
    )
    await session.execute(given_up.execution_options(synchronize_session=False))
    await session.flush()


async def resume_webhook(session: AsyncSession, webhook: Webhook) -> None:
    """Tell it what changes from now on; what changed meanwhile is not told."""
    webhook.state = WebhookState.ACTIVE
    webhook.reason = ""
    await session.flush()


async def delete_webhook(session: AsyncSession, webhook: Webhook) -> None:
    """Forget it, with its secret and all that was sent."""
    await session.delete(webhook)
    await session.flush()


async def forget_deliveries(session: AsyncSession) -> None:
    """Forget what was sent long ago."""
    await session.execute(
        delete(WebhookDelivery).where(
            WebhookDelivery.created_at < now() - DELIVERY_RETENTION
        )
    )
