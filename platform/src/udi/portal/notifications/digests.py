"""Digests: each morning, or each Monday, one mail to each person for whom something changed; each once."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.notifications.actions import CHANGE_RETENTION, forget_changes
from udi.portal.notifications.emails import write_digest
from udi.portal.notifications.models import Change, Digest, DigestRhythm, Subscription
from udi.portal.notifications.queries import list_changes, list_followings
from udi.portal.notifications.topics import (
    ChangeSummary,
    list_followed_changes,
    topics_of,
)
from udi.portal.notifications.webhooks.actions import forget_deliveries
from udi.ui.emails import person_recipient
from udi.ui.site import Site

log = structlog.get_logger()
SEND_DIGEST = "send_digest"
MORNING = time(7)
"""Where the territory lives."""
SETTLED = timedelta(minutes=10)
"""How long after the hour a digest is made, when every transaction that began before it has ended and is searched."""


def last_send_time(rhythm: DigestRhythm, moment: datetime, zone: tzinfo) -> datetime:
    """The last time that a digest of this rhythm was to leave: today's morning or yesterday's, or a Monday's."""
    local = (moment - SETTLED).astimezone(zone)
    if local.time() >= MORNING:
        day = local.date()
    else:
        day = local.date() - timedelta(days=1)
    if rhythm == DigestRhythm.WEEKLY:
        day -= timedelta(days=day.weekday())
    return datetime.combine(day, MORNING, zone)


def next_send_time(
    rhythm: DigestRhythm, moment: datetime, zone: tzinfo
) -> datetime | None:
    """When a digest of this rhythm may leave next, in UTC; None for one who wants none."""
    if rhythm == DigestRhythm.NEVER:
        return None
    step = timedelta(days=7 if rhythm == DigestRhythm.WEEKLY else 1)
    return (last_send_time(rhythm, moment, zone) + step).astimezone(UTC)


def schedule_digests(site: Site) -> Schedule:
    """Look three times an hour for digests that are due, by the clock of each territory; forget what is old."""

    async def queue_due(session: AsyncSession, territory: Territory) -> None:
        await queue_digests(session, now(), territory.zone)
        await forget_changes(session)
        await forget_deliveries(session)
        await session.execute(
            delete(Digest).where(Digest.until < now() - CHANGE_RETENTION)
        )

    run = run_sessions(site.database, site.registry, queue_due)
    return Schedule("queue_digests", "10-59/20 * * * *", run)


async def queue_digests(session: AsyncSession, moment: datetime, zone: tzinfo) -> int:
    """Queue the digests that should have left by now, each once, however often this is called; how many.

    Each begins where the one before ended: a territory that moves its zone loses no change, and tells none twice.
    """
    queued = 0
    for rhythm in (DigestRhythm.DAILY, DigestRhythm.WEEKLY):
        until = last_send_time(rhythm, moment, zone)
        late = (Subscription.rhythm == rhythm, Subscription.notified_until < until)
        due = (
            await session.scalars(
                select(Subscription).where(*late).with_for_update(skip_locked=True)
            )
        ).all()
        for subscription in due:
            queued += await _queue(session, subscription, until)
    return queued


async def _queue(
    session: AsyncSession, subscription: Subscription, until: datetime
) -> bool:
    since = max(subscription.notified_until, until - CHANGE_RETENTION)
    subscription.notified_until = until
    some = select(Change.id).where(Change.at > since, Change.at <= until).limit(1)
    if await session.scalar(some) is None:
        return False
    row = {"person_id": subscription.person_id, "since": since, "until": until}
    digest = await session.scalar(
        insert(Digest).values(row).on_conflict_do_nothing().returning(Digest.id)
    )
    if digest is None:
        return False
    await jobs.enqueue(session, SEND_DIGEST, {"digest": str(digest)})
    return True


async def send_digest(site: Site, territory: Territory, digest_id: UUID) -> None:
    """Send one, unless it left, the person wants none any more, or nothing of what changed is followed.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        digest = await session.get(Digest, (territory.id, digest_id))
        if digest is None or digest.done_at is not None:
            return
        person = await session.get_one(Person, (territory.id, digest.person_id))
        subscription = await session.scalar(
            select(Subscription).where(Subscription.person_id == person.id)
        )
        is_subscribed = (
            subscription is not None and subscription.rhythm != DigestRhythm.NEVER
        )
        is_subscribed = is_subscribed and bool(person.email) and person.left_at is None
        if is_subscribed:
            items = await read_digest(
                site, session, territory, person.id, digest.since, digest.until
            )
        else:
            items = []
        mail = None
        if subscription is not None and items:
            recipient = person_recipient(territory, person, subscription.language)
            mail = await write_digest(
                site, session, territory, digest, subscription, recipient, items
            )
    if mail is not None:
        await site.send_email(territory, mail)
    async with site.database.session(territory.id, role="worker") as session:
        await session.execute(
            update(Digest).where(Digest.id == digest_id).values(done_at=now())
        )
    log.info("digest done", digest=str(digest_id), things=len(items))


async def read_digest(
    site: Site,
    session: AsyncSession,
    territory: Territory,
    person: UUID,
    since: datetime,
    until: datetime,
) -> list[ChangeSummary]:
    """What a digest of a person tells of (since, until]."""
    followings = await list_followings(session, person)
    changes = await list_changes(session, since, until)
    return await list_followed_changes(
        session, territory, topics_of(site.services), followings, changes
    )
