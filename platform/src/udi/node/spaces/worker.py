"""What the worker does for this domain."""

from uuid import UUID

from udi.kit.jobs import HEAVY_JOB_LISTENER
from udi.node.spaces.costs import note_job
from udi.ui.site import Site


def provide_worker_services(site: Site) -> None:
    """What notes the seconds of each heavy job for its space."""

    async def note(tenant: UUID, space: UUID, seconds: float) -> None:
        async with site.database.session(tenant, role="worker") as session:
            await note_job(session, space, seconds)

    site.services.provide(HEAVY_JOB_LISTENER, note)
