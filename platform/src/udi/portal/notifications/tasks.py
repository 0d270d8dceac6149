"""The jobs of this domain, for the portal's worker."""

from datetime import datetime
from uuid import UUID

from udi.kit.jobs import Handlers, Job
from udi.portal.notifications.digests import SEND_DIGEST, send_digest
from udi.portal.notifications.inbox_digests import SEND_INBOX, send_inbox_mail
from udi.portal.notifications.webhooks.actions import DELIVER
from udi.portal.notifications.webhooks.delivery import (
    NOTIFY_STOPPED,
    attempt_delivery,
    notify_stopped,
)
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def send(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_digest(site, territory, UUID(job.payload["digest"]))

    async def send_inbox(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_inbox_mail(
            site,
            territory,
            UUID(job.payload["subscription"]),
            datetime.fromisoformat(job.payload["until"]),
        )

    async def call(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await attempt_delivery(
            site,
            territory,
            UUID(job.payload["delivery"]),
            int(job.payload["attempt"]),
        )

    async def say(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await notify_stopped(
            site, territory, UUID(job.payload["webhook"]), str(job.payload["at"])
        )

    return {
        SEND_DIGEST: send,
        SEND_INBOX: send_inbox,
        DELIVER: call,
        NOTIFY_STOPPED: say,
    }
