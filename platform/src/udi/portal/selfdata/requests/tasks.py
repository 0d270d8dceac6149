"""What the worker does for requests about one's own data: mails."""

from collections.abc import Mapping
from uuid import UUID

from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.selfdata.requests.clock import REMIND
from udi.portal.selfdata.requests.emails import NEWS, REMINDER, write_email
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.portal.selfdata.requests.reports import TELL_NEWS
from udi.ui.emails import person_recipient
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def tell_news(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_notification(site, territory, NEWS, job.payload)

    async def remind(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_notification(site, territory, REMINDER, job.payload)

    return {TELL_NEWS: tell_news, REMIND: remind}


async def send_notification(
    site: Site, territory: Territory, what: str, payload: Mapping[str, str | int]
) -> None:
    """Mail whose request it is, unless it is past: news that were read, a request or an account that is gone.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        request = await session.get(
            SubjectRequest, (territory.id, UUID(str(payload["request"])))
        )
        if request is None or request.person_id is None:
            return
        if what == NEWS and request.news_at is None:
            return
        person = await session.get(Person, (territory.id, request.person_id))
    if person is None or not person.email:
        return
    mail = write_email(
        site,
        territory,
        what,
        person_recipient(territory, person),
        request_id=request.id,
        number=request.number,
        occasion=str(payload["sequence"]),
    )
    await site.send_email(territory, mail)
