"""Where a dataset that was read elsewhere comes from: said on its page, with its record as the source wrote it."""

from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.read_connections import StatementReader
from udi.portal.catalogue.dataset_page.origins import (
    ORIGINAL,
    HarvestOrigin,
    ProducerOrigin,
)
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import get_dataset
from udi.portal.catalogue.responses.cached_responses import (
    VALIDATE,
    open_public_session,
)
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.formats import format_name
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourcePublisher,
    SourceRecord,
)
from udi.portal.nodes.sources.originals import send_original
from udi.portal.organisations.joining.name_similarity import normalise_name
from udi.portal.organisations.models import Organisation
from udi.protocol.access import AccessRights
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

STATEMENT = str(
    select(
        CatalogueSource.address,
        CatalogueSource.format,
        SourceRecord.original.is_not(None).label("has_original"),
        SourceRecord.changed_at,
        Organisation.name,
        Organisation.slug,
        SourcePublisher.names,
    )
    .select_from(SourceRecord)
    .join(
        CatalogueSource,
        (CatalogueSource.tenant_id == SourceRecord.tenant_id)
        & (CatalogueSource.id == SourceRecord.source_id),
    )
    .join(
        Organisation,
        (Organisation.tenant_id == CatalogueSource.tenant_id)
        & (Organisation.id == CatalogueSource.organisation_id),
    )
    .outerjoin(
        SourcePublisher,
        (SourcePublisher.tenant_id == SourceRecord.tenant_id)
        & (SourcePublisher.source_id == SourceRecord.source_id)
        & (SourcePublisher.key == SourceRecord.publisher),
    )
    .where(
        SourceRecord.source_id == literal_column("$1::uuid"),
        SourceRecord.id == literal_column("$2::uuid"),
    )
    .compile()
)
"""For the driver: each page of a dataset that was read elsewhere asks it."""


async def find_origin(
    reading: StatementReader, dataset: Dataset
) -> HarvestOrigin | None:
    """The source of a dataset; None where its node pushes it.

    Of the address only the site is told: the rest may hold what its owner keeps to themselves.
    """
    if dataset.harvester_id is None:
        return None
    rows = await reading.fetch(STATEMENT, dataset.node_id, dataset.id)
    if not rows:
        return None
    [row] = rows
    parts = urlsplit(row["address"])
    return HarvestOrigin(
        site=host_of(row["address"]),
        home=f"{parts.scheme}://{parts.netloc}/",
        format=format_name(row["format"]) if row["format"] else "",
        has_original=row["has_original"] and dataset.access == AccessRights.PUBLIC,
        harvester=row["name"],
        harvester_slug=row["slug"],
        read_at=row["changed_at"],
        publisher=_find_other_publisher(dataset, row["names"]),
    )


def _find_other_publisher(dataset: Dataset, names: dict[str, str] | None) -> str:
    """The name that the source gives of the publisher, where it is none of the organisation's here."""
    if not names:
        return ""
    organisation = normalise_name(dataset.organisation.name)
    if organisation in {normalise_name(name) for name in names.values()}:
        return ""
    return next(iter(names.values()))


async def find_producer_origins(
    session: AsyncSession, organisation: Organisation
) -> list[ProducerOrigin]:
    """Where the descriptions of an organisation that others name were read, by site."""
    tenant = SourcePublisher.tenant_id
    query = (
        select(CatalogueSource.address, Organisation.name)
        .select_from(SourcePublisher)
        .join(
            CatalogueSource,
            (CatalogueSource.tenant_id == tenant)
            & (CatalogueSource.id == SourcePublisher.source_id),
        )
        .join(
            Organisation,
            (Organisation.tenant_id == tenant)
            & (Organisation.id == CatalogueSource.organisation_id),
        )
        .where(SourcePublisher.organisation_id == organisation.id)
    )
    rows = await session.execute(query)
    pairs = {(host_of(address), name) for address, name in rows}
    return [ProducerOrigin(*pair) for pair in sorted(pairs)]


@get(f"/data/{{dataset_id:uuid}}{ORIGINAL}")
async def download_original(
    request: AnyRequest, territory: CurrentTerritory, dataset_id: FromPath[UUID]
) -> Response[bytes]:
    """The record of a dataset as its source wrote it, to keep; what it says of restricted data is not repeated."""
    async with open_public_session(request, territory) as session:
        dataset = await get_dataset(session, dataset_id)
        same = (
            SourceRecord.source_id == dataset.node_id,
            SourceRecord.id == dataset_id,
        )
        record = await session.scalar(
            select(SourceRecord).where(*same, SourceRecord.original.is_not(None))
        )
    if record is None or dataset.access != AccessRights.PUBLIC:
        raise NotFoundError("The original form of this record is not kept here.")
    return send_original(record, cache=VALIDATE)


routes: Routes = [download_original]
