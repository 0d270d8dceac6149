"""What the worker does when an account is deleted: the identity service first, then each territory, then a last mail."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from udi.kit import jobs
from udi.kit.jobs import Handler, Job
from udi.kit.mail_relay import EmailError
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.actions import (
    ARRIVED,
    DELETE_ACCOUNT,
    ELSEWHERE,
    SEND_CONFIRMATION,
    UNUSED,
)
from udi.portal.identity.deletion.arrivals import delete_arrived
from udi.portal.identity.deletion.erasure import (
    delete_at_identity_service,
    erase_in,
    read_last_mail,
    read_proven_address,
    store_address,
)
from udi.portal.identity.deletion.places import (
    forget_departure,
    list_closed_places,
    list_territories,
)
from udi.portal.identity.deletion.refusals import is_still_needed, refuse_deletion
from udi.portal.identity.deletion.unused_deletion import delete_unused
from udi.portal.identity.provision.admin import (
    RealmAdmin,
    connect_for_members,
    find_or_none,
)
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

log = structlog.get_logger()
PUT_OFF = timedelta(minutes=5)
"""After which it is looked at again whether a territory is only read."""
Connect = Callable[[], RealmAdmin]


def task_handlers(site: Site, connect: Connect | None = None) -> Mapping[str, Handler]:
    """The handlers, by name."""

    def connect_worker() -> RealmAdmin:
        return connect_for_members(site.settings)

    async def delete_account(job: Job) -> None:
        if job.payload.get("reason") == ARRIVED:
            await delete_arrived(site, (connect or connect_worker)(), job)
        else:
            await run_deletion(site, connect or connect_worker, job)

    async def confirm(job: Job) -> None:
        for territory in await site.registry.list_all():
            if territory.id == job.tenant:
                await send_confirmation(site, territory, job)

    return {DELETE_ACCOUNT: delete_account, SEND_CONFIRMATION: confirm}


async def run_deletion(site: Site, connect: Connect, job: Job) -> None:
    """Delete an account of the realm: nothing is erased here before it is gone there. May be repeated.

    It is put off while another territory that knows the person is only read: what was erased there would be in no
    archive of it. In one that does not, what names the person is erased once it may be changed again.

    Nothing is deleted where something came to need the person since they asked; they are told.

    Raises:
        EmailError: the relay did not take the mail that tells it; it is tried again.
        ProvisionError: the identity service does not answer; it is tried again.
    """
    subject = str(job.payload["subject"])
    issuer = str(job.payload["issuer"])
    territories = await list_territories(site)
    if await list_closed_places(site, job.tenant, issuer, subject):
        await _put_off(site, job)
        return
    admin = connect()
    is_begun = await asyncio.to_thread(find_or_none, admin.get_user, subject) is None
    address = await asyncio.to_thread(read_proven_address, admin, subject)
    if not is_begun and job.payload.get("reason") == UNUSED:
        if not await delete_unused(site, admin, job, address):
            await forget_departure(site, issuer, subject)
            return
    elif not is_begun and await is_still_needed(site, admin, issuer, subject):
        for territory in territories:
            if territory.id == job.tenant:
                await refuse_deletion(site, territory, job)
        return
    await store_address(site, job.tenant, issuer, subject, address)
    await asyncio.to_thread(delete_at_identity_service, admin, subject)
    is_left = False
    for territory in territories:
        known = await site.registry.by_id(territory.id)
        if known is not None and known.read_only and known.id != job.tenant:
            is_left = True  # or since this began
            continue
        last_mail = read_last_mail(job, territory, address)
        await erase_in(site, territory, issuer, subject, last_mail)
    if is_left:
        await _put_off(site, job)


async def _put_off(site: Site, job: Job) -> None:
    async with site.database.session(job.tenant, role="worker") as session:
        await jobs.enqueue(session, DELETE_ACCOUNT, job.payload, delay=PUT_OFF)


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
        is_unused=job.payload.get("reason") == UNUSED,
        is_used_elsewhere=job.payload.get("reason") == ELSEWHERE,
    )
    try:
        await site.send_email(territory, mail)
    except EmailError:
        if not job.last:
            raise
        log.warning("confirmation of a deletion not sent", mail=mail.id)
