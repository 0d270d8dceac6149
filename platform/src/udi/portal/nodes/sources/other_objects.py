"""What documents of a source hold beside datasets: services and reuses, each kept as an object of its own."""

from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.sources.import_results import load_import_context
from udi.portal.nodes.sources.leases import SourceLease, get_open_run, leased_source
from udi.portal.nodes.sources.reuse_import import store_reuses
from udi.portal.nodes.sources.service_import import store_services


async def store_other_objects(
    database: Database, lease: SourceLease, page: HarvestedPage
) -> set[str]:
    """Store the services and reuses of a piece of a document, and return the identifiers of those that were kept.

    The same ones once more do no harm.

    Raises:
        LeaseLostError: the reading is another worker's, or ended.
    """
    if not (page.services or page.reuses):
        return set()
    async with leased_source(database, lease) as (session, source):
        run = await get_open_run(session, source)
        stored = set()
        if page.services:
            context = await load_import_context(session, source)
            stored = await store_services(session, context, run, page.services, now())
        return stored | await store_reuses(session, source, run, page.reuses)
