"""A mail to the person, once, before what they lend ends: the day, and nothing of who reads what."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.jobs import Handlers, Job
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.portal.consents.models import Consent
from udi.portal.identity.models import Person
from udi.protocol.consent import ConsentState
from udi.ui.emails import person_recipient
from udi.ui.site import Site

REMIND = "remind_of_consent"
BEFORE = timedelta(days=30)
SHORTEST = timedelta(days=60)
"""How long a consent lasts whose end is announced: of a shorter one the yes is fresh in mind."""
MOST = 1000


async def queue_reminders(session: AsyncSession, moment: datetime) -> int:
    """Queue the mails that should have left by now, one of each consent, however often this is called; how many."""
    query = (
        select(Consent)
        .where(
            Consent.state == ConsentState.GIVEN,
            Consent.reminded_at.is_(None),
            Consent.expires_at > moment,
            Consent.expires_at <= moment + BEFORE,
            Consent.expires_at - Consent.answered_at >= SHORTEST,
        )
        .order_by(Consent.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    consents = (await session.scalars(query)).all()
    for consent in consents:
        consent.reminded_at = moment
        await jobs.enqueue(session, REMIND, {"consent": str(consent.id)})
    await session.flush()
    return len(consents)


async def send_reminder(site: Site, territory: Territory, consent_id: UUID) -> None:
    """Send one, unless the consent ended meanwhile, or nobody reads mails of its account.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        consent = await session.get(Consent, (territory.id, consent_id))
        if consent is None or consent.state != ConsentState.GIVEN:
            return
        person = await session.get_one(Person, (territory.id, consent.person_id))
    if consent.expires_at <= now() or not person.email:
        return
    mail = site.emails.render(
        territory,
        "consents/emails/ends-soon.jinja",
        person_recipient(territory, person),
        key=f"consent-{consent.id}-ends",
        day=consent.expires_at,
        address=f"{territory.origin}/my-data/consents",
    )
    await site.send_email(territory, mail)


def task_handlers(site: Site) -> Handlers:
    """The handler of reminders; what is of a closed territory waits."""

    async def remind(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_reminder(site, territory, UUID(job.payload["consent"]))

    return {REMIND: remind}


def schedule_reminders(site: Site) -> Schedule:
    """Look for what ends soon in every territory, once an hour."""

    async def queue(session: AsyncSession, _: Territory) -> None:
        await queue_reminders(session, now())

    run = run_sessions(site.database, site.registry, queue)
    return Schedule("queue_consent_reminders", "33 * * * *", run)
