"""What the worker does for notices."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import update

from udi.kit.jobs import Handler, Job
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
