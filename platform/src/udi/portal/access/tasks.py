"""What the worker does for access: tells the sides of a request or an agreement by mail, and nodes how agreements stand."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.emails import Email
from udi.kit.identity import MANAGERS, PUBLISHERS
from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.actions import TELL_AGREEMENT
from udi.portal.access.agreements.delivery import task_handlers as delivery_jobs
from udi.portal.access.emails import RECEIPT, AccessEmailContext, write_email
from udi.portal.access.models import AccessAgreement, AccessRequest, AccessSide
from udi.portal.access.requests.clock import lapses_at
from udi.portal.access.requests.thread import TELL
from udi.portal.access.requests.transitions import AccessRequestEvent
from udi.portal.catalogue.models import Dataset
from udi.portal.identity.models import Person
from udi.portal.identity.queries import list_members
from udi.portal.organisations.models import Organisation
from udi.portal.projects.queries import find_leader
from udi.ui.emails import EmailRecipient, person_recipient, team_recipient
from udi.ui.site import Site

Recipients = list[EmailRecipient]
TO_PERSON = frozenset(
    {"suspended", "resumed", "revoked", "closed", "revoking", "ending", "ended"}
)


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def tell_request(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        mails = await write_request_emails(site, territory, job.payload)
        await site.send_emails(territory, job, mails)

    async def tell_agreement(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        mails = await write_agreement_emails(site, territory, job.payload)
        await site.send_emails(territory, job, mails)

    return {TELL: tell_request, TELL_AGREEMENT: tell_agreement, **delivery_jobs(site)}


async def write_request_emails(
    site: Site, territory: Territory, payload: Mapping[str, str | int]
) -> list[Email]:
    """The mails of something that was done with a request, unless it stands otherwise since."""
    async with site.database.session(territory.id, role="worker") as session:
        request = await session.get(
            AccessRequest, (territory.id, UUID(str(payload["request"])))
        )
        if request is None or (request.state, request.revision) != (
            payload["state"],
            payload["revision"],
        ):
            return []
        event = str(payload["event"])
        side = str(payload["side"])
        dataset = await session.get_one(Dataset, (territory.id, request.dataset_id))
        producer = await session.get_one(
            Organisation, (territory.id, request.organisation_id)
        )
        leader = await find_leader(session, request.project_id)
        leaders: Recipients = []
        if leader and leader.email:
            language = _request_language(request, leader)
            leaders = [person_recipient(territory, leader, language)]
        to = await _list_recipients(session, territory, event, side, producer, leaders)
    occasion = str(
        payload.get("step") or f"{request.revision}-{int(request.since.timestamp())}"
    )
    about = AccessEmailContext(
        request.id,
        f"/access-requests/{request.id}",
        dataset.title,
        producer.name,
        request.due_at or lapses_at(request),
    )
    events = [(event, recipient) for recipient in to]
    if event == AccessRequestEvent.CORRECT:
        events += [(RECEIPT, recipient) for recipient in leaders]
    return [
        write_email(site, territory, name, about, recipient, occasion=occasion)
        for name, recipient in events
    ]


async def _list_recipients(
    session: AsyncSession,
    territory: Territory,
    event: str,
    side: str,
    producer: Organisation,
    person: Recipients,
) -> Recipients:
    """The other side of who did it; the clock tells who has to act, and all of them that an answer is late."""
    if event in {"nudge", "lapse"} or (side == AccessSide.PRODUCER and event != "due"):
        return person
    those = await list_producer_recipients(session, territory, producer)
    if event == "late":
        return [*those, *person, team_recipient(territory)]
    return those


async def list_producer_recipients(
    session: AsyncSession, territory: Territory, producer: Organisation
) -> Recipients:
    """Those who publish for a producer; its own address where none of them logged in yet."""
    members = await list_members(session, producer.slug)
    recipients = [
        person_recipient(territory, person)
        for person, groups in members
        if person.email and {MANAGERS, PUBLISHERS} & set(groups)
    ]
    if recipients or not producer.email:
        return recipients
    return [EmailRecipient(producer.email, territory.languages[0])]


async def write_agreement_emails(
    site: Site, territory: Territory, payload: Mapping[str, str | int]
) -> list[Email]:
    """The mails of what became of an agreement, unless it stands otherwise since."""
    async with site.database.session(territory.id, role="worker") as session:
        agreement = await session.get(
            AccessAgreement, (territory.id, UUID(str(payload["agreement"])))
        )
        if agreement is None or agreement.state != payload["state"]:
            return []
        event = str(payload["event"])
        producer = await session.get_one(
            Organisation, (territory.id, agreement.organisation_id)
        )
        person = await find_leader(session, agreement.project_id)
        to: Recipients = []
        if person and person.email and event in TO_PERSON:
            to = [person_recipient(territory, person)]
        if event in {"given_up", "ended"}:
            to += await list_producer_recipients(session, territory, producer)
    about = AccessEmailContext(
        agreement.id,
        f"/agreements/{agreement.id}",
        str(agreement.document["dataset_title"]),
        producer.name,
        agreement.closes_at or agreement.ends_at,
    )
    occasion = str(agreement.revision)
    return [
        write_email(site, territory, event, about, recipient, occasion=occasion)
        for recipient in to
    ]


def _request_language(request: AccessRequest, leader: Person) -> str:
    """The language of a request, for who wrote it; empty, for who leads its project since."""
    if leader.id == request.person_id:
        return request.language
    return ""
