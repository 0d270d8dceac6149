"""The worker's look before an account is deleted: what came to need its person since they asked, and the mail that says so."""

import asyncio

from sqlalchemy import select

from udi.kit.erased_accounts import digest_subject
from udi.kit.jobs import Job
from udi.kit.mail_relay import EmailError
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal import audit
from udi.portal.identity.deletion.places import (
    forget_departure,
    list_handovers,
    list_territories,
)
from udi.portal.identity.models import Person
from udi.portal.identity.provision.admin import RealmAdmin
from udi.portal.identity.provision.operators import list_operator_accounts
from udi.portal.identity.queries import is_staying
from udi.ui.emails import EmailRecipient
from udi.ui.own_data_pages import DELETION
from udi.ui.site import Site


async def is_still_needed(
    site: Site, admin: RealmAdmin, issuer: str, subject: str
) -> bool:
    """Whether something would have nobody without an account.

    Raises:
        ProvisionError: the identity service does not answer who runs the installation.
    """
    for territory in await list_territories(site):
        if territory.id == INSTALLATION_ID:
            continue
        async with site.database.session(territory.id, role="worker") as session:
            query = select(Person).where(
                Person.issuer == issuer, Person.subject == subject
            )
            person = (await session.scalars(query)).one_or_none()
            if person and await list_handovers(site, session, territory, person):
                return True
    return await is_last_operator(site, admin, issuer, subject)


async def is_last_operator(
    site: Site, admin: RealmAdmin, issuer: str, subject: str
) -> bool:
    """As the identity service has them; those who ask to be deleted themselves do not stay."""
    accounts = await asyncio.to_thread(list_operator_accounts, admin)
    operators = {str(account["id"]) for account in accounts}
    async with site.database.session(INSTALLATION_ID, role="worker") as session:
        query = select(Person).where(
            Person.issuer == issuer, Person.subject.in_(operators)
        )
        people = (await session.scalars(query)).all()
    leaving = {person.subject for person in people if not is_staying(person)}
    return subject in operators and operators - leaving <= {subject}


async def refuse_deletion(site: Site, territory: Territory, job: Job) -> None:
    """Tell who asked, in the territory where they did, that their account stays, and why.

    Raises:
        EmailError: the relay did not take the mail; it is tried again, unless this was the last time.
    """
    issuer = str(job.payload["issuer"])
    subject = str(job.payload["subject"])
    async with site.database.session(territory.id, role="worker") as session:
        query = select(Person).where(Person.issuer == issuer, Person.subject == subject)
        person = (await session.scalars(query)).one_or_none()
    if person is not None and person.email:
        await _send_refusal(site, territory, person, job)
    await forget_departure(site, issuer, subject)
    if person is not None:
        async with site.database.session(territory.id, role="worker") as session:
            audit.record(session, None, "person.deletion_refused", person.id)


async def _send_refusal(
    site: Site, territory: Territory, person: Person, job: Job
) -> None:
    mail = site.emails.render(
        territory,
        "identity/emails/account-stays.jinja",
        EmailRecipient(person.email, str(job.payload["language"])),
        key=f"account-stays-{digest_subject(person.subject)[:16]}-{person.deletion_requested_at}",
        address=f"{territory.origin}{DELETION}",
    )
    try:
        await site.send_email(territory, mail)
    except EmailError:
        if not job.last:
            raise
