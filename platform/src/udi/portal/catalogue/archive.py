"""What an archive holds of the catalogue: its rows, and the same datasets for others, as RUDI's JSON and as DCAT-AP."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import (
    Dataset,
    DatasetState,
    Distribution,
    Link,
    PastDescription,
    Withdrawal,
)
from udi.portal.catalogue.services.models import (
    CatalogueService,
    CatalogueServiceDataset,
)
from udi.portal.organisations.models import Organisation
from udi.portal.tenants.models import Tenant
from udi.protocol.catalogue import (
    Catalogue,
    CatalogueEntry,
    HarvesterName,
    write_catalogue,
    write_entry,
)
from udi.protocol.record import restore_record
from udi.protocol.serialisations import write_canonical
from udi.protocol.structures import BoundingBox

CARRIED = (
    ArchivedTable(
        Dataset,
        regenerated_columns=frozenset({"seq"}),
        address_columns=frozenset({"record"}),
        former_columns=frozenset({"summary"}),
    ),
    ArchivedTable(Distribution, address_columns=frozenset({"url", "documentation"})),
    ArchivedTable(PastDescription, address_columns=frozenset({"record"})),
    ArchivedTable(Withdrawal),
    ArchivedTable(CatalogueService),
    ArchivedTable(CatalogueServiceDataset),
)
LEFT_OUT = (
    ExcludedTable(
        Link, "how addresses stand is looked at again from where the territory arrives"
    ),
)
BATCH = 100


def catalogue_of(tenant: Tenant | Territory) -> Catalogue:
    """A territory's catalogue, in the words of its files."""
    west, south, east, north = tenant.box or (0.0, 0.0, 0.0, 0.0)
    return Catalogue(
        origin=tenant.links["portal"],
        title=tenant.name,
        description=tenant.tagline,
        publisher=tenant.name,
        languages=tuple(tenant.languages),
        box=BoundingBox(west=west, south=south, east=east, north=north)
        if tenant.box
        else None,
    )


async def read_rudi(session: AsyncSession, tenant: Tenant) -> AsyncIterator[bytes]:
    """Each dataset that is shown, as one line of RUDI's metadata JSON."""
    async for dataset in _stream_datasets(session, tenant):
        yield (
            json.dumps(
                dataset.record, ensure_ascii=False, separators=(",", ":")
            ).encode()
            + b"\n"
        )


async def read_dcat(session: AsyncSession, tenant: Tenant) -> AsyncIterator[bytes]:
    """The catalogue and each dataset that is shown as DCAT-AP, in Turtle of one triple a line, each once."""
    catalogue = catalogue_of(tenant)
    first = write_canonical(write_catalogue(catalogue))
    yield first
    catalogue_addresses = (
        f"<{catalogue.origin}/data/".encode(),
        f"<{catalogue.address}>".encode(),
    )
    shared = {*first.splitlines(True)}
    harvesters = await _list_harvesters(session, tenant)
    async for dataset in _stream_datasets(session, tenant):
        entry = make_entry(dataset, harvesters.get(dataset.harvester_id))
        lines = write_canonical(write_entry(catalogue, entry)).splitlines(keepends=True)
        yield b"".join(line for line in lines if line not in shared)
        # What several datasets say: of producers, licences, formats. Few, whatever the number of datasets.
        shared |= {line for line in lines if not line.startswith(catalogue_addresses)}


def make_entry(dataset: Dataset, harvester: HarvesterName | None) -> CatalogueEntry:
    """A dataset as the catalogue and its own page describe it; `harvester` is who reads it elsewhere."""
    return CatalogueEntry(
        record=restore_record(dataset.record),
        listed=dataset.published_at,
        described=dataset.described_at,
        other_identifiers=dataset.other_identifiers,
        harvester=harvester,
    )


async def _list_harvesters(
    session: AsyncSession, tenant: Tenant
) -> dict[UUID | None, HarvesterName]:
    query = select(Organisation.id, Organisation.name).where(
        Organisation.tenant_id == tenant.id,
        Organisation.id.in_(
            select(Dataset.harvester_id).where(Dataset.tenant_id == tenant.id)
        ),
    )
    return {
        id_: HarvesterName(id=id_, name=name)
        for id_, name in await session.execute(query)
    }


async def _stream_datasets(
    session: AsyncSession, tenant: Tenant
) -> AsyncIterator[Dataset]:
    query = select(Dataset).where(
        Dataset.tenant_id == tenant.id, Dataset.state == DatasetState.PUBLISHED
    )
    datasets = await session.stream_scalars(
        query.order_by(Dataset.id), execution_options={"yield_per": BATCH}
    )
    async for dataset in datasets:
        yield dataset
        session.expunge(dataset)
