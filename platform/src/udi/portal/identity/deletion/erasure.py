"""Erasing an account: at the identity service first, then in one territory after the other."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.erased_accounts import digest_subject
from udi.kit.errors import ProvisionError
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.kit.territory_reads import find_territories
from udi.portal.identity.deletion.actions import (
    SEND_CONFIRMATION,
    erase_account,
    list_returned,
    note_erasure,
    select_returned,
)
from udi.portal.identity.deletion.places import list_territories
from udi.portal.identity.departures import DEPARTURE_LOCKS, DEPARTURES
from udi.portal.identity.models import Person
from udi.portal.identity.provision.account_changes import log_out, read_account
from udi.portal.identity.provision.admin import RealmAdmin, find_or_none
from udi.ui.person_erasure import FORMER_MEMBER, erase_rows
from udi.ui.personal_rows import PersonKeys, read_register
from udi.ui.site import Site

log = structlog.get_logger()


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


@dataclass(frozen=True)
class LastMail:
    """The mail that confirms a deletion: its language, and why, where nobody asked for it."""

    language: str
    reason: str = ""
    address: str = ""
    """What the identity service proved last; empty: it is not known any more, and the address of the last login counts."""


def read_last_mail(job: Job, territory: Territory, address: str) -> LastMail | None:
    """The mail that leaves in the territory that a task of deletion names; none in the others."""
    if territory.id != job.tenant:
        return None
    reason = str(job.payload.get("reason", ""))
    return LastMail(str(job.payload["language"]), reason, address)


def read_proven_address(admin: RealmAdmin, subject: str) -> str:
    """The address that the identity service has of an account and proved; empty where there is none.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
    """
    account = read_account(admin, subject)
    if account is None or not account.email_verified:
        return ""
    return account.email


async def store_address(
    site: Site, tenant: UUID, issuer: str, subject: str, address: str
) -> None:
    """Keep a proven address, if there is one, as a login does: once its account is gone, a deletion begun again finds no other."""
    if not address:
        return
    person = (Person.issuer == issuer, Person.subject == subject)
    async with site.database.session(tenant, role="worker") as session:
        await session.execute(
            update(Person)
            .where(*person, Person.email != address)
            .values(email=address, email_verified=True)
        )


async def erase_in(
    site: Site,
    territory: Territory,
    issuer: str,
    subject: str,
    last_mail: LastMail | None = None,
) -> None:
    """Erase the account in one territory, known there or not, and queue the last mail to who is known."""
    async with site.database.session(territory.id, role="worker") as session:
        await note_erasure(session, subject)
        person = await session.scalar(
            select(Person)
            .where(Person.issuer == issuer, Person.subject == subject)
            .with_for_update()
        )
        if person is None:
            register = read_register(site.domains)
            await erase_rows(session, register, PersonKeys.know_by_subject(subject))
            return
        await erase_known(site, session, territory, person, last_mail)


async def erase_known(
    site: Site,
    session: AsyncSession,
    territory: Territory,
    person: Person,
    last_mail: LastMail | None,
) -> None:
    """Erase somebody in the transaction that holds their row, and queue the last mail to them."""
    subject = person.subject
    register = read_register(site.domains)
    ends = site.services.contributions(DEPARTURES)
    locks = site.services.contributions(DEPARTURE_LOCKS)
    former_name = site.pages.gettext(territory.languages[0], FORMER_MEMBER)
    address = person.email
    if last_mail is not None and last_mail.address:
        address = last_mail.address
    await erase_account(session, person, register, ends, locks, former_name=former_name)
    if last_mail is not None and address:
        payload = {
            "to": address,
            "language": last_mail.language,
            "key": digest_subject(subject)[:16],
            "reason": last_mail.reason,
        }
        await jobs.enqueue(session, SEND_CONFIRMATION, payload)
    log.info("account erased", territory=territory.slug)


async def erase_returned(site: Site, issuer: str) -> int:
    """Erase again what names an account that was deleted in a territory before; how many accounts."""
    erased = 0
    served = {territory.id for territory in await site.registry.list()}
    concerned = await find_territories(site.database, *select_returned(issuer))
    for territory in await list_territories(site):
        if territory.read_only:
            continue  # erased once it is active again
        if territory.id in served - concerned:
            continue  # one statement told it for all that are not suspended
        async with site.database.session(territory.id, role="worker") as session:
            subjects = await list_returned(session, issuer)
        for subject in sorted(subjects):
            await erase_in(site, territory, issuer, subject)
            erased += 1
    return erased
