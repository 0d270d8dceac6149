"""What documents of a source hold beside datasets: services and reuses, each kept as an object of its own."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.harvest.udata import find_listed_service, is_first_page
from udi.portal.nodes.sources.document_summary import DocumentSummary
from udi.portal.nodes.sources.import_results import load_import_context
from udi.portal.nodes.sources.leases import SourceLease, get_open_run, leased_source
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.nodes.sources.reuse_import import store_reuses
from udi.portal.nodes.sources.service_import import (
    complete_served,
    store_served,
    store_services,
)


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


async def take_served(
    database: Database,
    lease: SourceLease,
    address: str,
    page: HarvestedPage,
    summary: DocumentSummary,
) -> HarvestedPage:
    """Keep what a piece of a document says of the datasets of one service, and return what else is to be stored of it.

    Its datasets are those of the source only where another of its documents has them. `summary` is of the pieces before.

    Raises:
        LeaseLostError: the reading is another worker's, or ended.
    """
    if not find_listed_service(address, ""):
        return page
    async with leased_source(database, lease) as (session, source):
        service = find_listed_service(address, source.entry or source.address)
        if not service:
            return page
        is_first = is_first_page(address) and not summary.page.format
        await store_served(session, source, service, page.records, is_first=is_first)
    return replace(page, records=(), refused=(), services=(), reuses=(), total=None)


async def end_served(
    session: AsyncSession, source: CatalogueSource, address: str, page: HarvestedPage
) -> None:
    """After a document: take the names of the list of a service whose last page it is. Until then, those of before stay."""
    service = find_listed_service(address, source.entry or source.address)
    if service and not page.next:
        await complete_served(session, source, service)
