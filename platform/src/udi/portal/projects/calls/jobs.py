"""What the worker does for calls: tells people by mail."""

from collections.abc import Mapping
from uuid import UUID

from udi.kit.jobs import Handler, Job
from udi.kit.mail import send_mail
from udi.kit.tenancy import Territory
from udi.portal.projects.calls.letters import write_letter
from udi.portal.projects.calls.models import Call
from udi.portal.projects.calls.telling import TELL_CALL
from udi.ui.site import Site


def jobs(site: Site) -> Mapping[str, Handler]:
    """The handlers, by name; for a territory that is not served any more, they do nothing."""

    async def tell(job: Job) -> None:
        if territory := await site.registry.by_id(job.tenant):
            await send_letter(
                site, territory, UUID(job.payload["call"]), job.payload["what"], UUID(job.payload["about"])
            )

    return {TELL_CALL: tell}


async def send_letter(site: Site, territory: Territory, id_: UUID, what: str, about: UUID) -> None:
    """Tell somebody of something that happened to a call.

    Raises:
        MailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        call = await session.get(Call, (territory.id, id_))
        mail = await write_letter(site, session, territory, call, what, about) if call else None
    if mail is not None and mail.to:
        await send_mail(mail, site.settings.smtp_host, site.settings.smtp_port or site.settings.port(6))
