"""Reminding a producer, at the team's wish, that datasets of theirs are late: one mail a week at most."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.emails import Email
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal import audit
from udi.portal.audit.models import AuditEvent
from udi.portal.organisations.models import Organisation
from udi.portal.territory.producers.queries import ProducerStatus
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

REMINDED = "producer.reminded"
SEND_PRODUCER_REMINDER = "send_producer_reminder"
MOST_NAMED = 10
"""Late datasets of catalogues that a mail names."""
PAUSE = timedelta(days=7)
"""Between two mails to one producer."""


async def list_last_reminders(session: AsyncSession) -> dict[UUID, datetime]:
    """When each producer was reminded last, by its identifier."""
    query = (
        select(AuditEvent.subject_id, func.max(AuditEvent.at))
        .where(AuditEvent.name == REMINDED, AuditEvent.subject_id.is_not(None))
        .group_by(AuditEvent.subject_id)
    )
    rows = (await session.execute(query)).all()
    return {id_: at for id_, at in rows if id_ is not None}


async def remind_producer(
    session: AsyncSession, actor: Actor, status: ProducerStatus
) -> None:
    """Queue the mail to a producer with late datasets.

    Raises:
        ConflictError: nothing is late, it has no address, or it was reminded in the last seven days.
    """
    producer = status.organisation
    await session.execute(
        select(Organisation.id).where(Organisation.id == producer.id).with_for_update()
    )
    if not status.late:
        raise ConflictError(
            "No dataset of %(name)s is late.", values={"name": producer.name}
        )
    if not producer.email:
        raise ConflictError(
            "%(name)s has no mail address here.",
            remedy="Ask its administrators for one, on the page of the organisation.",
            values={"name": producer.name},
        )
    last = (await list_last_reminders(session)).get(producer.id)
    if last is not None and last > now() - PAUSE:
        raise ConflictError(
            "%(name)s was reminded less than seven days ago.",
            remedy="Wait until a week has passed, or write to %(email)s yourself.",
            values={"name": producer.name, "email": producer.email},
        )
    audit.record(session, actor, "producer.reminded", producer.id, late=status.late)
    payload = {
        "organisation": str(producer.id),
        "late": status.late,
        "at_nodes": status.late_at_nodes,
        "datasets": [
            {"id": str(dataset.id), "title": dataset.title, "days": dataset.days}
            for dataset in status.late_datasets[:MOST_NAMED]
        ],
        "at": now().isoformat(),
    }
    await jobs.enqueue(session, SEND_PRODUCER_REMINDER, payload)


def write_reminder(
    site: Site, territory: Territory, producer: Organisation, payload: Mapping[str, Any]
) -> Email:
    """The mail, in the territory's first language: how many datasets are late, which of catalogues, and where the others are."""
    at = datetime.fromisoformat(payload["at"])
    late = int(payload["late"])
    at_nodes = int(payload.get("at_nodes", late))
    named = [
        {**dataset, "address": f"{territory.origin}/data/{dataset['id']}"}
        for dataset in payload.get("datasets", ())
    ]
    return site.emails.render(
        territory,
        "territory/emails/producer-reminder.jinja",
        EmailRecipient(producer.email, territory.languages[0]),
        key=f"producer-reminder-{producer.id}-{at:%Y%m%d}",
        producer=producer.name,
        late=late,
        at_nodes=at_nodes,
        datasets=named,
        unnamed=late - at_nodes - len(named),
        catalogue=f"{territory.origin}/producers/{producer.slug}",
        address=f"{territory.origin}/inbox?role=producer",
    )


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def send(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        async with site.database.session(territory.id, role="worker") as session:
            key = (territory.id, UUID(job.payload["organisation"]))
            producer = await session.get(Organisation, key)
        if producer is not None and producer.email:
            mail = write_reminder(site, territory, producer, job.payload)
            await site.send_email(territory, mail)

    return {SEND_PRODUCER_REMINDER: send}
