"""What the project that asked learns of consents: how many lend, and when somebody stopped; never who."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.consents.models import Consent, ConsentChange, NoticeVersion
from udi.portal.notifications.webhooks.actions import queue_for_projects
from udi.portal.projects.models import Project
from udi.protocol.consent import ConsentState
from udi.ui.site import Site

NOTIFY_WITHDRAWAL = "notify_of_withdrawal"
EVENT = "consent.withdrawn"
CHANGE_RETENTION = timedelta(days=400)
"""How long a project can still ask for a change."""


@dataclass(frozen=True)
class ChangedConsent:
    """A change, with the version of the notice that was answered."""

    change: ConsentChange
    version: NoticeVersion


def changes_path(project_id: UUID) -> str:
    """Where a program of a project reads what changed."""
    return f"/api/v1/projects/{project_id}/consent-changes"


async def record_change(session: AsyncSession, consent: Consent) -> None:
    """Note how a consent stands now, for its project; a stop is told to the webhooks that want it."""
    change = ConsentChange(
        id=uuid4(),
        notice_id=consent.notice_id,
        agreement_id=consent.agreement_id,
        revision=consent.revision,
        state=consent.state,
        changed_at=now().replace(minute=0, second=0, microsecond=0),
    )
    session.add(change)
    await session.flush()
    if change.state == ConsentState.WITHDRAWN:
        await jobs.enqueue(session, NOTIFY_WITHDRAWAL, {"change": str(change.id)})


async def list_changes(
    session: AsyncSession, project_id: UUID, *, after: int, limit: int
) -> Sequence[ChangedConsent]:
    """What changed in the consents of a project after a revision, the first change first."""
    query = (
        select(ConsentChange, NoticeVersion)
        .join(
            NoticeVersion,
            (NoticeVersion.tenant_id == ConsentChange.tenant_id)
            & (NoticeVersion.id == ConsentChange.notice_id),
        )
        .where(NoticeVersion.project_id == project_id, ConsentChange.revision > after)
        .order_by(ConsentChange.revision)
        .limit(limit)
    )
    return [
        ChangedConsent(change, version)
        for change, version in await session.execute(query)
    ]


async def forget_changes(session: AsyncSession, moment: datetime) -> None:
    """Forget what changed long ago."""
    await session.execute(
        delete(ConsentChange)
        .where(ConsentChange.changed_at <= moment - CHANGE_RETENTION)
        .execution_options(synchronize_session=False)
    )


async def notify_withdrawal(site: Site, territory: Territory, change_id: UUID) -> None:
    """Write the message of each webhook of who leads the project now, and has it not yet."""
    async with site.database.session(territory.id, role="worker") as session:
        change = await session.get(ConsentChange, (territory.id, change_id))
        if change is None:
            return
        version = await session.get_one(NoticeVersion, (territory.id, change.notice_id))
        leader = select(Project.leader_id).where(Project.id == version.project_id)
        data = build_payload(territory, change, version)
        await queue_for_projects(
            session, leader, change.id, EVENT, change.changed_at, data
        )


def build_payload(
    territory: Territory, change: ConsentChange, version: NoticeVersion
) -> dict[str, Any]:
    """What is told: which data of which agreement are to be read again; nobody is named."""
    return {
        "id": str(change.id),
        "title": version.document["dataset_title"],
        "url": f"{territory.origin}/agreements/{change.agreement_id}/consents",
        "api_url": f"{territory.origin}{changes_path(version.project_id)}",
        "agreement": str(change.agreement_id),
        "dataset": version.document["dataset"],
        "notice": str(version.id),
        "notice_version": version.version,
        "revision": change.revision,
    }


def task_handlers(site: Site) -> Handlers:
    """The handler of this module; what is of a closed territory waits."""

    async def notify(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await notify_withdrawal(site, territory, UUID(job.payload["change"]))

    return {NOTIFY_WITHDRAWAL: notify}
