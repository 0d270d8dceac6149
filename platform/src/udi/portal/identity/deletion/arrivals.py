"""Deletions that were asked for where a territory lived before: they end in that territory, and leave others their people."""

import asyncio

import structlog
from sqlalchemy import exists, or_, select

from udi.kit.identity import is_of_territory
from udi.kit.jobs import Job
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.actions import ELSEWHERE
from udi.portal.identity.deletion.erasure import (
    LastMail,
    delete_at_identity_service,
    erase_in,
    read_proven_address,
    store_address,
)
from udi.portal.identity.deletion.places import list_handovers, list_territories
from udi.portal.identity.deletion.refusals import refuse_deletion
from udi.portal.identity.models import Person, WatchedAccount
from udi.portal.identity.provision.account_changes import read_account
from udi.portal.identity.provision.admin import RealmAdmin, find_or_none
from udi.portal.identity.provision.memberships import leave_groups
from udi.portal.identity.provision.operators import list_operator_accounts
from udi.ui.site import Site

log = structlog.get_logger()


async def delete_arrived(site: Site, admin: RealmAdmin, job: Job) -> None:
    """Erase somebody in the territory of a task; their account goes too, unless it is known outside of that territory.

    They asked another identity service about the account that was there, and whoever wrote the archive could name
    anybody. May be repeated.

    Raises:
        EmailError: the relay did not take the mail that says that something came to need them; it is tried again.
        ProvisionError: the identity service does not answer, or refuses; it is tried again.
    """
    for territory in await list_territories(site):
        if territory.id == job.tenant:
            await _delete_in(site, admin, territory, job)


async def _delete_in(
    site: Site, admin: RealmAdmin, territory: Territory, job: Job
) -> None:
    issuer = str(job.payload["issuer"])
    subject = str(job.payload["subject"])
    reason = ""
    address = ""
    if await _has_account(site, admin, issuer, subject):
        if await _is_needed(site, territory, issuer, subject):
            await refuse_deletion(site, territory, job)
            return
        address = await asyncio.to_thread(read_proven_address, admin, subject)
        if await _is_of_others(site, admin, territory, subject):
            reason = ELSEWHERE
            await asyncio.to_thread(
                _leave_organisations, admin, territory.slug, subject
            )
            log.info("account stays, others know it", territory=territory.slug)
        else:
            await store_address(site, territory.id, issuer, subject, address)
            await asyncio.to_thread(delete_at_identity_service, admin, subject)
    last_mail = LastMail(str(job.payload["language"]), reason, address)
    await erase_in(site, territory, issuer, subject, last_mail)


async def _has_account(
    site: Site, admin: RealmAdmin, issuer: str, subject: str
) -> bool:
    """Whether the identity service of this installation has the account: one of elsewhere may be called as another one here."""
    if issuer != site.services[SESSIONS].service.issuer:
        return False
    return await asyncio.to_thread(find_or_none, admin.get_user, subject) is not None


async def _is_needed(
    site: Site, territory: Territory, issuer: str, subject: str
) -> bool:
    query = select(Person).where(Person.issuer == issuer, Person.subject == subject)
    async with site.database.session(territory.id, role="worker") as session:
        person = (await session.scalars(query)).one_or_none()
        if person is None:
            return False
        return bool(await list_handovers(site, session, territory, person))


async def _is_of_others(
    site: Site, admin: RealmAdmin, territory: Territory, subject: str
) -> bool:
    """Whether an account is known outside of a territory: in another one or to its nodes, as an operator, in an organisation."""
    is_known = or_(
        exists().where(Person.subject == subject),
        exists().where(WatchedAccount.subject == subject),
    )
    for other in await list_territories(site):
        if other.id == territory.id:
            continue
        async with site.database.session(other.id, role="worker") as session:
            if await session.scalar(select(is_known)):
                return True
    operators = await asyncio.to_thread(list_operator_accounts, admin)
    if subject in {str(account["id"]) for account in operators}:
        return True
    account = await asyncio.to_thread(read_account, admin, subject)
    if account is None:
        return False
    return not all(
        is_of_territory(alias, territory.slug) for alias in account.memberships
    )


def _leave_organisations(admin: RealmAdmin, territory: str, subject: str) -> None:
    organisations = find_or_none(admin.get_user_organizations, subject) or []
    for organisation in organisations:
        if is_of_territory(str(organisation["alias"]), territory):
            leave_groups(admin, str(organisation["id"]), subject, None)
