"""What the worker does for notices."""

from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.jobs import Handlers, Job
from udi.kit.schedules import Schedule, Schedules, run_sessions
from udi.kit.tenancy import Territory
from udi.ui.site import Site
from udi_notices.models import Notice

PUBLISH = "publish_notice"


def task_handlers(site: Site) -> Handlers:
    """What is done once for each queued job, by name."""

    async def publish(job: Job) -> None:
        notice = Notice.id == UUID(job.payload["notice"])
        async with site.database.session(job.tenant, role="worker") as session:
            await session.execute(update(Notice).where(notice).values(published=True))

    return {PUBLISH: publish}


def list_schedules(site: Site) -> Schedules:
    """What recurs: drafts of notices are deleted each night, in every territory."""

    async def delete_drafts(session: AsyncSession, _: Territory) -> None:
        await session.execute(delete(Notice).where(~Notice.published))

    run = run_sessions(site.database, site.registry, delete_drafts)
    return [Schedule("delete_notice_drafts", "30 2 * * *", run)]
