"""The public API of a portal made with udata (data.gouv.fr and others): an organisation, its datasets, its harvesters.

What is read is text and addresses of the portal's own; nothing is written there, and no key is needed.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field, ValidationError

from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.protocol.identifiers import comparison_key

PATIENCE = 10.0
LONGEST_READING = 25.0
"""Seconds that all pages of a portal may take: somebody waits."""
MOST_BYTES = 8 * 1024 * 1024
PAGE_SIZE = 100
MOST_PAGES = 20
MOST_SOURCES = 3
OK = 200
NOT_FOUND = 404
FAILED = "failed"
SKIPPED = "skipped"
Model = TypeVar("Model", bound=BaseModel)


class PortalUnavailableError(Exception):
    """The portal does not answer, or not as udata does."""


class NoOrganisationError(Exception):
    """The portal has no such organisation."""


class RemoteOrganisation(BaseModel):
    """The organisation under which the territory's data are on the portal."""

    id: str = Field(max_length=100)
    name: str = Field(max_length=500)
    page: str = Field(default="", max_length=2000)


class HarvestFacts(BaseModel):
    """Where a dataset of the portal was read, as it says itself."""

    remote_id: str | None = None
    dct_identifier: str | None = None
    uri: str | None = None
    remote_url: str | None = None
    archived: str | None = None


class RemoteDataset(BaseModel):
    """A dataset of the portal, as far as it is used."""

    title: str = Field(max_length=1000)
    page: str = Field(default="", max_length=2000)
    license: str | None = None
    archived: str | None = None
    resources: list[Any] = []
    harvest: HarvestFacts | None = None

    @property
    def names(self) -> set[str]:
        """What it was known by where it was read, as it is compared."""
        if self.harvest is None:
            return set()
        facts = self.harvest
        named = (facts.remote_id, facts.dct_identifier, facts.uri, facts.remote_url)
        return {comparison_key(name) for name in named if name}

    @property
    def is_archived(self) -> bool:
        """Whether the portal put it aside."""
        return bool(self.archived or (self.harvest and self.harvest.archived))


class HarvestError(BaseModel):
    """Why a harvester did not take a record."""

    message: str = ""


class HarvestItem(BaseModel):
    """What the last reading did with one record."""

    remote_id: str = ""
    status: str = ""
    errors: list[HarvestError] = []

    @property
    def is_refused(self) -> bool:
        """Whether it was not taken."""
        return self.status in {FAILED, SKIPPED}


class HarvestJob(BaseModel):
    """One reading of a harvester."""

    id: str = ""
    status: str = ""
    items: list[HarvestItem] = []


class SourceValidation(BaseModel):
    """Whether the portal's team let a harvester read."""

    state: str = ""
    comment: str | None = None


class HarvestSource(BaseModel):
    """A harvester of the organisation."""

    id: str = ""
    name: str = ""
    url: str = ""
    validation: SourceValidation = SourceValidation()
    last_job: HarvestJob | None = None


class RemoteDatasetPage(BaseModel):
    """A page of datasets."""

    data: list[RemoteDataset]
    total: int = Field(ge=0)


class RemoteSourcePage(BaseModel):
    """A page of harvesters."""

    data: list[HarvestSource]


@dataclass(frozen=True)
class PortalReading:
    """What a portal says of one organisation: its datasets, the harvesters that read this catalogue, their last reading."""

    organisation: RemoteOrganisation
    datasets: Sequence[RemoteDataset]
    sources: Sequence[HarvestSource] = ()
    items: Sequence[HarvestItem] = ()
    is_whole: bool = True
    """False where the organisation has more datasets than are read."""
    failures: Sequence[str] = field(default_factory=tuple)


async def read_portal(
    outgoing: OutgoingClient, portal: str, organisation: str, origin: str
) -> PortalReading:
    """What a portal did with the catalogue of the portal at `origin`, for an organisation by its name in addresses.

    Raises:
        PortalUnavailableError: it does not answer in time, or not as udata does.
        NoOrganisationError: it has no such organisation.
    """
    try:
        async with asyncio.timeout(LONGEST_READING):
            await outgoing.prepare()
            reader = UdataReader(outgoing, portal)
            owner = await reader.read_organisation(organisation)
            datasets, is_whole = await reader.read_datasets(owner)
            sources = await reader.read_sources(owner, origin)
            items = await reader.read_items(sources)
    except TimeoutError as error:
        raise PortalUnavailableError from error
    return PortalReading(owner, datasets, sources, items, is_whole)


@dataclass(frozen=True)
class UdataReader:
    """Reads the API of one portal."""

    outgoing: OutgoingClient
    portal: str

    async def read_organisation(self, name: str) -> RemoteOrganisation:
        """The organisation of a name in addresses, or of an identifier.

        Raises:
            NoOrganisationError: there is none.
        """
        path = f"organizations/{quote(name, safe='')}/"
        return await self._fetch(path, RemoteOrganisation)

    async def read_datasets(
        self, owner: RemoteOrganisation
    ) -> tuple[list[RemoteDataset], bool]:
        """Its datasets, and whether these are all."""
        datasets: list[RemoteDataset] = []
        for number in range(1, MOST_PAGES + 1):
            page = await self._fetch(
                f"datasets/?organization={quote(owner.id, safe='')}&page={number}&page_size={PAGE_SIZE}",
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
        page = await self._fetch(
            f"harvest/sources/?owner={quote(owner.id, safe='')}&page_size={PAGE_SIZE}",
            RemoteSourcePage,
        )
        host = urlsplit(origin).netloc
        return [source for source in page.data if _host_of(source.url) == host]

    async def read_items(self, sources: Sequence[HarvestSource]) -> list[HarvestItem]:
        """What the last reading of each harvester did with its records."""
        items: list[HarvestItem] = []
        for source in sources[:MOST_SOURCES]:
            if source.last_job is not None and source.last_job.id:
                path = f"harvest/job/{quote(source.last_job.id, safe='')}/"
                items += (await self._fetch(path, HarvestJob)).items
        return items

    async def _fetch(self, path: str, model: type[Model]) -> Model:
        url = f"{self.portal}/api/1/{path}"
        try:
            answer = await self.outgoing.request(
                "GET",
                url,
                headers={"Accept": "application/json"},
                limit=MOST_BYTES,
                patience=PATIENCE,
            )
        except (OutgoingError, RefusedAddressError) as error:
            raise PortalUnavailableError from error
        if answer.status_code == NOT_FOUND and model is RemoteOrganisation:
            raise NoOrganisationError
        if answer.status_code != OK:
            raise PortalUnavailableError
        try:
            payload: Any = json.loads(answer.content)
            return model.model_validate(payload)
        except (ValidationError, ValueError, RecursionError) as error:
            raise PortalUnavailableError from error


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""
