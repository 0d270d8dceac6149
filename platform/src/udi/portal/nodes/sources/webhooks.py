"""Telling people's programs, by their webhooks, that a reading ended: counts, and where its report is."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, any_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.identity import MANAGERS, MODERATORS
from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.identity.models import TEAM, Membership
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.models import CatalogueSource, SourceRun
from udi.portal.nodes.sources.schemas import PATH
from udi.portal.notifications.models import Webhook, WebhookDelivery, WebhookState
from udi.portal.notifications.webhooks.actions import queue_delivery
from udi.portal.organisations.models import Organisation
from udi.ui.site import Site

NOTIFY_READING = "tell_reading"
EVENT = "source.read"
COUNTS = ("total", "created", "updated", "unchanged", "refused", "withdrawn", "missing")


async def queue_notification(
    session: AsyncSession, source: CatalogueSource, run: SourceRun
) -> None:
    """Have webhooks notified, where any asked for it and its owner looks after the source."""
    if (
        await session.scalars(_subscribed_webhooks(source.organisation_id).limit(1))
    ).first() is not None:
        await jobs.enqueue(session, NOTIFY_READING, {"run": str(run.id)})


def _subscribed_webhooks(organisation: UUID) -> Select[Webhook]:
    manages: ColumnElement[bool] = and_(
        Membership.organisation_slug
        == select(Organisation.slug)
        .where(Organisation.id == organisation)
        .scalar_subquery(),
        any_(Membership.groups) == MANAGERS,
    )
    moderates = and_(
        Membership.organisation_slug == TEAM, any_(Membership.groups) == MODERATORS
    )
    tending = select(Membership.person_id).where(or_(manages, moderates))
    active = (
        Webhook.readings,
        Webhook.state == WebhookState.ACTIVE,
        Webhook.person_id.in_(tending),
    )
    return select(Webhook).where(*active).order_by(Webhook.id)


def task_handlers(site: Site) -> Handlers:
    """The jobs of this module; those of a closed territory wait."""

    async def tell(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await notify_reading(site, territory, UUID(job.payload["run"]))

    return {NOTIFY_READING: tell}


async def notify_reading(site: Site, territory: Territory, run_id: UUID) -> None:
    """Write the message of each webhook that has it not yet, unless the reading is forgotten already."""
    async with site.database.session(territory.id, role="worker") as session:
        run = await session.get(SourceRun, (territory.id, run_id))
        if run is None or run.ended_at is None:
            return
        source = await session.get_one(CatalogueSource, (territory.id, run.source_id))
        producer = await session.get_one(
            Organisation, (territory.id, source.organisation_id)
        )
        data = build_payload(territory, source, producer, run)
        notified_ids = set(
            await session.scalars(
                select(WebhookDelivery.webhook_id).where(
                    WebhookDelivery.change_id == run.id
                )
            )
        )
        webhooks = (await session.scalars(_subscribed_webhooks(producer.id))).all()
        for webhook in (
            candidate for candidate in webhooks if candidate.id not in notified_ids
        ):
            await queue_delivery(session, webhook, run.id, EVENT, run.ended_at, data)


def build_payload(
    territory: Territory,
    source: CatalogueSource,
    producer: Organisation,
    run: SourceRun,
) -> dict[str, Any]:
    """What is told: no word of the source's, only counts and addresses."""
    return {
        "id": str(run.id),
        "title": host_of(source.address),
        "url": f"{territory.origin}/sources/{source.id}",
        "api_url": f"{territory.origin}{PATH}/{source.id}/readings/{run.id}",
        "source": str(source.id),
        "producer": producer.slug,
        "outcome": run.outcome,
        **{name: getattr(run, name) for name in COUNTS},
    }
