"""Where a dataset that was read elsewhere comes from: said on its page, with its record as the source wrote it."""

from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.read_connections import SessionRowReader
from udi.portal.catalogue.cached_responses import VALIDATE, open_public_session
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.origins import ORIGINAL, HarvestOrigin
from udi.portal.catalogue.queries import get_dataset
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.formats import format_name
from udi.portal.nodes.sources.models import CatalogueSource, SourceRecord
from udi.portal.nodes.sources.originals import send_original
from udi.protocol.access import AccessRights
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

STATEMENT = str(
    select(
        CatalogueSource.address,
        CatalogueSource.format,
        SourceRecord.original.is_not(None).label("has_original"),
    )
    .select_from(SourceRecord)
    .join(
        CatalogueSource,
        (CatalogueSource.tenant_id == SourceRecord.tenant_id)
        & (CatalogueSource.id == SourceRecord.source_id),
    )
    .where(
        SourceRecord.source_id == literal_column("$1::uuid"),
        SourceRecord.id == literal_column("$2::uuid"),
    )
    .compile()
)
"""For the driver: each page of a dataset asks it."""


async def find_origin(session: AsyncSession, dataset: Dataset) -> HarvestOrigin | None:
    """The source of a dataset; None where its node pushes it.

    Of the address only the site is told: the rest may hold what its owner keeps to themselves.
    """
    rows = await SessionRowReader(session).fetch(STATEMENT, dataset.node_id, dataset.id)
    if not rows:
        return None
    [row] = rows
    parts = urlsplit(row["address"])
    return HarvestOrigin(
        site=host_of(row["address"]),
        home=f"{parts.scheme}://{parts.netloc}/",
        format=format_name(row["format"]) if row["format"] else "",
        has_original=row["has_original"] and dataset.access == AccessRights.PUBLIC,
    )


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
