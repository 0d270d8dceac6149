"""What the worker does for requests for data: mails, reminders to producers, and the team told of what nobody answers."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.jobs import Handlers, Job
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests.actions import (
    SEND_REQUEST_EMAIL,
    escalate_request,
    queue_email,
)
from udi.portal.projects.data_requests.emails import (
    FOR_PRODUCER,
    FOR_TEAM,
    RECEIPT,
    write_email,
)
from udi.portal.projects.data_requests.models import DataRequest, DataRequestSupport
from udi.portal.projects.data_requests.queries import list_recipients
from udi.portal.projects.data_requests.transitions import DataRequestState
from udi.ui.emails import EmailRecipient, person_recipient, team_recipient
from udi.ui.site import Site

REMIND = timedelta(days=7)
"""How long before the end of its time a producer is reminded, once."""
EXPECTED_STATES = {
    "sent": DataRequestState.SUBMITTED,
    RECEIPT: DataRequestState.SUBMITTED,
    "due": DataRequestState.SUBMITTED,
    "escalated": DataRequestState.SUBMITTED,
}
"""In which state a mail is still worth telling; the others tell of the state of their own name."""


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def send(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_notification(site, territory, job.payload)

    return {SEND_REQUEST_EMAIL: send}


async def send_notification(
    site: Site, territory: Territory, payload: Mapping[str, str]
) -> None:
    """Tell one address of what happened to a request, unless it is past.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    what = payload["what"]
    async with site.database.session(territory.id, role="worker") as session:
        request = await session.get(
            DataRequest, (territory.id, UUID(payload["request"]))
        )
        if request is None or request.state != EXPECTED_STATES.get(what, what):
            return
        producer, recipient = await _find_recipient(
            session, territory, request, payload
        )
    if recipient.address:
        whom = payload.get("person") or payload.get("organisation") or ""
        mail = write_email(
            site, territory, request, what, recipient, whom=whom, producer=producer
        )
        await site.send_email(territory, mail)


async def _find_recipient(
    session: AsyncSession,
    territory: Territory,
    request: DataRequest,
    payload: Mapping[str, str],
) -> tuple[str, EmailRecipient]:
    """The name of the producer, and to whom; an empty address where the person is gone."""
    first = territory.languages[0]
    if payload["what"] in FOR_TEAM:
        return "", team_recipient(territory)
    if payload["what"] in FOR_PRODUCER:
        organisation = await session.get(
            Organisation, (territory.id, UUID(payload["organisation"]))
        )
        if organisation is None:
            return "", EmailRecipient("", first)
        return organisation.name, EmailRecipient(organisation.email, first)
    if other := payload.get("person"):
        support = await session.get(
            DataRequestSupport, (territory.id, request.id, UUID(other))
        )
        person = await session.get(Person, (territory.id, UUID(other)))
        if person and support:
            return "", person_recipient(territory, person, support.language)
        return "", EmailRecipient("", first)
    if request.person_id:
        author = await session.get(Person, (territory.id, request.person_id))
    else:
        author = None
    if author is None:
        return "", EmailRecipient("", request.language)
    return "", person_recipient(territory, author, request.language)


async def check_delays(session: AsyncSession) -> None:
    """Remind producers a week before the end of their time, and tell the team when it is over; each once."""
    today = now().date()
    late = select(DataRequest).where(
        DataRequest.state == DataRequestState.SUBMITTED,
        DataRequest.due_on < today,
        DataRequest.escalated_at.is_(None),
    )
    for request in await session.scalars(late.with_for_update(skip_locked=True)):
        await escalate_request(session, request)
    soon = select(DataRequest).where(
        DataRequest.state == DataRequestState.SUBMITTED,
        DataRequest.due_on <= today + REMIND,
        DataRequest.due_on >= today,
        DataRequest.reminded_at.is_(None),
    )
    for request in await session.scalars(soon.with_for_update(skip_locked=True)):
        request.reminded_at = now()
        for route in await list_recipients(session, request.id):
            if route.row.passed_at is None:
                await queue_email(
                    session, request, "due", organisation=str(route.organisation.id)
                )
    await session.flush()


def schedule_delay_checks(site: Site) -> Schedule:
    """Look at the delays of every territory, once an hour."""

    async def check(session: AsyncSession, _: Territory) -> None:
        await check_delays(session)

    run = run_sessions(site.database, site.registry, check)
    return Schedule("check_data_request_delays", "14 * * * *", run)
