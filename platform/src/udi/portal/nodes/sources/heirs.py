"""Which records of other sources may have the dataset that leaves one, so that nobody gets the rights of another by it."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourcePublisher,
    SourceRecord,
    SourceState,
)
from udi.portal.organisations.models import Organisation


async def list_unclaimed(
    session: AsyncSession, datasets: Iterable[Dataset]
) -> set[UUID]:
    """The organisations of datasets that have nobody of their own here."""
    ids = {dataset.organisation_id for dataset in datasets}
    query = select(Organisation.id).where(
        Organisation.id.in_(ids), Organisation.unclaimed
    )
    return set(await session.scalars(query))


async def list_heirs(
    session: AsyncSession, source: CatalogueSource, held: Mapping[UUID, Dataset]
) -> list[tuple[SourceRecord, UUID]]:
    """Records of other sources that describe datasets of one too, those read first first, with who reads each.

    What stands under an organisation with people of its own goes to records alone that stand under it by their word.
    """
    query = (
        select(SourceRecord, CatalogueSource.organisation_id, SourcePublisher)
        .join(
            CatalogueSource,
            (CatalogueSource.tenant_id == SourceRecord.tenant_id)
            & (CatalogueSource.id == SourceRecord.source_id),
        )
        .outerjoin(
            SourcePublisher,
            (SourcePublisher.tenant_id == SourceRecord.tenant_id)
            & (SourcePublisher.source_id == SourceRecord.source_id)
            & (SourcePublisher.key == SourceRecord.publisher),
        )
        .where(
            SourceRecord.same_as.in_(held),
            SourceRecord.source_id != source.id,
            CatalogueSource.state == SourceState.ACTIVE,
        )
        .order_by(SourceRecord.first_read_at, SourceRecord.source_id, SourceRecord.id)
    )
    free = {source.organisation_id, *await list_unclaimed(session, held.values())}
    heirs = []
    for row, reader_id, publisher in (await session.execute(query)).all():
        organisation_id = held[row.same_as].organisation_id if row.same_as else None
        if organisation_id in free or _stands_under(
            organisation_id, reader_id, publisher
        ):
            heirs.append((row, reader_id))
    return heirs


def _stands_under(
    organisation_id: UUID | None, reader_id: UUID, publisher: SourcePublisher | None
) -> bool:
    if publisher is None or publisher.organisation_id == reader_id:
        return organisation_id == reader_id
    return publisher.confirmed and publisher.organisation_id == organisation_id
