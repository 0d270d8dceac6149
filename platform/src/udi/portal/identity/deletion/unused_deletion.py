"""Deleting an account that nobody uses: everything is looked at again while its rows are held, so that no login comes between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.kit.tenancy import INSTALLATION_ID, Territory, tenant_context
from udi.portal.identity.deletion.actions import note_erasure
from udi.portal.identity.deletion.deadlines import UnusedStep, find_step
from udi.portal.identity.deletion.erasure import (
    delete_at_identity_service,
    erase_known,
    read_last_mail,
    store_address,
)
from udi.portal.identity.deletion.handovers import Handover
from udi.portal.identity.deletion.last_uses import (
    AccountUse,
    KnownPerson,
    find_address,
    find_later_login,
    read_account_uses,
)
from udi.portal.identity.deletion.places import (
    list_domain_handovers,
    list_handovers,
)
from udi.portal.identity.deletion.refusals import is_last_operator
from udi.portal.identity.models import Membership, Person
from udi.portal.identity.provision.account_changes import read_account
from udi.portal.identity.provision.admin import RealmAdmin
from udi.ui.site import Site

log = structlog.get_logger()
MOST_HELD = 8
"""Territories whose rows are held at once, each by a connection."""


@dataclass(frozen=True)
class HeldPerson:
    """The row of an account in one territory, held by a transaction."""

    territory: Territory
    session: AsyncSession
    person: Person


async def delete_unused(site: Site, admin: RealmAdmin, job: Job, address: str) -> bool:
    """Delete an account at the identity service and where it is known; False, and nothing is, where it must stay.

    Its rows are held meanwhile: whoever logs in waits, and is then refused. The last mail goes to `address`, if there is one.

    Raises:
        ProvisionError: the identity service does not answer; it is tried again.
    """
    issuer = str(job.payload["issuer"])
    subject = str(job.payload["subject"])
    uses = await read_account_uses(site, issuer, [subject])
    if not uses:
        return False
    use = uses[0]
    if use.is_warned_at(address):
        await store_address(site, job.tenant, issuer, subject, address)
    async with _hold(site, use) as held:
        if not await _is_still_unused(site, admin, issuer, subject):
            log.info("unused account kept, it was used or its months changed")
            return False
        if await _is_needed(site, admin, use, held):
            log.info("unused account kept, something came to need it")
            return False
        await asyncio.to_thread(delete_at_identity_service, admin, subject)
        for row in held:
            last_mail = read_last_mail(job, row.territory, address)
            with tenant_context(row.territory.id):
                await note_erasure(row.session, subject)
                await erase_known(
                    site, row.session, row.territory, row.person, last_mail
                )
    return True


@asynccontextmanager
async def _hold(site: Site, use: AccountUse) -> AsyncIterator[list[HeldPerson]]:
    """Hold the rows of an account, on connections that are none of those for other work."""
    people = sorted(
        use.people, key=lambda known: known.person.last_login_at, reverse=True
    )
    apart = site.database.clone()
    try:
        async with AsyncExitStack() as stack:
            held = []
            for known in people[:MOST_HELD]:
                session = await stack.enter_async_context(
                    apart.session(known.territory.id, role="worker")
                )
                person = await _lock(session, known)
                held.append(HeldPerson(known.territory, session, person))
            yield held
    finally:
        await apart.close()


async def _lock(session: AsyncSession, known: KnownPerson) -> Person:
    query = select(Person).where(Person.id == known.person.id).with_for_update()
    return (await session.scalars(query)).one()


async def _is_still_unused(
    site: Site, admin: RealmAdmin, issuer: str, subject: str
) -> bool:
    months = site.settings.unused_account_months
    for use in await read_account_uses(site, issuer, [subject]):
        if find_step(use.record, now(), months) is UnusedStep.DELETION:
            if await _has_another_address(admin, use):
                return False
            return await find_later_login(admin, use) is None
    return False


async def _has_another_address(admin: RealmAdmin, use: AccountUse) -> bool:
    """Whether the warnings left to an address that is not that of the account any more."""
    account = await asyncio.to_thread(read_account, admin, use.subject)
    if account is None:
        return False
    last = max(use.people, key=lambda known: known.person.last_login_at)
    return not use.is_warned_at(find_address(account, last.person))


async def _is_needed(
    site: Site, admin: RealmAdmin, use: AccountUse, held: Sequence[HeldPerson]
) -> bool:
    """As before, and in the transactions that delete: organisations and projects are held too; in all other territories."""
    for row in held:
        with tenant_context(row.territory.id):
            if await list_needs(site, row.session, row.territory, row.person):
                return True
    held_tenants = {row.territory.id for row in held}
    for known in use.people:
        tenant = known.territory.id
        if tenant in held_tenants:
            continue
        async with site.database.session(tenant, role="worker") as session:
            if await list_needs(site, session, known.territory, known.person):
                return True
    issuer = use.people[0].person.issuer
    return await is_last_operator(site, admin, issuer, use.subject)


async def list_needs(
    site: Site, session: AsyncSession, territory: Territory, person: Person
) -> list[Handover]:
    """What keeps an account that nobody uses in a territory: what must be handed over; in a suspended one, a role too."""
    if territory.id == INSTALLATION_ID:
        return []
    if await site.registry.by_id(territory.id) is None:
        query = select(exists().where(Membership.person_id == person.id))
        if await session.scalar(query) or await list_domain_handovers(
            site, session, territory, person
        ):
            return [Handover(SUSPENDED, "", "", "", is_private=True)]
        return []
    return await list_handovers(site, session, territory, person)


SUSPENDED = "The territory is suspended: nobody could take over."
