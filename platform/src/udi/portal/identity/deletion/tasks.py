"""What the worker does when an account is deleted: the identity service first, then each territory, then a last mail."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import select

from udi.kit import jobs
from udi.kit.erased_accounts import digest_subject
from udi.kit.errors import ProvisionError
from udi.kit.jobs import Handler, Job
from udi.kit.mail_relay import EmailError
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.actions import (
    DELETE_ACCOUNT,
    SEND_CONFIRMATION,
    erase_account,
    list_returned,
    note_erasure,
)
from udi.portal.identity.deletion.places import list_territories
from udi.portal.identity.deletion.refusals import is_still_needed, refuse_deletion
from udi.portal.identity.departures import DEPARTURES
from udi.portal.identity.models import Person
from udi.portal.identity.provision.account_changes import log_out
from udi.portal.identity.provision.admin import (
    RealmAdmin,
    connect_for_members,
    find_or_none,
)
from udi.ui.emails import EmailRecipient
from udi.ui.person_erasure import FORMER_MEMBER, erase_rows
from udi.ui.personal_rows import PersonKeys, read_register
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
        for territory in await site.registry.list_all():
            if territory.id == job.tenant:
                await send_confirmation(site, territory, job)

    return {DELETE_ACCOUNT: delete_account, SEND_CONFIRMATION: confirm}


async def run_deletion(site: Site, connect: Connect, job: Job) -> None:
    """Delete an account of the realm: nothing is erased here before it is gone there. May be repeated.

    Nothing is deleted where something came to need the person since they asked; they are told.

    Raises:
        EmailError: the relay did not take the mail that tells it; it is tried again.
        ProvisionError: the identity service does not answer; it is tried again.
    """
    subject = str(job.payload["subject"])
    issuer = str(job.payload["issuer"])
    admin = connect()
    territories = await list_territories(site)
    is_begun = await asyncio.to_thread(find_or_none, admin.get_user, subject) is None
    if not is_begun and await is_still_needed(site, admin, issuer, subject):
        for territory in territories:
            if territory.id == job.tenant:
                await refuse_deletion(site, territory, job)
        return
    await asyncio.to_thread(delete_at_identity_service, admin, subject)
    for territory in territories:
        is_asked_here = territory.id == job.tenant
        language = str(job.payload["language"]) if is_asked_here else ""
        await erase_in(site, territory, issuer, subject, mail_language=language)


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


async def erase_in(
    site: Site,
    territory: Territory,
    issuer: str,
    subject: str,
    *,
    mail_language: str = "",
) -> None:
    """Erase the account in one territory, known there or not; with a language, queue the last mail to who is known."""
    register = read_register(site.domains)
    ends = site.services.contributions(DEPARTURES)
    former_name = site.pages.gettext(territory.languages[0], FORMER_MEMBER)
    async with site.database.session(territory.id, role="worker") as session:
        await note_erasure(session, subject)
        person = await session.scalar(
            select(Person)
            .where(Person.issuer == issuer, Person.subject == subject)
            .with_for_update()
        )
        if person is None:
            keys = PersonKeys.know_by_subject(subject)
            await erase_rows(session, register, keys)
            return
        address = person.email
        await erase_account(session, person, register, ends, former_name=former_name)
        if mail_language and address:
            payload = {
                "to": address,
                "language": mail_language,
                "key": digest_subject(subject)[:16],
            }
            await jobs.enqueue(session, SEND_CONFIRMATION, payload)
    log.info("account erased", territory=territory.slug)


async def erase_returned(site: Site, issuer: str) -> int:
    """Erase again what names an account that was deleted in a territory before; how many accounts."""
    erased = 0
    for territory in await list_territories(site):
        async with site.database.session(territory.id, role="worker") as session:
            subjects = await list_returned(session, issuer)
        for subject in sorted(subjects):
            await erase_in(site, territory, issuer, subject)
            erased += 1
    return erased


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
