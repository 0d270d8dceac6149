"""The mails about a source, only when something is wrong there: to the administrators of its producer, and to the team."""

from uuid import UUID

from sqlalchemy import any_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.emails import Email
from udi.kit.identity import MANAGERS
from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Membership, Person
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.models import CatalogueSource, SourceRun
from udi.portal.nodes.sources.reconciliation import Alert
from udi.portal.notifications.queries import find_subscription
from udi.portal.organisations.models import Organisation
from udi.ui.emails import EmailRecipient, person_recipient, team_recipient
from udi.ui.site import Site

NOTIFY_SOURCE = "tell_source"


async def queue_emails(
    session: AsyncSession, source: CatalogueSource, run: SourceRun, trouble: Alert
) -> None:
    """One mail to each administrator of the producer, and one to the team, whose job each may be tried again."""
    managing = (
        select(Membership.person_id)
        .join(Organisation, Organisation.slug == Membership.organisation_slug)
        .where(
            Organisation.id == source.organisation_id,
            any_(Membership.groups) == MANAGERS,
        )
    )
    people = (await session.scalars(managing)).all()
    payloads = [
        {"run": str(run.id), "trouble": trouble.value, "person": str(person)}
        for person in people
    ]
    await jobs.enqueue_each(
        session,
        NOTIFY_SOURCE,
        [*payloads, {"run": str(run.id), "trouble": trouble.value, "person": ""}],
    )


def task_handlers(site: Site) -> Handlers:
    """The jobs of this module; those of a closed territory wait."""

    async def tell(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await _send_email(site, territory, job)

    return {NOTIFY_SOURCE: tell}


async def _send_email(site: Site, territory: Territory, job: Job) -> None:
    """Send one, unless the source is gone, or the person has no address.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        run = await session.get(SourceRun, (territory.id, UUID(job.payload["run"])))
        if run is None:
            return
        source = await session.get_one(CatalogueSource, (territory.id, run.source_id))
        producer = await session.get_one(
            Organisation, (territory.id, source.organisation_id)
        )
        recipient = await _find_recipient(session, territory, job.payload["person"])
    if not recipient.address:
        return
    alert = Alert(job.payload["trouble"])
    mail = write_email(site, territory, source, producer, run, alert, recipient)
    await site.send_email(territory, mail)


async def _find_recipient(
    session: AsyncSession, territory: Territory, person_id: str
) -> EmailRecipient:
    """The person, with an empty address once they are gone; nobody is the team."""
    if not person_id:
        return team_recipient(territory)
    person = await session.get(Person, (territory.id, UUID(person_id)))
    subscription = await find_subscription(session, UUID(person_id))
    language = subscription.language if subscription else territory.languages[0]
    if person is None:
        return EmailRecipient("", language)
    return person_recipient(territory, person, language)


def write_email(
    site: Site,
    territory: Territory,
    source: CatalogueSource,
    producer: Organisation,
    run: SourceRun,
    alert: Alert,
    recipient: EmailRecipient,
) -> Email:
    """What is wrong, what was done about it, and where to see more."""
    return site.emails.render(
        territory,
        f"nodes/emails/source-{alert.value}.jinja",
        recipient,
        key=f"source-{run.id}-{alert.value}",
        host=host_of(source.address),
        producer=producer.name,
        missing=run.missing,
        total=source.dataset_count,
        failures=source.failures,
        refused=run.refused,
        address=f"{territory.origin}/sources/{source.id}",
    )
