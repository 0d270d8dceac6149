"""What the worker does for calls: tells people by mail."""

from uuid import UUID

from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.projects.calls.emails import write_email
from udi.portal.projects.calls.models import Call
from udi.portal.projects.calls.notifications import SEND_CALL_EMAIL
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def tell(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_notification(
            site,
            territory,
            UUID(job.payload["call"]),
            job.payload["what"],
            UUID(job.payload["about"]),
        )

    return {SEND_CALL_EMAIL: tell}


async def send_notification(
    site: Site, territory: Territory, id_: UUID, what: str, about: UUID
) -> None:
    """Tell somebody of something that happened to a call.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        call = await session.get(Call, (territory.id, id_))
        if call:
            mail = await write_email(site, session, territory, call, what, about)
        else:
            mail = None
    if mail is not None and mail.to:
        await site.send_email(territory, mail)
