"""What the worker does for notices."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.jobs import Handler, Job
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.ui.site import Site
from udi_notices.models import Notice

PUBLISH = "publish_notice"


def task_handlers(site: Site) -> Mapping[str, Handler]:
    """Publish a notice."""

    async def publish(job: Job) -> None:
        notice = Notice.id == UUID(job.payload["notice"])
        async with site.database.session(job.tenant, role="worker") as session:
            await session.execute(update(Notice).where(notice).values(published=True))

    return {PUBLISH: publish}


def list_schedules(site: Site) -> Sequence[Schedule]:
    """Delete drafts of notices each night."""

    async def delete_drafts(session: AsyncSession, _: Territory) -> None:
        await session.execute(delete(Notice).where(~Notice.published))

    run = run_sessions(site.database, site.registry, delete_drafts)
    return [Schedule("delete_notice_drafts", "30 2 * * *", run)]
