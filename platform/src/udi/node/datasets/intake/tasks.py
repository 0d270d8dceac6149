"""Jobs of the files on their way in, for the worker."""

from uuid import UUID

from udi.kit.jobs import Handlers, Job
from udi.node.datasets.actions.source import REFRESH_SOURCE
from udi.node.datasets.intake.finish import UploadContext, finish_upload
from udi.node.datasets.intake.refresh import (
    FETCH_FILE,
    FetchBounds,
    fetch_file,
    refresh_source,
)
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.intake.upload_lock import FINISH_UPLOAD
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.tabular.queries.readers import READERS
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name."""
    bounds = FetchBounds(site.settings.upload_limit, site.settings.fetch_seconds)

    async def finish(job: Job) -> None:
        await finish_upload(
            await build_task_context(site, job.tenant), UUID(job.payload["upload"])
        )

    async def fetch(job: Job) -> None:
        context = await build_task_context(site, job.tenant)
        await fetch_file(context, site.outgoing, job, bounds)

    async def look(job: Job) -> None:
        context = await build_task_context(site, job.tenant)
        await refresh_source(context, site.outgoing, job, bounds)

    return {FINISH_UPLOAD: finish, FETCH_FILE: fetch, REFRESH_SOURCE: look}


async def build_task_context(site: Site, tenant: UUID) -> UploadContext:
    """What the end of an upload needs, for a job.

    Raises:
        TerritoryClosedError: the territory is not served now.
    """
    territory = await site.registry.get_served(tenant)
    storage = TenantStorage(site.database, site.services[OBJECTS], tenant, "worker")
    return UploadContext(
        storage,
        territory,
        site.pages.gettext,
        site.services[READERS],
        site.settings.clamd_socket,
        site.settings.schemas,
    )
