"""What the worker does for access: tells the sides of a request or an agreement by mail, and nodes how agreements stand."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.emails import Email, send_email
from udi.kit.identity import MANAGERS, PUBLISHERS
from udi.kit.jobs import Handler, Job
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.actions import TELL_AGREEMENT
from udi.portal.access.agreements.delivery import task_handlers as delivery_jobs
from udi.portal.access.emails import AccessEmailContext, write_email
from udi.portal.access.models import AccessAgreement, AccessRequest, AccessSide
from udi.portal.access.requests.clock import lapses_at
from udi.portal.access.requests.thread import TELL
from udi.portal.catalogue.models import Dataset
from udi.portal.identity.models import Person
from udi.portal.identity.queries import list_members
from udi.portal.organisations.models import Organisation
from udi.portal.projects.queries import find_leader
from udi.ui.formats import display_date
from udi.ui.site import Site

Recipients = list[tuple[str, str]]
"""Addresses, each with its language."""
TO_PERSON = frozenset(
    {"suspended", "resumed", "revoked", "closed", "revoking", "ending", "ended"}
)


def task_handlers(site: Site) -> Mapping[str, Handler]:
    """The handlers, by name; for a territory that is not served any more, they do nothing."""

    async def tell_request(job: Job) -> None:
        if territory := await site.registry.by_id(job.tenant):
            await _send_emails(
                site, await write_request_emails(site, territory, job.payload)
            )

    async def tell_agreement(job: Job) -> None:
        if territory := await site.registry.by_id(job.tenant):
            await _send_emails(
                site, await write_agreement_emails(site, territory, job.payload)
            )

    return {TELL: tell_request, TELL_AGREEMENT: tell_agreement, **delivery_jobs(site)}


async def _send_emails(site: Site, mails: list[Email]) -> None:
    """Send each; when one is not taken, all are tried again, under the same identifiers."""
    for mail in mails:
        await send_email(
            mail,
            site.settings.smtp_host,
            site.settings.smtp_port or site.settings.port(6),
        )


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
        own: Recipients = (
            [(leader.email, _request_language(territory, request, leader))]
            if leader
            else []
        )
        to = await _list_recipients(session, territory, event, side, producer, own)
    day = request.due_at or lapses_at(request)
    key = str(
        payload.get("step") or f"{request.revision}-{int(request.since.timestamp())}"
    )
    return [
        write_email(
            site,
            territory,
            event,
            AccessEmailContext(
                request.id,
                f"/access-requests/{request.id}",
                dataset.title,
                producer.name,
                _format_day(day, language, territory),
            ),
            to=address,
            language=language,
            key=key,
        )
        for address, language in to
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
        return [*those, *person, (territory.contact, territory.languages[0])]
    return those


async def list_producer_recipients(
    session: AsyncSession, territory: Territory, producer: Organisation
) -> Recipients:
    """Those who publish for a producer; its own address where none of them logged in yet."""
    members = await list_members(session, producer.slug)
    recipients = [
        (
            person.email,
            person.locale
            if person.locale in territory.languages
            else territory.languages[0],
        )
        for person, groups in members
        if person.email and {MANAGERS, PUBLISHERS} & set(groups)
    ]
    return recipients or (
        [(producer.email, territory.languages[0])] if producer.email else []
    )


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
        to: Recipients = (
            [(person.email, _person_language(territory, person))]
            if person and event in TO_PERSON
            else []
        )
        if event in {"given_up", "ended"}:
            to += await list_producer_recipients(session, territory, producer)
    title = str(agreement.document["dataset_title"])
    day = agreement.closes_at or agreement.ends_at
    return [
        write_email(
            site,
            territory,
            event,
            AccessEmailContext(
                agreement.id,
                f"/agreements/{agreement.id}",
                title,
                producer.name,
                _format_day(day, language, territory),
            ),
            to=address,
            language=language,
            key=str(agreement.revision),
        )
        for address, language in to
        if address
    ]


def _request_language(
    territory: Territory, request: AccessRequest, leader: Person
) -> str:
    """The language of a request, for who wrote it; their own, for who leads its project since."""
    if leader.id == request.person_id:
        return request.language
    return _person_language(territory, leader)


def _person_language(territory: Territory, person: Person) -> str:
    if person.locale in territory.languages:
        return person.locale
    return territory.languages[0]


def _format_day(moment: datetime, language: str, territory: Territory) -> str:
    return display_date(moment, language, zone=territory.zone)
