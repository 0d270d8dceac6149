"""What the worker does for requests for data: mails, reminders to producers, and the team told of what nobody answers."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.jobs import Handler, Job
from udi.kit.mail import send_mail
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests.asking import TELL, escalate, tell
from udi.portal.projects.data_requests.letters import FOR_PRODUCER, FOR_TEAM, write_letter
from udi.portal.projects.data_requests.models import DataRequest, DataRequestSupport
from udi.portal.projects.data_requests.queries import list_routes
from udi.portal.projects.data_requests.states import State
from udi.ui.site import Site

log = structlog.get_logger()
EVERY = timedelta(hours=1)
REMIND = timedelta(days=7)
"""How long before the end of its time a producer is reminded, once."""
HOLDS = {"sent": State.ASKED, "due": State.ASKED, "escalated": State.ASKED}
"""In which state a mail is still worth telling; the others tell of the state of their own name."""


def jobs(site: Site) -> Mapping[str, Handler]:
    """The handlers, by name; for a territory that is not served any more, they do nothing."""

    async def send(job: Job) -> None:
        if territory := await site.registry.by_id(job.tenant):
            await send_letter(site, territory, job.payload)

    return {TELL: send}


async def send_letter(site: Site, territory: Territory, payload: Mapping[str, str]) -> None:
    """Tell one address of what happened to a request, unless it is past.

    Raises:
        MailError: the relay did not take it; it is tried again.
    """
    what = payload["what"]
    async with site.database.session(territory.id, role="worker") as session:
        request = await session.get(DataRequest, (territory.id, UUID(payload["request"])))
        if request is None or request.state != HOLDS.get(what, what):
            return
        to, language = await _find_address(session, territory, request, payload)
    if to:
        whom = payload.get("person") or payload.get("organisation") or ""
        mail = write_letter(site, territory, request, what, to=to, whom=whom, language=language)
        await send_mail(mail, site.settings.smtp_host, site.settings.smtp_port or site.settings.port(6))


async def _find_address(
    session: AsyncSession, territory: Territory, request: DataRequest, payload: Mapping[str, str]
) -> tuple[str, str]:
    """To whom, and in which language; nobody where the person is gone."""
    first = territory.languages[0]
    if payload["what"] in FOR_TEAM:
        return territory.contact, first
    if payload["what"] in FOR_PRODUCER:
        organisation = await session.get(Organisation, (territory.id, UUID(payload["organisation"])))
        return organisation.email if organisation else "", first
    if other := payload.get("person"):
        support = await session.get(DataRequestSupport, (territory.id, request.id, UUID(other)))
        person = await session.get(Person, (territory.id, UUID(other)))
        return (person.email, support.language) if person and support else ("", first)
    author = await session.get(Person, (territory.id, request.person_id)) if request.person_id else None
    return author.email if author else "", request.language


async def look_at_delays(session: AsyncSession) -> None:
    """Remind producers a week before the end of their time, and tell the team when it is over; each once."""
    today = now().date()
    late = select(DataRequest).where(
        DataRequest.state == State.ASKED, DataRequest.due_on < today, DataRequest.escalated_at.is_(None)
    )
    for request in await session.scalars(late.with_for_update(skip_locked=True)):
        await escalate(session, request)
    soon = select(DataRequest).where(
        DataRequest.state == State.ASKED, DataRequest.due_on <= today + REMIND, DataRequest.due_on >= today,
        DataRequest.reminded_at.is_(None),
    )  # fmt: skip
    for request in await session.scalars(soon.with_for_update(skip_locked=True)):
        request.reminded_at = now()
        for route in await list_routes(session, request.id):
            if route.row.passed_at is None:
                await tell(session, request, "due", organisation=str(route.organisation.id))
    await session.flush()


async def look_for_ever(site: Site) -> None:
    """Look at the delays of every territory, again and again; what goes wrong in one holds up no other."""
    while True:
        for territory in await site.registry.list():
            try:
                async with site.database.session(territory.id, role="worker") as session:
                    await look_at_delays(session)
            except Exception as error:  # noqa: BLE001 - looked at again within the hour
                log.warning("delays not looked at", territory=territory.slug, error=type(error).__name__)
        await asyncio.sleep(EVERY.total_seconds())
