"""The public API of a portal made with udata (data.gouv.fr and others)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from udi.portal.territory.declaration.readings import (
    MOST_PAGES,
    MOST_SOURCES,
    NOT_FOUND,
    OK,
    PAGE_SIZE,
    HarvestItem,
    HarvestSource,
    NoOrganisationError,
    PortalClient,
    PortalReading,
    RemoteDataset,
    RemoteOrganisation,
    UnknownProgramError,
    decode_answer,
    host_of,
)

BASE = "/api/1"
MOST_ITEMS = 20_000


class HarvestJobItems(msgspec.Struct):
    """What one reading did with each record."""

    items: Annotated[list[HarvestItem], Meta(max_length=MOST_ITEMS)] = []


class RemoteDatasetPage(msgspec.Struct):
    """A page of datasets."""

    data: Annotated[list[RemoteDataset], Meta(max_length=PAGE_SIZE)]
    total: Annotated[int, Meta(ge=0)]


class RemoteSourcePage(msgspec.Struct):
    """A page of harvesters."""

    data: Annotated[list[HarvestSource], Meta(max_length=PAGE_SIZE)]


@dataclass
class UdataReader:
    """Reads the API of one portal."""

    client: PortalClient

    async def read(self, organisation: str, origin: str) -> PortalReading:
        """What it did with the catalogue of the portal at `origin`, for an organisation by its name in addresses.

        Raises:
            PortalUnavailableError: it does not answer, or not as udata does.
            NoOrganisationError: it has no such organisation.
        """
        owner = await self.read_organisation(organisation)
        datasets, is_whole = await self.read_datasets(owner)
        sources = await self.read_sources(owner, origin)
        items = await self.read_items(sources)
        return PortalReading(owner, datasets, sources, items, is_whole)

    async def read_organisation(self, name: str) -> RemoteOrganisation:
        """The organisation of a name in addresses, or of an identifier.

        Raises:
            NoOrganisationError: there is none.
        """
        answer = await self.client.ask(f"{BASE}/organizations/{quote(name, safe='')}/")
        if answer.status_code == NOT_FOUND:
            raise NoOrganisationError
        if answer.status_code != OK:
            raise UnknownProgramError
        return await decode_answer(answer, RemoteOrganisation)

    async def read_datasets(
        self, owner: RemoteOrganisation
    ) -> tuple[list[RemoteDataset], bool]:
        """Its datasets, and whether these are all: those of `MOST_PAGES` or `MOST_DATASET_BYTES` are."""
        datasets: list[RemoteDataset] = []
        for number in range(1, MOST_PAGES + 1):
            if not self.client.has_room:
                break
            page = await self.client.fetch(
                f"{BASE}/datasets/?organization={quote(owner.id, safe='')}&page={number}&page_size={PAGE_SIZE}",
                RemoteDatasetPage,
            )
            datasets += page.data
            if not page.data or len(datasets) >= page.total:
                return datasets, True
        return datasets, False

    async def read_sources(
        self, owner: RemoteOrganisation, origin: str
    ) -> list[HarvestSource]:
        """The harvesters of an organisation that read the portal at `origin`."""
        page = await self.client.fetch(
            f"{BASE}/harvest/sources/?owner={quote(owner.id, safe='')}&page_size={PAGE_SIZE}",
            RemoteSourcePage,
        )
        host = host_of(origin)
        return [source for source in page.data if host_of(source.url) == host]

    async def read_items(self, sources: Sequence[HarvestSource]) -> list[HarvestItem]:
        """What the last reading of each harvester did with its records."""
        items: list[HarvestItem] = []
        for source in sources[:MOST_SOURCES]:
            if source.last_job is not None and source.last_job.id:
                path = f"{BASE}/harvest/job/{quote(source.last_job.id, safe='')}/"
                items += (await self.client.fetch(path, HarvestJobItems)).items
        return items
