"""Telling programs of who leads a project, by their webhooks, that data which it reads changed."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessAgreement
from udi.portal.notifications.webhooks.actions import queue_for_projects
from udi.portal.projects.models import Project
from udi.portal.selfdata.recipients.actions import NOTIFY_PROJECT
from udi.portal.selfdata.recipients.models import DataChangeNotice
from udi.portal.selfdata.recipients.queries import notices_path
from udi.protocol.agreement import read_agreement
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handler of this module; what is of a closed territory waits."""

    async def notify(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await notify_project(site, territory, UUID(job.payload["notice"]))

    return {NOTIFY_PROJECT: notify}


async def notify_project(site: Site, territory: Territory, notice_id: UUID) -> None:
    """Write the message of each webhook that has it not yet."""
    async with site.database.session(territory.id, role="worker") as session:
        notice = await session.get(DataChangeNotice, (territory.id, notice_id))
        if notice is None:
            return
        agreement = await session.get_one(
            AccessAgreement, (territory.id, notice.agreement_id)
        )
        leader = select(Project.leader_id).where(Project.id == agreement.project_id)
        await queue_for_projects(
            session,
            leader,
            notice.id,
            f"data.{notice.change}",
            notice.received_at,
            build_payload(territory, notice, agreement),
        )


def build_payload(
    territory: Territory, notice: DataChangeNotice, agreement: AccessAgreement
) -> dict[str, Any]:
    """What is told: a dataset, a version, a day."""
    return {
        "id": str(notice.id),
        "title": read_agreement(agreement.document).dataset_title,
        "url": f"{territory.origin}{notices_path(agreement.id)}",
        "api_url": f"{territory.origin}/api/v1/datasets/{agreement.dataset_id}",
        "agreement": str(agreement.id),
        "dataset": str(agreement.dataset_id),
        "version": notice.version,
        "day": notice.noticed_on.isoformat(),
    }
