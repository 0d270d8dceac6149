"""The inbox by mail: each morning, or each Monday, one mail to each person for whom something waits and who chose it."""

from datetime import datetime, tzinfo
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import today
from udi.kit.emails import Email
from udi.kit.schedules import Schedule, run_by_clock
from udi.kit.tenancy import Territory
from udi.portal.identity.inbox import (
    KIND_NAMES,
    OWN_REQUESTS,
    InboxItem,
    count,
    list_inbox,
)
from udi.portal.identity.models import Person
from udi.portal.identity.queries import read_actor
from udi.portal.notifications.digests import last_send_time
from udi.portal.notifications.emails import MOST_LISTED
from udi.portal.notifications.models import DigestRhythm, Subscription
from udi.portal.notifications.tokens import unsubscribe_token
from udi.ui.emails import person_recipient
from udi.ui.site import Site

log = structlog.get_logger()
SEND_INBOX = "send_inbox"


def schedule_inbox_mails(site: Site) -> Schedule:
    """Look three times an hour for mails that are due, by the clock of each territory."""
    run = run_by_clock(site.database, site.registry, queue_inbox_mails)
    return Schedule("queue_inbox_mails", "11-59/20 * * * *", run)


async def queue_inbox_mails(
    session: AsyncSession, moment: datetime, zone: tzinfo
) -> int:
    """Queue the mails that should have left by now, each once, however often this is called; how many."""
    queued = 0
    for rhythm in (DigestRhythm.DAILY, DigestRhythm.WEEKLY):
        until = last_send_time(rhythm, moment, zone)
        due = await session.scalars(
            select(Subscription)
            .where(
                Subscription.inbox_rhythm == rhythm,
                Subscription.inbox_mailed_until < until,
            )
            .with_for_update(skip_locked=True)
        )
        for subscription in due.all():
            subscription.inbox_mailed_until = until
            payload = {
                "subscription": str(subscription.id),
                "until": until.isoformat(),
            }
            await jobs.enqueue(session, SEND_INBOX, payload)
            queued += 1
    return queued


async def send_inbox_mail(
    site: Site, territory: Territory, subscription_id: UUID, until: datetime
) -> None:
    """Send what waits for a person now; nothing when nothing does, or they want no mail any more.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    mail = None
    async with site.database.session(territory.id, role="worker") as session:
        subscription = await session.get(Subscription, (territory.id, subscription_id))
        if (
            subscription is None
            or subscription.inbox_rhythm == DigestRhythm.NEVER
            or subscription.inbox_mailed_until is None
            or subscription.inbox_mailed_until > until
        ):
            return
        person = await session.get_one(Person, (territory.id, subscription.person_id))
        if person.email and person.left_at is None:
            actor = await read_actor(session, person, territory.slug)
            items = await list_inbox(site.services, session, actor)
            if items:
                mail = write_inbox_mail(
                    site, territory, subscription, person, items, until
                )
    if mail is not None:
        await site.send_email(territory, mail)
    log.info("inbox mail done", subscription=str(subscription_id))


def write_inbox_mail(
    site: Site,
    territory: Territory,
    subscription: Subscription,
    person: Person,
    items: list[InboxItem],
    until: datetime,
) -> Email:
    """The mail of what waits for a person, in their language, what is due first."""
    day = today(territory.zone)
    named = [item for item in items if item.kind not in OWN_REQUESTS]
    total = count(named, day)
    own_requests = len(items) - len(named)
    next_due = named[0].due_on if named else None
    token = unsubscribe_token(site.settings, territory, subscription.id)
    return site.emails.render(
        territory,
        "notifications/emails/inbox.jinja",
        person_recipient(territory, person, subscription.language),
        key=f"inbox-{subscription.id}-{until.date().isoformat()}",
        unsubscribe=f"{territory.origin}/following/unsubscribe-inbox/{token}",
        list_name="inbox",
        items=named[:MOST_LISTED],
        more=max(0, len(named) - MOST_LISTED),
        own_requests=own_requests,
        kind_names=KIND_NAMES,
        waiting=total.waiting + own_requests,
        late=total.late,
        today=day,
        next_due=next_due,
        weekly=subscription.inbox_rhythm == DigestRhythm.WEEKLY,
        address=f"{territory.origin}/inbox",
    )
