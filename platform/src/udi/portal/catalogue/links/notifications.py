"""Telling producers, once, what of theirs cannot be had for a day, and once that it is back: one mail a day at most."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.identity import MANAGERS, PUBLISHERS
from udi.kit.tenancy import Territory
from udi.portal import audit
from udi.portal.catalogue.links.emails import MOST_TOLD, write_link_email
from udi.portal.catalogue.links.health import REACHABLE_STATES
from udi.portal.catalogue.links.leases import claim_lease, lease_name
from udi.portal.catalogue.links.queries import (
    LACKING,
    LinkedFile,
    list_links,
    select_link_rows,
)
from udi.portal.catalogue.models import Link
from udi.portal.catalogue.stewards import STEWARD_ID
from udi.portal.identity.models import Person
from udi.portal.identity.queries import list_members
from udi.portal.notifications.queries import find_subscription
from udi.portal.organisations.models import Organisation
from udi.ui.emails import EmailRecipient, person_recipient
from udi.ui.site import Site

log = structlog.get_logger()
SEND_NEWS = "send_link_news"
WORTH_A_MAIL = timedelta(days=1)
MORNING = time(7)
"""Where the territory lives."""
BATCH = 5000


def link_task_handlers(site: Site) -> Mapping[str, jobs.Handler]:
    """The jobs, for the portal's worker; those of a closed territory wait."""

    async def send(job: jobs.Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_link_email(site, territory, job.payload)

    return {SEND_NEWS: send}


@dataclass
class LinkNotification:
    """What one producer is to be told: addresses that cannot be had, those that are back, and whose."""

    missing: list[UUID] = field(default_factory=list)
    back: list[UUID] = field(default_factory=list)


def until_morning(moment: datetime, territory: Territory) -> timedelta:
    """How long it is until the next morning of the territory."""
    local = moment.astimezone(territory.zone)
    if local.time() < MORNING:
        day = local.date()
    else:
        day = local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, territory.zone) - moment


async def queue_link_emails(
    session: AsyncSession, territory: Territory, moment: datetime
) -> int:
    """Queue the mails of this morning, each once, however often this is called; how many producers are notified."""
    if not await claim_lease(
        session, lease_name(territory.id, "tell"), until_morning(moment, territory)
    ):
        return 0
    news = await _find_news(session, moment)
    for organisation_id, producer_news in news.items():
        await _queue_emails(session, organisation_id, producer_news, moment)
    for ids, is_notified in (
        (
            {
                link_id
                for producer_news in news.values()
                for link_id in producer_news.missing
            },
            True,
        ),
        (
            {
                link_id
                for producer_news in news.values()
                for link_id in producer_news.back
            },
            False,
        ),
    ):
        if ids:
            statement = (
                update(Link)
                .where(Link.id.in_(ids))
                .values(producer_notified=is_notified)
            )
            await session.execute(
                statement.execution_options(synchronize_session=False)
            )
    return len(news)


async def _find_news(
    session: AsyncSession, moment: datetime
) -> Mapping[UUID, LinkNotification]:
    news: dict[UUID, LinkNotification] = defaultdict(LinkNotification)
    pairs = (
        select_link_rows(Link.id, STEWARD_ID).distinct().order_by(Link.id).limit(BATCH)
    )
    missing = (LACKING, ~Link.producer_notified, Link.since <= moment - WORTH_A_MAIL)
    for link_id, organisation_id in await session.execute(pairs.where(*missing)):
        news[organisation_id].missing.append(link_id)
    for link_id, organisation_id in await session.execute(
        pairs.where(Link.producer_notified, Link.state.in_(REACHABLE_STATES))
    ):
        news[organisation_id].back.append(link_id)
    return news


async def _queue_emails(
    session: AsyncSession,
    organisation_id: UUID,
    producer_news: LinkNotification,
    moment: datetime,
) -> None:
    """A mail to each who may change the data; to the producer's public address where nobody is known."""
    organisation = (
        await session.scalars(
            select(Organisation).where(Organisation.id == organisation_id)
        )
    ).one()
    members = await list_members(session, organisation.slug)
    people = [
        person
        for person, groups in members
        if person.email and {MANAGERS, PUBLISHERS} & set(groups)
    ]
    facts = {"missing": len(producer_news.missing), "back": len(producer_news.back)}
    payload = {
        "organisation": str(organisation_id),
        "missing": [str(link_id) for link_id in producer_news.missing[:MOST_TOLD]],
        "back": [str(link_id) for link_id in producer_news.back[:MOST_TOLD]],
        "counts": facts,
        "day": moment.date().isoformat(),
    }
    audit.record(session, None, "links.notified", organisation_id, **facts)
    for person in [str(person.id) for person in people] or [""]:
        await jobs.enqueue(session, SEND_NEWS, payload | {"person": person})


async def send_link_email(
    site: Site, territory: Territory, payload: Mapping[str, Any]
) -> None:
    """Send one mail, unless its reader left.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        organisation = await session.get(
            Organisation, (territory.id, UUID(payload["organisation"]))
        )
        if organisation is None:
            return
        recipient = await _find_recipient(
            session, territory, organisation, payload["person"]
        )
        lines = {
            name: await _read_links(session, organisation, payload[name])
            for name in ("missing", "back")
        }
    if not recipient.address:
        return
    mail = write_link_email(site, territory, organisation, lines, payload, recipient)
    await site.send_email(territory, mail)
    log.info(
        "news of links sent", organisation=str(organisation.id), **payload["counts"]
    )


async def _find_recipient(
    session: AsyncSession,
    territory: Territory,
    organisation: Organisation,
    person_id: str,
) -> EmailRecipient:
    """The person, with an empty address once they are gone; nobody is the producer."""
    language = territory.languages[0]
    if not person_id:
        return EmailRecipient(organisation.email, language)
    person = await session.get(Person, (territory.id, UUID(person_id)))
    if person is None:
        return EmailRecipient("", language)
    subscription = await find_subscription(session, person.id)
    if subscription:
        language = subscription.language
    return person_recipient(territory, person, language)


async def _read_links(
    session: AsyncSession, organisation: Organisation, ids: Collection[str]
) -> list[LinkedFile]:
    conditions = (
        organisation.id == STEWARD_ID,
        Link.id.in_([UUID(link_id) for link_id in ids]),
    )
    return await list_links(session, *conditions, most=MOST_TOLD)
