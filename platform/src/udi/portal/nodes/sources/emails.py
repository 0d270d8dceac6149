"""The mails about a source, only when something is wrong there: to the administrators of its producer, and to the team."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import any_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.emails import Email, send_email
from udi.kit.identity import MANAGERS
from udi.kit.jobs import Handler, Job
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Membership, Person
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.models import CatalogueSource, SourceRun
from udi.portal.nodes.sources.reconciliation import Alert
from udi.portal.notifications.emails import Translate, translator
from udi.portal.notifications.queries import find_subscription
from udi.portal.organisations.models import Organisation
from udi.ui.locale import localise
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


def task_handlers(site: Site) -> Mapping[str, Handler]:
    """The jobs of this module; for a territory that is not served any more, they do nothing."""

    async def tell(job: Job) -> None:
        if territory := await site.registry.by_id(job.tenant):
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
        to, language = await _find_recipient(session, territory, job.payload["person"])
    if not to:
        return
    mail = write_email(
        site,
        territory,
        source,
        producer,
        run,
        Alert(job.payload["trouble"]),
        to,
        language,
    )
    await send_email(
        mail, site.settings.smtp_host, site.settings.smtp_port or site.settings.port(6)
    )


async def _find_recipient(
    session: AsyncSession, territory: Territory, person_id: str
) -> tuple[str, str]:
    """Address and language; nobody is the team."""
    if not person_id:
        return territory.contact, territory.languages[0]
    person = await session.get(Person, (territory.id, UUID(person_id)))
    subscription = await find_subscription(session, UUID(person_id))
    return (person.email if person else ""), (
        subscription.language if subscription else territory.languages[0]
    )


def write_email(
    site: Site,
    territory: Territory,
    source: CatalogueSource,
    producer: Organisation,
    run: SourceRun,
    trouble: Alert,
    to: str,
    language: str,
) -> Email:
    """What is wrong, what was done about it, and where to see more."""
    say = translator(site, language)
    name = localise(territory.name, language)
    host = host_of(source.address)
    parts = [
        say("Good morning,"),
        say(
            "The catalogue at %(host)s is read for %(producer)s.",
            host=host,
            producer=producer.name,
        ),
        _describe_alert(say, trouble, source, run),
        say(
            "Its page says what to correct, and what you may do: %(address)s",
            address=_page(territory, source),
        ),
        name,
    ]
    subjects = {
        Alert.VANISHED: say(
            "Many datasets are missing from the catalogue at %(host)s", host=host
        ),
        Alert.FAILING: say("The catalogue at %(host)s cannot be read", host=host),
        Alert.REFUSED: say(
            "Something to correct in the catalogue at %(host)s", host=host
        ),
    }
    return Email(
        to=to,
        subject=subjects[trouble],
        text="\n\n".join(parts) + "\n",
        language=language,
        id=f"source-{run.id}-{trouble.value}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=name,
        reply_to=territory.contact,
    )


def _page(territory: Territory, source: CatalogueSource) -> str:
    return f"{territory.origin}/sources/{source.id}"


def _describe_alert(
    say: Translate, trouble: Alert, source: CatalogueSource, run: SourceRun
) -> str:
    if trouble is Alert.VANISHED:
        return say(
            "%(missing)s datasets out of %(shown)s were not there at the last reading. None was withdrawn: we are waiting for your decision.",
            missing=run.missing,
            shown=source.shown,
        )
    if trouble is Alert.FAILING:
        return say(
            "The last %(count)s readings failed. What was published stays, and we go on trying.",
            count=source.failures,
        )
    return say(
        "%(count)s records were refused at the last reading, more than before. What was published of them stays.",
        count=run.refused,
    )
