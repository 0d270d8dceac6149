"""What the worker does when an account is deleted: the identity service first, then each territory, then a last mail."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import select

from udi.kit import jobs
from udi.kit.errors import ProvisionError
from udi.kit.jobs import Handler, Job
from udi.kit.mail_relay import EmailError
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.actions import (
    DELETE_ACCOUNT,
    SEND_CONFIRMATION,
    digest_subject,
    erase_account,
)
from udi.portal.identity.departures import DEPARTURES
from udi.portal.identity.models import Person
from udi.portal.identity.provision.account_changes import log_out
from udi.portal.identity.provision.admin import (
    RealmAdmin,
    connect_for_members,
    find_or_none,
)
from udi.ui.emails import EmailRecipient
from udi.ui.person_erasure import FORMER_MEMBER
from udi.ui.personal_rows import read_register
from udi.ui.site import Site

log = structlog.get_logger()
Connect = Callable[[], RealmAdmin]


def task_handlers(site: Site, connect: Connect | None = None) -> Mapping[str, Handler]:
    """The handlers, by name."""

    def connect_worker() -> RealmAdmin:
        return connect_for_members(site.settings)

    async def delete_account(job: Job) -> None:
        await run_deletion(site, connect or connect_worker, job)

    async def confirm(job: Job) -> None:
        if territory := await site.registry.by_id(job.tenant):
            await send_confirmation(site, territory, job)

    return {DELETE_ACCOUNT: delete_account, SEND_CONFIRMATION: confirm}


async def run_deletion(site: Site, connect: Connect, job: Job) -> None:
    """Delete an account of the realm: nothing is erased here before it is gone there. May be repeated.

    Raises:
        ProvisionError: the identity service does not answer; it is tried again.
    """
    subject = str(job.payload["subject"])
    await asyncio.to_thread(delete_at_identity_service, connect(), subject)
    for territory in [*await site.registry.list(), site.installation]:
        await erase_in(site, territory, job)


def delete_at_identity_service(admin: RealmAdmin, subject: str) -> None:
    """Log the account out everywhere, nodes included, and delete it; without complaint where it is gone.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
    """
    log_out(admin, subject)
    find_or_none(admin.delete_user, subject)
    if find_or_none(admin.get_user, subject) is not None:
        msg = "Keycloak still has the account that was deleted."
        raise ProvisionError(msg)


async def erase_in(site: Site, territory: Territory, job: Job) -> None:
    """Erase the account in one territory, and queue the last mail in the one where it was asked."""
    issuer = str(job.payload["issuer"])
    subject = str(job.payload["subject"])
    register = read_register(site.domains)
    ends = site.services.contributions(DEPARTURES)
    former_name = site.pages.gettext(territory.languages[0], FORMER_MEMBER)
    async with site.database.session(territory.id, role="worker") as session:
        person = await session.scalar(
            select(Person)
            .where(Person.issuer == issuer, Person.subject == subject)
            .with_for_update()
        )
        if person is None:
            return
        address = person.email
        await erase_account(session, person, register, ends, former_name=former_name)
        if territory.id == job.tenant and address:
            payload = {
                "to": address,
                "language": job.payload["language"],
                "key": digest_subject(subject)[:16],
            }
            await jobs.enqueue(session, SEND_CONFIRMATION, payload)
    log.info("account erased", territory=territory.slug)


async def send_confirmation(site: Site, territory: Territory, job: Job) -> None:
    """The last mail, whose address is then forgotten: sent or not, no job keeps it.

    Raises:
        EmailError: the relay did not take it; it is tried again, unless this was the last time.
    """
    mail = site.emails.render(
        territory,
        "identity/emails/account-deleted.jinja",
        EmailRecipient(job.payload["to"], job.payload["language"]),
        key=f"account-deleted-{job.payload['key']}",
        backup_days=site.settings.backup_days,
    )
    try:
        await site.send_email(territory, mail)
    except EmailError:
        if not job.last:
            raise
        log.warning("confirmation of a deletion not sent", mail=mail.id)
